/*
=c
UDPIPEncap(SRC, SPORT, DST, DPORT [, CHECKSUM])
=s udp
puts UDP and IP headers in front of packets
=d
Puts a UDP and an IP header in front of each packet, marks it and sets the destination address
annotation. Identifications count up from 0. When DST is DST_ANNO, the packet's destination is the
annotation. A packet that would be longer than 65535 bytes is dropped.
=k CHECKSUM
Whether UDP checksums are made. Default true.
=h src rw
=h sport rw
=h dst rw
=h dport rw
=a IPEncap, ICMPPingEncap
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class UDPIPEncap final : public SimpleElement<UDPIPEncap> {
  public:
    const char *class_name() const override { return "UDPIPEncap"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        std::string destination;
        if (args.mandatory("SRC", source_)
                .mandatory("SPORT", PortArg{ip_proto_udp}, source_port_)
                .mandatory("DST", Any{}, destination)
                .mandatory("DPORT", PortArg{ip_proto_udp}, destination_port_)
                .positional("CHECKSUM", has_checksum_)
                .complete() < 0)
            return -1;
        uses_anno_ = destination == "DST_ANNO";
        ArgContext context{this, args.errh(), "DST"};
        if (uses_anno_ || parse_arg(destination, destination_, context)) return 0;
        return context.has_failed ? -1 : (context.error("syntax error"), -1);
    }
    void add_handlers() override {
        add_data("src", data_both, &source_);
        add_data("sport", data_both, &source_port_);
        add_data("dport", data_both, &destination_port_);
        add_read("dst", [this] { return uses_anno_ ? "DST_ANNO" : destination_.text(); });
        add_write("dst", [this](const std::string &text, ErrorHandler &errh) {
            ArgContext context{this, errh, "DST"};
            if (!parse_arg(trim(text), destination_, context)) return errh.error("syntax error");
            uses_anno_ = false;
            return 0;
        });
    }
    Packet *action(Packet *p) {
        constexpr uint32_t header = sizeof(click_ip) + sizeof(click_udp);
        if (p->length() + header > 0xffff) [[unlikely]] {
            p->kill();
            return nullptr;
        }
        auto *ip = reinterpret_cast<click_ip *>(p->push(header));
        auto *udp = reinterpret_cast<click_udp *>(ip + 1);
        const auto length = static_cast<uint16_t>(p->length());
        const auto udp_length = static_cast<uint16_t>(length - sizeof *ip);
        const uint32_t destination = uses_anno_ ? p->dst_ip_anno() : destination_.addr;
        *ip = {0x45, 0, net16(length), net16(id_++), 0, 250, ip_proto_udp, 0, source_.addr,
               destination};
        ip->checksum = checksum(ip, sizeof *ip);
        *udp = {net16(source_port_), net16(destination_port_), net16(udp_length), 0};
        if (has_checksum_) {
            const uint16_t sum =
                checksum(udp, udp_length,
                         pseudo_sum(ip->source, destination, ip_proto_udp, udp_length));
            udp->checksum = sum ? sum : 0xffff;
        }
        p->set_network_header(reinterpret_cast<uint8_t *>(ip), sizeof *ip);
        p->set_dst_ip_anno(destination);
        return p;
    }

  private:
    IPAddress source_, destination_;
    uint16_t source_port_ = 0, destination_port_ = 0, id_ = 0;
    bool has_checksum_ = true, uses_anno_ = false;
};

} // namespace click

EXPORT_ELEMENT(UDPIPEncap)
