/*
=c
ICMPIPEncap(SRC, DST [, I<keywords> TYPE, CODE, IDENTIFIER])
=s icmp
puts ICMP and IP headers in front of packets
=d
Puts an ICMP header of TYPE and CODE and an IP header from SRC to DST in front of each packet, marks
it
and sets the destination address annotation. Headers that have an identifier and a sequence number
get
IDENTIFIER and a number that counts up.
=k TYPE
Number or name. Default echo.
=k CODE
Default 0.
=k IDENTIFIER
Default 0.
=h src rw
=h dst rw
=a ICMPPingEncap, IPEncap
*/
#include "elements/icmp/icmp_names.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class ICMPIPEncap final : public SimpleElement<ICMPIPEncap> {
  public:
    const char *class_name() const override { return "ICMPIPEncap"; }
    int configure(Args &args) override {
        std::string code;
        if (args.mandatory("SRC", source_)
                .mandatory("DST", destination_)
                .positional("TYPE", IcmpTypeArg{}, type_)
                .positional("CODE", Any{}, code)
                .keyword("IDENTIFIER", identifier_)
                .complete() < 0)
            return -1;
        ArgContext context{this, args.errh(), "CODE"};
        if (code.empty() || IcmpCodeArg{type_}(code, code_, context)) return 0;
        return context.has_failed ? -1 : (context.error("syntax error"), -1);
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
        icmp->type = type_;
        icmp->code = code_;
        icmp->checksum = 0;
        icmp->rest = 0;
        if (type_ == icmp_echo || type_ == icmp_echo_reply || (type_ >= 13 && type_ <= 18)) {
            icmp->id = net16(identifier_);
            icmp->sequence = net16(id_);
        }
        id_ += 1;
        icmp->checksum = checksum(icmp, length - sizeof *ip);
        p->set_network_header(reinterpret_cast<uint8_t *>(ip), sizeof *ip);
        p->set_dst_ip_anno(destination_.addr);
        return p;
    }

  private:
    IPAddress source_, destination_;
    uint8_t type_ = icmp_echo, code_ = 0;
    uint16_t identifier_ = 0, id_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ICMPIPEncap)
