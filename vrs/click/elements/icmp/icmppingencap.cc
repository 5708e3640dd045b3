/*
=c
ICMPPingEncap(SRC, DST [, I<keywords> IDENTIFIER])
=s icmp
makes ICMP echo requests of packets
=d
Puts an ICMP echo header and an IP header from SRC to DST in front of each packet, marks it and sets
the destination address annotation. Sequence numbers count up from 0.
=k IDENTIFIER
Default 0.
=h src rw
=h dst rw
=a ICMPPingResponder, IPEncap
*/
#include "elements/icmp/icmp_names.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class ICMPPingEncap final : public SimpleElement<ICMPPingEncap> {
  public:
    const char *class_name() const override { return "ICMPPingEncap"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        return args.mandatory("SRC", source_)
            .mandatory("DST", destination_)
            .keyword("IDENTIFIER", identifier_)
            .complete();
    }
    void add_handlers() override {
        add_data("src", data_both, &source_);
        add_data("dst", data_both, &destination_);
    }
    Packet *action(Packet *p) {
        constexpr uint32_t header = sizeof(click_ip) + sizeof(click_icmp);
        if (p->length() + header > 0xffff) [[unlikely]] {
            p->kill();
            return nullptr;
        }
        auto *ip = reinterpret_cast<click_ip *>(p->push(header));
        auto *icmp = reinterpret_cast<click_icmp *>(ip + 1);
        const auto length = static_cast<uint16_t>(p->length());
        *ip = {0x45, 0, net16(length), net16(id_), 0, 255, ip_proto_icmp, 0, source_.addr,
               destination_.addr};
        ip->checksum = checksum(ip, sizeof *ip);
        icmp->type = icmp_echo;
        icmp->code = 0;
        icmp->checksum = 0;
        icmp->id = net16(identifier_);
        icmp->sequence = net16(id_++);
        icmp->checksum = checksum(icmp, length - sizeof *ip);
        p->set_network_header(reinterpret_cast<uint8_t *>(ip), sizeof *ip);
        p->set_dst_ip_anno(destination_.addr);
        return p;
    }

  private:
    IPAddress source_, destination_;
    uint16_t identifier_ = 0, id_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ICMPPingEncap)
