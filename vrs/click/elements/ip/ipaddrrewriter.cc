/*
=c
IPAddrRewriter(INPUTSPEC1, ..., INPUTSPECn [, I<keywords> TIMEOUT, GUARANTEE, REAP_INTERVAL,
MAPPING_CAPACITY, DST_ANNO])
=s nat
rewrites source addresses of IP packets
=d
Basic NAT: as IPRewriter, but each source address is mapped to another, whatever the packet's
destination, ports and protocol; packets to that other address get the first one back. Expects IP
packets with their header marked; checksums of IP, TCP and UDP follow. Input specifications are
those
of IPRewriter, with patterns "pattern SADDR - FOUTPUT ROUTPUT". SADDR may be a range of addresses
L-H
or a prefix, from which each new source gets one in turn ("L-H?": any).
=k TIMEOUT
Seconds without a packet after which a mapping ends. Default 5 minutes.
=k GUARANTEE
Seconds for which a mapping isn't given up for a new one when the table is full. Default 5.
=k REAP_INTERVAL
Default 15 minutes.
=k MAPPING_CAPACITY
Default 65536.
=k DST_ANNO
Whether the destination address annotation becomes the new destination. Default true.
=h table r
=h nmappings r
=h mapping_failures r
=h patterns r
=h capacity rw
=h clear w
=a IPAddrPairRewriter, IPRewriter
*/
#include "elements/ip/address_rewriter.hh"

namespace click {

class IPAddrRewriter final : public AddressRewriter {
  public:
    const char *class_name() const override { return "IPAddrRewriter"; }

  protected:
    RewritePattern::Kind pattern_kind() const override { return RewritePattern::Kind::addresses; }
    FlowKey flow_key(const FlowKey &key) const override { return {key.source, 0, 0, 0, 0}; }
    int look_up(const FlowKey &key) const override {
        const int forward = table_.find({key.source, 0, 0, 0, 0});
        return forward != FlowTable::none ? forward : table_.find({0, key.destination, 0, 0, 0});
    }
};

} // namespace click

EXPORT_ELEMENT(IPAddrRewriter)
