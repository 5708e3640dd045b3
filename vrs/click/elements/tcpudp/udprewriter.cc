/*
=c
UDPRewriter(INPUTSPEC1, ..., INPUTSPECn [, I<keywords> TIMEOUT, STREAMING_TIMEOUT, GUARANTEE,
REAP_INTERVAL, MAPPING_CAPACITY, DST_ANNO])
=s nat
rewrites addresses and ports of UDP and TCP packets, with one timeout for all
=d
As IPRewriter, but TCP packets are treated as UDP packets are: their flows end TIMEOUT seconds after
their last packet.
=k TIMEOUT
Default 5 minutes; also UDP_TIMEOUT.
=k STREAMING_TIMEOUT
For flows with packets in both directions. Default TIMEOUT.
=k GUARANTEE
Default 5 seconds.
=h table r
=h nmappings r
=h mapping_failures r
=h patterns r
=h capacity rw
=h clear w
=a IPRewriter, TCPRewriter
*/
#include "elements/tcpudp/tcpudp_rewriter.hh"

namespace click {

class UDPRewriter final : public PortRewriter {
  public:
    const char *class_name() const override { return "UDPRewriter"; }

  protected:
    bool takes(uint8_t protocol) const override {
        return protocol == ip_proto_tcp || protocol == ip_proto_udp;
    }
    void add_keywords(Args &args) override {
        udp_.add_keywords(args, true);
        args.keyword("DST_ANNO", sets_dst_anno_);
    }
    int64_t timeout_ns(const Flow &flow) const override { return udp_.timeout_ns(flow); }
    int64_t guarantee_ns(const Flow &) const override { return udp_.guarantee_ns(); }

  private:
    UdpTimeouts udp_;
};

} // namespace click

EXPORT_ELEMENT(UDPRewriter)
