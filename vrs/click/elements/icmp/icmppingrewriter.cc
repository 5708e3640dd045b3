/*
=c
ICMPPingRewriter(INPUTSPEC1, ..., INPUTSPECn [, I<keywords> TIMEOUT, GUARANTEE, REAP_INTERVAL,
MAPPING_CAPACITY, DST_ANNO])
=s nat
rewrites ICMP echo requests and replies
=d
As IPRewriter, for ICMP echo requests and their replies, whose identifier stands for the source
port:
"pattern SADDR IDENTIFIER DADDR - FOUTPUT ROUTPUT", where IDENTIFIER may be a range. Expects IP
packets
with their header marked. Other packets pass an input with "pass", and are dropped at others; so are
replies of no known flow.
=k TIMEOUT
Default 5 minutes.
=k GUARANTEE
Default 5 seconds.
=k REAP_INTERVAL
Default 15 minutes.
=k MAPPING_CAPACITY
Default 65536.
=k DST_ANNO
Default true.
=h table r
=h nmappings r
=h mapping_failures r
=h patterns r
=h capacity rw
=h clear w
=e
ICMPPingRewriter(pattern 1.0.0.1 0-65535 - - 0 1, drop)
=a IPRewriter, ICMPRewriter
*/
#include "elements/icmp/icmp_names.hh"
#include "elements/ip/ip_tools.hh"
#include "elements/tcpudp/rewriter.hh"

namespace click {

class ICMPPingRewriter final : public Rewriter {
  public:
    const char *class_name() const override { return "ICMPPingRewriter"; }

  protected:
    void add_keywords(Args &args) override {
        args.keyword("TIMEOUT", Seconds{}, timeout_s_)
            .keyword("GUARANTEE", Seconds{}, guarantee_s_)
            .keyword("DST_ANNO", sets_dst_anno_);
    }
    /// A request's source port is its identifier; of a reply it is the destination port.
    static bool key_of(const click_ip *ip, const click_icmp *icmp, FlowKey &out) {
        if (ip->protocol != ip_proto_icmp || icmp->code != 0) return false;
        out = {ip->source, ip->destination, 0, 0, ip_proto_icmp};
        if (icmp->type == icmp_echo)
            out.source_port = icmp->id;
        else if (icmp->type == icmp_echo_reply)
            out.destination_port = icmp->id;
        return icmp->type == icmp_echo || icmp->type == icmp_echo_reply;
    }
    bool key_of(const Packet *p, FlowKey &out) const override {
        return has_ip_header(p) && p->ip_header()->is_first_fragment() &&
               p->transport_length() >= sizeof(click_icmp) &&
               key_of(p->ip_header(), p->icmp_header(), out);
    }
    bool quoted_key(const click_ip *ip, const uint8_t *transport, uint32_t bytes,
                    FlowKey &out) const override {
        return bytes >= sizeof(click_icmp) &&
               key_of(ip, reinterpret_cast<const click_icmp *>(transport), out);
    }
    bool may_start(const Packet *p) const override { return p->icmp_header()->type == icmp_echo; }
    uint8_t apply(const Flow &flow, uint32_t, int direction, Packet *p) override {
        const FlowKey after = flow.rewritten(direction);
        click_ip *ip = p->ip_header();
        ip->source = after.source;
        ip->destination = after.destination;
        ip->checksum = apply_delta(ip->checksum, flow.ip_delta[direction]);
        click_icmp *icmp = p->icmp_header();
        const uint16_t id = direction == 0 ? after.source_port : after.destination_port;
        icmp->checksum = checksum_update(icmp->checksum, icmp->id, id);
        icmp->id = id;
        return 0;
    }
    int64_t timeout_ns(const Flow &) const override { return Timestamp::seconds(timeout_s_).ns; }
    int64_t guarantee_ns(const Flow &) const override {
        return Timestamp::seconds(guarantee_s_).ns;
    }

  private:
    double timeout_s_ = 300, guarantee_s_ = 5;
};

} // namespace click

EXPORT_ELEMENT(ICMPPingRewriter)
