/*
=c
IPEncap(PROTO, SRC, DST [, I<keywords> TOS, TTL, DSCP, ECN, CE, ECT, DF])
=s ip
puts an IP header in front of packets
=d
Puts an IP header with protocol PROTO (number or name) in front of each packet, marks it and sets
the
destination address annotation to DST. Identifications count up from 0. A packet that would be
longer
than 65535 bytes is dropped. When DST is DST_ANNO, the header's destination is the annotation.
=k TOS
The type of service byte, or DSCP and ECN: its parts. ECN may be "no", "ce", "ect1", "ect2".
=k TTL
Default 250.
=k CE
Same as ECN "ce"; ECT as "ect2".
=k DF
Sets the don't-fragment flag. Default false.
=h src rw
=h dst rw
=a UDPIPEncap, ICMPPingEncap, StripIPHeader
*/
#include "element.hh"
#include "elements/ip/filter_names.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

namespace {

struct ProtocolArg {
    bool operator()(std::string_view text, uint8_t &out, ArgContext &context) const {
        for (const FilterWord &it : filter_protocols)
            if (it.name == text) return out = it.value, true;
        return parse_arg(text, out, context);
    }
};

} // namespace

class IPEncap final : public SimpleElement<IPEncap> {
  public:
    const char *class_name() const override { return "IPEncap"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        int ecn = 0;
        uint8_t tos = 0, dscp = 0, ttl = 250, protocol = 0;
        bool has_dscp = false, has_ecn = false, is_ce = false, is_ect = false, is_df = false;
        std::string destination;
        if (args.mandatory("PROTO", ProtocolArg{}, protocol)
                .mandatory("SRC", source_)
                .mandatory("DST", Any{}, destination)
                .keyword("TOS", tos)
                .keyword("TTL", ttl)
                .keyword("DSCP", Bounded<uint8_t>{0, 63}, dscp, has_dscp)
                .keyword("ECN", OneOf{{"no", "ect2", "ect1", "ce"}}, ecn, has_ecn)
                .keyword("CE", is_ce)
                .keyword("ECT", is_ect)
                .keyword("DF", is_df)
                .complete() < 0)
            return -1;
        uses_anno_ = destination == "DST_ANNO";
        ArgContext context{this, args.errh(), "DST"};
        if (!uses_anno_ && !parse_arg(destination, destination_, context))
            return context.has_failed ? -1 : (context.error("syntax error"), -1);
        if (has_dscp) tos = static_cast<uint8_t>((tos & 3) | dscp << 2);
        static constexpr uint8_t codes[] = {0, 2, 1, 3};
        if (has_ecn) tos = static_cast<uint8_t>((tos & ~3) | codes[ecn]);
        if (is_ce) tos |= 3;
        if (is_ect && !is_ce) tos = static_cast<uint8_t>((tos & ~3) | 2);
        header_ = {0x45, tos, 0, 0, net16(is_df ? click_ip_df : 0), ttl, protocol, 0, 0, 0};
        return 0;
    }
    void add_handlers() override {
        add_data("src", data_both, &source_);
        add_read("dst", [this] { return uses_anno_ ? "DST_ANNO" : destination_.text(); });
        add_write("dst", [this](const std::string &text, ErrorHandler &errh) {
            ArgContext context{this, errh, "DST"};
            if (!parse_arg(trim(text), destination_, context)) return errh.error("syntax error");
            uses_anno_ = false;
            return 0;
        });
    }
    Packet *action(Packet *p) {
        if (p->length() + sizeof header_ > 0xffff) [[unlikely]] {
            p->kill();
            return nullptr;
        }
        auto *ip = reinterpret_cast<click_ip *>(p->push(sizeof header_));
        *ip = header_;
        ip->length = net16(static_cast<uint16_t>(p->length()));
        ip->id = net16(id_++);
        ip->source = source_.addr;
        ip->destination = uses_anno_ ? p->dst_ip_anno() : destination_.addr;
        ip->checksum = checksum(ip, sizeof *ip);
        p->set_dst_ip_anno(ip->destination);
        p->set_network_header(reinterpret_cast<uint8_t *>(ip), sizeof *ip);
        return p;
    }

  private:
    IPAddress source_, destination_;
    click_ip header_{};
    uint16_t id_ = 0;
    bool uses_anno_ = false;
};

} // namespace click

EXPORT_ELEMENT(IPEncap)
