// What rewrite_rule.hh declares.
#include "elements/tcpudp/rewrite_rule.hh"

#include <sys/random.h>

#include "exchange.hh"
#include "router.hh"

namespace click {

namespace {

constexpr int64_t exhausted_pause_ns = 10'000'000;
constexpr uint32_t lanes = 16; // siblings start their sequences at different places

/// Not to be guessed from outside; the same on every run in simulated time.
uint32_t random_number() {
    static uint64_t state = [] {
        uint64_t seed = 0x9e3779b97f4a7c15;
        if (!Clock::is_simulated && getrandom(&seed, sizeof seed, 0) != sizeof seed)
            seed ^= static_cast<uint64_t>(Timestamp::now().ns);
        return seed | 1;
    }();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<uint32_t>((state * 0x2545f4914f6cdd1d) >> 32);
}

std::string attachment(const std::string &name) { return "IPRewriterPatterns/" + name; }

} // namespace

void define_pattern(Element *element, const std::string &name,
                    std::shared_ptr<RewritePattern> *pattern) {
    element->router().attachments[attachment(name)] = pattern;
}

/// "L-H", "L-H#" (one after the other), "L-H?" (at random).
bool RewritePattern::parse_range(std::string text, Element *element, bool is_address,
                                 ErrorHandler &errh) {
    choice_ = is_address ? Choice::sequential : Choice::preferred;
    if (text.ends_with("#") || text.ends_with("?")) {
        choice_ = text.back() == '#' ? Choice::sequential : Choice::random;
        text.pop_back();
    }
    ArgContext context{element, errh, ""};
    const size_t dash = text.find('-');
    const std::string ends[2] = {text.substr(0, dash),
                                 dash == std::string::npos ? text : text.substr(dash + 1)};
    uint32_t *bounds[2] = {&low_, &high_};
    IPPrefix prefix;
    StringErrorHandler silent;
    ArgContext quiet{element, silent, ""};
    if (is_address && PrefixArg{false}(text, prefix, quiet)) {
        low_ = (prefix.address & prefix.mask).host();
        high_ = low_ | ~prefix.mask.host();
        if (high_ - low_ >= 3) low_ += 1, high_ -= 1; // neither network nor broadcast
        return true;
    }
    for (const int i : {0, 1}) {
        IPAddress address;
        uint16_t port;
        const bool is_good = is_address ? parse_arg(ends[i], address, quiet)
                                        : parse_arg(ends[i], port, quiet);
        if (!is_good) {
            errh.error("bad source %s '%s' in pattern", is_address ? "address" : "port",
                       text.c_str());
            return false;
        }
        *bounds[i] = is_address ? address.host() : port;
    }
    if (low_ <= high_) return true;
    errh.error("source %s range '%s' is empty", is_address ? "address" : "port", text.c_str());
    return false;
}

bool RewritePattern::parse(const std::vector<std::string> &words, Kind kind, Element *element,
                           ErrorHandler &errh) {
    words_ = words;
    kind_ = kind;
    if (words.size() != word_count(kind)) {
        errh.error("bad pattern, expected '%s'",
                   kind == Kind::ports ? "SADDR SPORT DADDR DPORT" : "SADDR DADDR");
        return false;
    }
    StringErrorHandler silent;
    ArgContext quiet{element, silent, ""};
    const std::string &daddr = words[kind == Kind::ports ? 2 : 1];
    keeps_source_ = words[0] == "-";
    keeps_destination_ = daddr == "-";
    if (kind != Kind::ports) {
        if (!keeps_source_ && !parse_range(words[0], element, true, errh)) return false;
        if (kind == Kind::addresses && !keeps_destination_) {
            errh.error("only '-' can be the destination here");
            return false;
        }
    } else if (!keeps_source_ && !parse_arg(words[0], source_, quiet)) {
        errh.error("bad source address '%s' in pattern", words[0].c_str());
        return false;
    }
    if (!keeps_destination_ && !parse_arg(daddr, destination_, quiet)) {
        errh.error("bad destination address '%s' in pattern", daddr.c_str());
        return false;
    }
    if (kind != Kind::ports) return true;
    keeps_port_ = words[1] == "-";
    keeps_destination_port_ = words[3] == "-";
    if (!keeps_port_ && !parse_range(words[1], element, false, errh)) return false;
    if (!keeps_destination_port_ && !parse_arg(words[3], destination_port_, quiet)) {
        errh.error("bad destination port '%s' in pattern", words[3].c_str());
        return false;
    }
    return true;
}

std::string RewritePattern::text() const {
    std::string out;
    for (const std::string &it : words_) out += (out.empty() ? "" : " ") + it;
    return out;
}

bool RewritePattern::rewrite(const FlowKey &key, const FlowTable &table, FlowKey &out) {
    out = key;
    if (!keeps_destination_) out.destination = destination_.addr;
    if (kind_ == Kind::ports) {
        if (!keeps_source_) out.source = source_.addr;
        if (!keeps_destination_port_) out.destination_port = net16(destination_port_);
        if (keeps_port_) return is_free(out, table);
    } else if (keeps_source_) {
        return is_free(out, table);
    }
    return choose(key, table, out);
}

/// A value of the range that makes the flow's replies different from all others'.
bool RewritePattern::choose(const FlowKey &key, const FlowTable &table, FlowKey &out) {
    const auto is_good = [&](uint32_t value) {
        if (kind_ == Kind::ports)
            out.source_port = net16(static_cast<uint16_t>(value));
        else
            out.source = net32(value);
        return is_free(out, table);
    };
    const uint64_t count = uint64_t{high_} - low_ + 1;
    if (!is_started_) {
        is_started_ = true;
        if (exchange) next_ = static_cast<uint32_t>(count * (exchange->number() % lanes) / lanes);
    }
    const uint32_t own = kind_ == Kind::ports ? net16(key.source_port) : net32(key.source);
    if (choice_ == Choice::preferred && own >= low_ && own <= high_ && is_good(own)) return true;
    if (choice_ != Choice::sequential) {
        for (int i = 0; i < 32; i += 1)
            if (is_good(low_ + static_cast<uint32_t>(random_number() % count))) return true;
    }
    // All of them in turn; but not for every packet while none is left.
    const int64_t now = steady_ns();
    if (exhausted_ns_ && now - exhausted_ns_ < exhausted_pause_ns) return false;
    const uint64_t tries = std::min<uint64_t>(count, 65536);
    for (uint64_t i = 0; i < tries; i += 1) {
        const auto offset = static_cast<uint32_t>((next_ + i) % count);
        if (!is_good(low_ + offset)) continue;
        next_ = static_cast<uint32_t>((uint64_t{offset} + 1) % count);
        exhausted_ns_ = 0;
        return true;
    }
    exhausted_ns_ = now;
    return false;
}

bool parse_rule(std::vector<std::string> words, RewritePattern::Kind kind, Element *element,
                RewriteRule &out, ErrorHandler &errh) {
    StringErrorHandler silent;
    ArgContext quiet{element, silent, ""};
    if (words.size() < 3) {
        errh.error("bad pattern, expected 'PATTERN FOUTPUT ROUTPUT'");
        return false;
    }
    for (const int d : {1, 0}) {
        if (!parse_arg(words.back(), out.output[d], quiet) || out.output[d] < 0) {
            errh.error("bad output '%s'", words.back().c_str());
            return false;
        }
        words.pop_back();
    }
    if (words.size() == 1) {
        const auto &all = element->router().attachments;
        const auto at = all.find(attachment(words[0]));
        if (at == all.end()) {
            errh.error("no pattern named '%s'", words[0].c_str());
            return false;
        }
        out.pattern = *static_cast<std::shared_ptr<RewritePattern> *>(at->second);
        return true;
    }
    out.pattern = std::make_shared<RewritePattern>();
    return out.pattern->parse(words, kind, element, errh);
}

bool InputSpec::parse(const std::string &given, RewritePattern::Kind pattern_kind, Element *element,
                      ErrorHandler &errh) {
    text = given;
    std::vector<std::string> words = split_words(given);
    StringErrorHandler silent;
    ArgContext quiet{element, silent, ""};
    const std::string first = words.empty() ? "" : words[0];
    const auto output = [&](size_t i, int &out) {
        if (i >= words.size()) return true;
        if (parse_arg(words[i], out, quiet) && out >= 0) return true;
        errh.error("bad output '%s'", words[i].c_str());
        return false;
    };
    if ((first == "drop" || first == "discard") && words.size() == 1) {
        kind = Kind::drop;
        return true;
    }
    if ((first == "pass" || first == "passthrough" || first == "nochange") && words.size() <= 2) {
        kind = Kind::pass;
        return output(1, rule.output[0]);
    }
    kind = Kind::rule;
    if (first == "keep") {
        if (words.size() == 3) return output(1, rule.output[0]) && output(2, rule.output[1]);
        errh.error("expected 'keep FOUTPUT ROUTPUT'");
        return false;
    }
    if (first == "pattern" || first == "xpattern")
        return parse_rule({words.begin() + 1, words.end()}, pattern_kind, element, rule, errh);
    Element *named = words.size() == 1 ? element->router().find(first, element) : nullptr;
    mapper = named ? static_cast<FlowMapper *>(named->cast("FlowMapper")) : nullptr;
    kind = Kind::mapper;
    if (mapper) return true;
    if (named)
        errh.error("'%s' is not a mapper", first.c_str());
    else
        errh.error("unknown specification '%s'", first.c_str());
    return false;
}

} // namespace click
