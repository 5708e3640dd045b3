/*
=c
IPOutputCombo(COLOR, IPADDR, MTU)
=s ip
an IP router's output path in one element
=d
Does what this chain does, for IP packets with their header marked:

    DropBroadcasts -> CheckPaint(COLOR) -> IPGWOptions(IPADDR) -> FixIPSrc(IPADDR) -> DecIPTTL
      -> packets of at most MTU bytes

Output 0: good packets. 1: a copy of each packet painted COLOR, for which a redirect is due. 2: bad
options. 3: the time to live has run out. 4: longer than MTU; IPFragmenter and ICMPError follow
there.
=h drops r
=h mtu rw
=a IPInputCombo, DropBroadcasts, CheckPaint, IPGWOptions, FixIPSrc, DecIPTTL, IPFragmenter
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "elements/ip/gateway_options.hh"

namespace click {

class IPOutputCombo final : public SortElement<IPOutputCombo> {
  public:
    const char *class_name() const override { return "IPOutputCombo"; }
    const char *port_count() const override { return "1/5"; }
    int configure(Args &args) override {
        IPAddress mine;
        if (args.mandatory("COLOR", color_)
                .mandatory("IPADDR", mine)
                .mandatory("MTU", mtu_)
                .complete() < 0)
            return -1;
        options_.addresses = {mine};
        return 0;
    }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
        add_data("mtu", data_both, &mtu_);
    }
    int sort(int, Packet *p) {
        const PacketType type = p->packet_type();
        if (type == PacketType::broadcast || type == PacketType::multicast ||
            !has_ip_fields(p)) [[unlikely]] {
            drops_ += 1;
            p->kill();
            return consumed;
        }
        if (p->paint() == color_) [[unlikely]] checked_push(1, p->clone());
        click_ip *ip = p->ip_header();
        if (ip->header_length() > sizeof(click_ip)) [[unlikely]] {
            const uint8_t problem = has_ip_header(p) ? options_.process(ip) : 1;
            if (problem) {
                p->set_anno(anno::icmp_paramprob, problem);
                return 2;
            }
        }
        if (p->anno_as<uint8_t>(anno::fix_ip_src)) [[unlikely]] {
            p->set_anno<uint8_t>(anno::fix_ip_src, 0);
            const uint32_t mine = options_.addresses[0].addr;
            ip->checksum = checksum_update32(ip->checksum, ip->source, mine);
            ip->source = mine;
        }
        if (ip->ttl <= 1) [[unlikely]] return 3;
        ip->ttl -= 1;
        const uint32_t sum = uint32_t{net16(ip->checksum)} + 0x100;
        ip->checksum = net16(static_cast<uint16_t>(sum + (sum >> 16)));
        return p->network_length() > mtu_ ? 4 : 0;
    }

  private:
    uint8_t color_ = 0;
    uint32_t mtu_ = 0;
    GatewayOptions options_;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(IPOutputCombo)
