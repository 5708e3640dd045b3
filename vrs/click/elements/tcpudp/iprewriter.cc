/*
=c
IPRewriter(INPUTSPEC1, ..., INPUTSPECn [, I<keywords> TCP_TIMEOUT, TCP_DONE_TIMEOUT,
TCP_NODATA_TIMEOUT, TCP_GUARANTEE, UDP_TIMEOUT, UDP_STREAMING_TIMEOUT, UDP_GUARANTEE, REAP_INTERVAL,
MAPPING_CAPACITY, DST_ANNO])
=s nat
rewrites addresses and ports of TCP and UDP packets
=d
Expects TCP and UDP packets with their IP header marked. A table of flows says how packets of both
directions are rewritten, and by which output they leave; checksums follow. A packet of no known
flow
is treated as the INPUTSPEC of the input says, by which it came:

"drop": it is dropped. "pass OUTPUT": it leaves unchanged, and no flow is made. "keep FOUTPUT
ROUTPUT": a flow is made that changes nothing; packets like this one leave by FOUTPUT, replies by
ROUTPUT. "pattern SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT": a flow is made whose addresses and ports
become these; "-" leaves one as it is; replies get back what was there. SPORT may be a range L-H:
the
packet's own port when it is in it and free, else another; "L-H#" takes one after the other, "L-H?"
any. "pattern NAME FOUTPUT ROUTPUT": a pattern that IPRewriterPatterns defines. The name of a mapper
such as RoundRobinIPMapper: it chooses a pattern.

Later fragments and other protocols, which have no ports, pass an input with "pass", and are dropped
at others.

VRIs of one VR tell each other of their flows, so that each may get any packet of them.
=k TCP_TIMEOUT
Seconds without a packet after which a TCP flow ends that has had data in both directions. Default
24
hours. TCP_NODATA_TIMEOUT: another TCP flow, 5 minutes. TCP_DONE_TIMEOUT: one that was closed, 4
minutes.
=k UDP_TIMEOUT
Default 5 minutes. UDP_STREAMING_TIMEOUT: for flows with packets in both directions; default
UDP_TIMEOUT.
=k TCP_GUARANTEE
Seconds for which a flow isn't given up for a new one when the table is full. Default 5, as
UDP_GUARANTEE.
=k REAP_INTERVAL
How often ended flows are removed. Default 15 minutes.
=k MAPPING_CAPACITY
Flows at most. Default 65536.
=k DST_ANNO
Whether the destination address annotation becomes the new destination. Default true.
=h table r
=h tcp_table r
=h udp_table r
=h mappings r
As table.
=h tcp_lookup r+
=h udp_lookup r+
What a flow `SADDR SPORT DADDR DPORT` becomes.
=h nmappings r
=h size r
=h mapping_failures r
=h patterns r
=h capacity rw
=h clear w
=h reap w
=a IPRewriterPatterns, TCPRewriter, UDPRewriter, IPAddrRewriter, ICMPPingRewriter, ICMPRewriter
*/
#include "elements/tcpudp/tcpudp_rewriter.hh"

namespace click {

class IPRewriter final : public PortRewriter {
  public:
    const char *class_name() const override { return "IPRewriter"; }
    void add_handlers() override {
        Rewriter::add_handlers();
        add_read("tcp_table", [this] { return dump(ip_proto_tcp); });
        add_read("udp_table", [this] { return dump(ip_proto_udp); });
        add_lookup("tcp_lookup", ip_proto_tcp);
        add_lookup("udp_lookup", ip_proto_udp);
    }

  protected:
    bool takes(uint8_t protocol) const override {
        return protocol == ip_proto_tcp || protocol == ip_proto_udp;
    }
    void add_keywords(Args &args) override {
        tcp_.add_keywords(args, false);
        udp_.add_keywords(args, false);
        args.keyword("DST_ANNO", sets_dst_anno_);
    }
    int64_t timeout_ns(const Flow &flow) const override {
        return flow.key[0].protocol == ip_proto_tcp ? tcp_.timeout_ns(flow) : udp_.timeout_ns(flow);
    }
    int64_t guarantee_ns(const Flow &flow) const override {
        return flow.key[0].protocol == ip_proto_tcp ? tcp_.guarantee_ns() : udp_.guarantee_ns();
    }

  private:
    TcpTimeouts tcp_;
    UdpTimeouts udp_;
};

} // namespace click

EXPORT_ELEMENT(IPRewriter)
