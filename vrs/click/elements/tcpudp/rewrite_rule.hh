// What rewriters do with packets of unknown flows: input specifications, patterns, mappers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "elements/tcpudp/flow_table.hh"
#include "error.hh"

namespace click {

class Element;

/// SADDR SPORT DADDR DPORT: how a flow's addresses and ports change. "-" keeps a field; SPORT may
/// be a range of ports to choose from (or SADDR a range of addresses, where there are no ports).
class RewritePattern {
  public:
    enum class Kind { ports, addresses, pairs };
    /// Reads the words from the first on; false after a message.
    bool parse(const std::vector<std::string> &words, Kind kind, Element *element,
               ErrorHandler &errh);
    static size_t word_count(Kind kind) { return kind == Kind::ports ? 4 : 2; }
    /// What `key` becomes; false when all that it might become is taken.
    bool rewrite(const FlowKey &key, const FlowTable &table, FlowKey &out);
    std::string text() const;

  private:
    enum class Choice { preferred, sequential, random };
    bool parse_range(std::string text, Element *element, bool is_address, ErrorHandler &errh);
    static bool is_free(const FlowKey &rewritten, const FlowTable &table) {
        return table.find(rewritten.reversed()) == FlowTable::none;
    }
    bool choose(const FlowKey &key, const FlowTable &table, FlowKey &out);

    std::vector<std::string> words_;
    Kind kind_ = Kind::ports;
    Choice choice_ = Choice::preferred;
    IPAddress source_, destination_;
    uint16_t destination_port_ = 0;
    bool keeps_source_ = true, keeps_destination_ = true;
    bool keeps_port_ = true, keeps_destination_port_ = true;
    uint32_t low_ = 0, high_ = 0; // of the range, in host order
    uint32_t next_ = 0;
    bool is_started_ = false;
    int64_t exhausted_ns_ = 0;
};

/// A pattern and where packets go.
struct RewriteRule {
    std::shared_ptr<RewritePattern> pattern; // null: keep everything
    int output[2] = {0, 0};
};

/// Chooses a rule for each new flow: an element that an input specification names.
class FlowMapper {
  public:
    /// The rule to try, or null when `attempt` (from 0) is beyond the last.
    virtual const RewriteRule *choose(const FlowKey &key, uint32_t attempt) = 0;
    virtual int max_output() const = 0;

  protected:
    ~FlowMapper() = default;
};

struct InputSpec {
    enum class Kind { drop, pass, rule, mapper };
    Kind kind = Kind::drop;
    RewriteRule rule; // of pass: output[0] alone
    FlowMapper *mapper = nullptr;
    std::string text;

    /// False after a message.
    bool parse(const std::string &text, RewritePattern::Kind kind, Element *element,
               ErrorHandler &errh);
};

/// "SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT" or "NAME FOUTPUT ROUTPUT".
bool parse_rule(std::vector<std::string> words, RewritePattern::Kind kind, Element *element,
                RewriteRule &out, ErrorHandler &errh);

/// A pattern with a name, that IPRewriterPatterns has and keeps where it is.
void define_pattern(Element *element, const std::string &name,
                    std::shared_ptr<RewritePattern> *pattern);

} // namespace click
