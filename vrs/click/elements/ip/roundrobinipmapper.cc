/*
=c
RoundRobinIPMapper(PATTERN1, ..., PATTERNn)
=s nat
gives new flows one pattern after the other
=d
Stands as the input specification of a rewriter. Each PATTERN is "SADDR SPORT DADDR DPORT FOUTPUT
ROUTPUT", or "NAME FOUTPUT ROUTPUT" with a pattern that IPRewriterPatterns defines. A new flow gets
the
next one in turn; when that has no ports left, the one after it.
=e
RoundRobinIPMapper(- - 1.0.0.1 - 0 1, - - 1.0.0.2 - 0 1)
=a IPRewriter, SourceIPHashMapper
*/
#include "elements/tcpudp/mapper.hh"

namespace click {

class RoundRobinIPMapper final : public MapperElement {
  public:
    const char *class_name() const override { return "RoundRobinIPMapper"; }
    int configure(Args &args) override { return parse_rules(args.conf(), args.errh()); }
    const RewriteRule *choose(const FlowKey &, uint32_t attempt) override {
        if (attempt >= rules_.size()) return nullptr;
        next_ = (next_ + 1) % rules_.size();
        return &rules_[next_];
    }

  private:
    size_t next_ = ~size_t{0}; // the first is number 0
};

} // namespace click

EXPORT_ELEMENT(RoundRobinIPMapper)
