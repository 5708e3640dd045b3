/*
=c
IPRewriterPatterns(NAME1 PATTERN1, ..., NAMEn PATTERNn)
=s nat
names patterns for rewriters
=d
Each PATTERN is "SADDR SPORT DADDR DPORT", as in IPRewriter's input specifications, which may then
say
"pattern NAME FOUTPUT ROUTPUT". Rewriters that name the same pattern share its sequence of ports.
=e
IPRewriterPatterns(out 1.0.0.1 1024-65535 - -)
=a IPRewriter, TCPRewriter, UDPRewriter
*/
#include <deque>

#include "elements/tcpudp/rewriter.hh"

namespace click {

class IPRewriterPatterns final : public Element {
  public:
    const char *class_name() const override { return "IPRewriterPatterns"; }
    int configure_phase() const override { return phase_info; }
    int configure(Args &args) override {
        bool is_good = true;
        for (size_t i = 0; i < args.conf().size(); i += 1) {
            PrefixErrorHandler errh(args.errh(), "argument " + std::to_string(i + 1) + ": ");
            std::vector<std::string> words = split_words(args.conf()[i]);
            if (words.empty()) continue;
            const std::string name = words[0];
            words.erase(words.begin());
            auto pattern = std::make_shared<RewritePattern>();
            const auto kind = words.size() == 2 ? RewritePattern::Kind::pairs
                                                : RewritePattern::Kind::ports;
            if (!pattern->parse(words, kind, this, errh)) {
                is_good = false;
                continue;
            }
            patterns_.push_back(std::move(pattern));
            define_pattern(this, name, &patterns_.back());
        }
        return is_good ? 0 : -1;
    }

  private:
    std::deque<std::shared_ptr<RewritePattern>> patterns_;
};

} // namespace click

EXPORT_ELEMENT(IPRewriterPatterns)
