/*
=c
SourceIPHashMapper(NODES SEED, PATTERN1 ID1, ..., PATTERNn IDn)
=s nat
gives flows of one source address the same pattern
=d
Stands as the input specification of a rewriter. Patterns are as for RoundRobinIPMapper, each
followed
by a number ID. A flow's source address decides by consistent hashing on which pattern it gets: each
has NODES places on a circle, that SEED and ID decide on, so that another list of patterns changes
little. A pattern without ports left isn't replaced by another.
=e
SourceIPHashMapper(50 0xbadbeef, - - 1.0.0.1 - 0 1 12345, - - 1.0.0.2 - 0 1 23456)
=a IPRewriter, RoundRobinIPMapper
*/
#include "elements/tcpudp/mapper.hh"

namespace click {

class SourceIPHashMapper final : public MapperElement {
  public:
    const char *class_name() const override { return "SourceIPHashMapper"; }
    int configure(Args &args) override {
        std::vector<std::string> conf = args.conf();
        const std::vector<std::string> head = conf.empty() ? conf : split_words(conf[0]);
        uint32_t nodes = 0, seed = 0;
        ArgContext context{this, args.errh(), "NODES SEED"};
        if (head.size() != 2 || !parse_arg(head[0], nodes, context) ||
            !parse_arg(head[1], seed, context) || nodes == 0 || nodes > 10000)
            return args.error("expected 'NODES SEED' first");
        conf.erase(conf.begin());
        std::vector<uint32_t> ids;
        for (size_t i = 0; i < conf.size(); i += 1) {
            const size_t last = conf[i].find_last_of(" \t\n");
            ids.push_back(0);
            context.name = "pattern " + std::to_string(i) + " ID";
            if (last == std::string::npos ||
                !parse_arg(trim(conf[i].substr(last)), ids.back(), context))
                return context.has_failed ? -1 : (context.error("syntax error"), -1);
            conf[i].resize(last);
        }
        if (parse_rules(conf, args.errh()) < 0) return -1;
        circle_.clear();
        seed_ = seed;
        for (uint32_t i = 0; i < ids.size(); i += 1)
            for (uint32_t n = 0; n < nodes; n += 1)
                circle_.emplace(mix(uint64_t{ids[i]} << 32 | n), i);
        return 0;
    }
    const RewriteRule *choose(const FlowKey &key, uint32_t attempt) override {
        if (attempt > 0 || circle_.empty()) return nullptr;
        auto at = circle_.lower_bound(mix(key.source));
        if (at == circle_.end()) at = circle_.begin();
        return &rules_[at->second];
    }

  private:
    uint32_t mix(uint64_t value) const {
        value = (value + seed_) * 0x9e3779b97f4a7c15;
        value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9;
        value = (value ^ value >> 32) * 0x94d049bb133111eb;
        return static_cast<uint32_t>(value >> 32);
    }
    uint64_t seed_ = 0;
    std::map<uint32_t, uint32_t> circle_;
};

} // namespace click

EXPORT_ELEMENT(SourceIPHashMapper)
