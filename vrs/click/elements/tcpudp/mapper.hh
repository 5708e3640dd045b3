// What elements that choose among patterns for rewriters share.
#pragma once

#include <algorithm>
#include <map>

#include "elements/tcpudp/rewrite_rule.hh"
#include "element.hh"

namespace click {

class MapperElement : public Element, public FlowMapper {
  public:
    int configure_phase() const override { return phase_info + 1; } // behind named patterns
    void *cast(const char *name) override {
        if (std::string_view(name) == "FlowMapper") return static_cast<FlowMapper *>(this);
        return Element::cast(name);
    }
    int max_output() const override {
        int out = 0;
        for (const RewriteRule &it : rules_) out = std::max({out, it.output[0], it.output[1]});
        return out;
    }

  protected:
    int parse_rules(const std::vector<std::string> &conf, ErrorHandler &errh) {
        rules_.clear();
        bool is_good = true;
        if (conf.empty()) return errh.error("no patterns given");
        for (size_t i = 0; i < conf.size(); i += 1) {
            PrefixErrorHandler prefixed(errh, "pattern " + std::to_string(i) + ": ");
            rules_.emplace_back();
            is_good &= parse_rule(split_words(conf[i]), RewritePattern::Kind::ports, this,
                                  rules_.back(), prefixed);
        }
        return is_good ? 0 : -1;
    }
    std::vector<RewriteRule> rules_;
};

} // namespace click
