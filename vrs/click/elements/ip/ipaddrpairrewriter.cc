/*
=c
IPAddrPairRewriter(INPUTSPEC1, ..., INPUTSPECn [, I<keywords> TIMEOUT, GUARANTEE, REAP_INTERVAL,
MAPPING_CAPACITY, DST_ANNO])
=s nat
rewrites source and destination addresses of IP packets
=d
As IPAddrRewriter, but pairs of addresses are mapped to pairs. Patterns are "pattern SADDR DADDR
FOUTPUT ROUTPUT"; SADDR may be a range of addresses or a prefix.
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
=a IPAddrRewriter, IPRewriter
*/
#include "elements/ip/address_rewriter.hh"

namespace click {

class IPAddrPairRewriter final : public AddressRewriter {
  public:
    const char *class_name() const override { return "IPAddrPairRewriter"; }

  protected:
    RewritePattern::Kind pattern_kind() const override { return RewritePattern::Kind::pairs; }
};

} // namespace click

EXPORT_ELEMENT(IPAddrPairRewriter)
