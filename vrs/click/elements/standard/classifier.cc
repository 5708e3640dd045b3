/*
=c
Classifier(PATTERN_1, ..., PATTERN_N)
=s classification
classifies packets by contents
=d
Sends each packet to the output of the first pattern that it matches; drops it when it matches none.
A pattern is a list of clauses, all of which must match: OFFSET/VALUE or OFFSET/VALUE%MASK, with
VALUE and MASK in hexadecimal; a "?" in VALUE matches any digit. A clause after "!" must not match.
The pattern "-" matches every packet. A clause that reaches beyond the packet's end doesn't match.
A pattern that no packet can match, since earlier ones match them all or its clauses contradict each
other, is warned of.
=h program r
The patterns as steps: four bytes at an offset, what they are compared with and under which mask,
and where to go then.
=e
Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -)
*/
#include "element.hh"
#include "elements/standard/classifier_program.hh"
#include "headers.hh"

namespace click {

class Classifier final : public SortElement<Classifier> {
  public:
    const char *class_name() const override { return "Classifier"; }
    const char *port_count() const override { return "1/-"; }
    int configure(Args &args) override {
        const auto &conf = args.conf();
        if (static_cast<int>(conf.size()) != noutputs())
            return args.error("need %d argument%s, one per output port", noutputs(),
                              noutputs() == 1 ? "" : "s");
        patterns_.clear();
        clauses_.clear();
        bool is_good = true;
        for (size_t i = 0; i < conf.size(); i += 1) is_good &= parse_pattern(conf[i], i, args);
        if (!is_good) return -1;
        const ClassifierProgram program(conf);
        for (size_t i = 0; i < conf.size(); i += 1)
            if (!program.is_reachable(i))
                args.errh().warning("pattern %zu matches no packets", i);
        return 0;
    }
    void add_handlers() override {
        add_read("program", [this] { return ClassifierProgram(configuration()).text(); });
        add_read("patterns", [this] { return std::to_string(patterns_.size()) + "\n"; });
    }
    int sort(int, const Packet *p) const {
        const uint8_t *data = p->data();
        const uint32_t length = p->length();
        const int count = static_cast<int>(patterns_.size());
        for (int i = 0; i < count; i += 1) {
            const Pattern &pattern = patterns_[static_cast<size_t>(i)];
            if (length < pattern.reach) continue;
            bool fits = true;
            for (uint32_t c = pattern.first; fits && c < pattern.end;) {
                const uint32_t end = c + clauses_[c].words;
                const bool is_negated = clauses_[c].is_negated;
                bool is_equal = true;
                for (; c < end; c += 1) is_equal &= matches(clauses_[c], data, length);
                fits = is_equal != is_negated;
            }
            if (fits) return i;
        }
        return count; // there is no such output
    }

  private:
    /// Up to eight bytes of a clause; the first of its words says how many there are.
    struct Clause {
        uint32_t offset;
        uint16_t words;
        bool is_negated;
        uint64_t mask, value;
    };
    static bool matches(const Clause &it, const uint8_t *data, uint32_t length) {
        uint64_t word = 0;
        if (it.offset + 8 <= length) [[likely]]
            word = load<uint64_t>(data + it.offset);
        else
            std::memcpy(&word, data + it.offset, length - it.offset);
        return (word & it.mask) == it.value;
    }
    struct Pattern {
        uint32_t first, end; // clauses
        uint32_t reach;      // bytes that the packet must have
    };

    bool parse_pattern(const std::string &text, size_t number, Args &args) {
        Pattern pattern{static_cast<uint32_t>(clauses_.size()), 0, 0};
        bool is_negated = false, is_good = true;
        const auto fail = [&](const std::string &what) {
            args.error("pattern %zu: %s", number, what.c_str());
            is_good = false;
        };
        if (text.empty()) fail("empty pattern; use '-' to match every packet");
        if (text != "-")
            for (std::string word : split_words(text)) {
                while (word[0] == '!' && is_good) {
                    is_negated = !is_negated;
                    word.erase(0, 1);
                }
                if (word.empty()) continue;
                std::string value, mask;
                uint32_t offset = 0;
                if (!parse_clause(word, offset, value, mask, args, fail)) return false;
                add(offset, value, mask, is_negated, pattern);
                is_negated = false;
            }
        if (is_negated) fail("'!' without a clause");
        pattern.end = static_cast<uint32_t>(clauses_.size());
        patterns_.push_back(pattern);
        return is_good;
    }

    template <class F> bool parse_clause(const std::string &word, uint32_t &offset,
                                         std::string &value, std::string &mask, Args &args,
                                         F fail) {
        const size_t slash = word.find('/');
        uint64_t number;
        bool is_below_zero, overflows;
        if (slash == std::string::npos)
            return fail("syntax error: expected 'OFFSET/VALUE', found '" + word + "'"), false;
        if (!parse_integer(word.substr(0, slash), number, is_below_zero, overflows, 10) ||
            is_below_zero || number > 65535)
            return fail("bad offset '" + word.substr(0, slash) + "'"), false;
        offset = static_cast<uint32_t>(number);
        std::string digits = word.substr(slash + 1), given_mask;
        if (const size_t percent = digits.find('%'); percent != std::string::npos) {
            given_mask = digits.substr(percent + 1);
            digits.resize(percent);
        }
        if (digits.empty()) return fail("missing value"), false;
        if (digits.size() % 2) {
            args.errh().warning("value '%s' has odd number of hex digits", digits.c_str());
            digits += '?';
        }
        if (!given_mask.empty() && given_mask.size() != digits.size())
            return fail("mask has another length than value"), false;
        for (size_t i = 0; i < digits.size(); i += 2) {
            int v = 0, m = 0;
            for (size_t j = i; j < i + 2; j += 1) {
                const int digit = digits[j] == '?' ? 0 : hex_digit(digits[j]);
                const int digit_mask = given_mask.empty() ? 15 : hex_digit(given_mask[j]);
                if (digit < 0)
                    return fail("invalid hex digit '" + digits.substr(j, 1) + "'"), false;
                if (digit_mask < 0) return fail("invalid hex digit in mask"), false;
                v = v * 16 + digit;
                m = m * 16 + (digits[j] == '?' ? 0 : digit_mask);
            }
            value += static_cast<char>(v & m);
            mask += static_cast<char>(m);
        }
        return true;
    }

    void add(uint32_t offset, const std::string &value, const std::string &mask, bool is_negated,
             Pattern &pattern) {
        pattern.reach = std::max(pattern.reach, offset + static_cast<uint32_t>(value.size()));
        for (size_t at = 0; at < value.size(); at += 8) {
            const auto words = static_cast<uint16_t>(at == 0 ? (value.size() + 7) / 8 : 1);
            Clause clause{offset + static_cast<uint32_t>(at), words, is_negated, 0, 0};
            const size_t bytes = std::min<size_t>(8, value.size() - at);
            std::memcpy(&clause.mask, mask.data() + at, bytes);
            std::memcpy(&clause.value, value.data() + at, bytes);
            clauses_.push_back(clause);
        }
    }

    std::vector<Pattern> patterns_;
    std::vector<Clause> clauses_;
};

} // namespace click

EXPORT_ELEMENT(Classifier)
