// What classifier_program.hh declares.
#include "elements/standard/classifier_program.hh"

#include <algorithm>

#include "error.hh"
#include "text.hh"

namespace click {

/// "12/0806%ffff" as tests of aligned words; those of one pattern that look at the same word are
/// one test.
std::vector<ClassifierProgram::Clause> ClassifierProgram::parse(const std::string &pattern,
                                                               uint32_t &reach) {
    std::vector<Clause> clauses;
    bool is_negated = false;
    if (pattern == "-") return clauses;
    for (std::string word : split_words(pattern)) {
        for (; !word.empty() && word[0] == '!'; word.erase(0, 1)) is_negated = !is_negated;
        const size_t slash = word.find('/');
        if (slash == std::string::npos) continue;
        uint64_t offset;
        bool ignored;
        parse_integer(word.substr(0, slash), offset, ignored, ignored, 10);
        std::string digits = word.substr(slash + 1), mask;
        if (const size_t percent = digits.find('%'); percent != std::string::npos) {
            mask = digits.substr(percent + 1);
            digits.resize(percent);
        }
        Clause clause{{}, is_negated};
        for (size_t i = 0; i < digits.size(); i += 1) {
            const auto at = static_cast<uint32_t>(offset + i / 2);
            const uint32_t shift = 28 - at % 4 * 8 - i % 2 * 4;
            const uint32_t m = digits[i] == '?' ? 0 : mask.empty() ? 15 : hex_digit(mask[i]) & 15u;
            const uint32_t v = digits[i] == '?' ? 0 : hex_digit(digits[i]) & m;
            if (m) reach = std::max(reach, at + 1);
            if (clause.tests.empty() || clause.tests.back().offset != at / 4 * 4)
                clause.tests.push_back({at / 4 * 4, 0, 0});
            clause.tests.back().mask |= m << shift;
            clause.tests.back().value |= v << shift;
        }
        std::erase_if(clause.tests, [](const Test &it) { return it.mask == 0; });
        // Together with an earlier clause about the same word, unless they contradict each other.
        for (Clause &other : clauses) {
            if (is_negated || other.is_negated) continue;
            std::erase_if(clause.tests, [&](const Test &it) {
                for (Test &earlier : other.tests) {
                    if (earlier.offset != it.offset ||
                        ((earlier.value ^ it.value) & earlier.mask & it.mask))
                        continue;
                    earlier.mask |= it.mask;
                    earlier.value |= it.value;
                    return true;
                }
                return false;
            });
        }
        if (!clause.tests.empty() || is_negated) clauses.push_back(std::move(clause));
        is_negated = false;
    }
    return clauses;
}

ClassifierProgram::ClassifierProgram(const std::vector<std::string> &patterns)
    : is_reachable_(patterns.size()) {
    std::vector<std::vector<Clause>> all;
    for (const std::string &it : patterns) all.push_back(parse(it, safe_length_));
    // Where each pattern's steps begin, as far as it has any.
    std::vector<int> starts(all.size() + 1, none);
    int count = 0;
    for (size_t i = 0; i < all.size(); i += 1) {
        starts[i] = all[i].empty() ? -1 - static_cast<int>(i) : count;
        for (const Clause &it : all[i])
            count += static_cast<int>(std::max<size_t>(it.tests.size(), 1));
    }
    for (size_t i = 0; i < all.size(); i += 1)
        add(all[i], -1 - static_cast<int>(i), starts[i + 1]);
    start_ = starts[0];
    simplify();
}

void ClassifierProgram::add(const std::vector<Clause> &clauses, int match, int fail) {
    for (size_t c = 0; c < clauses.size(); c += 1) {
        std::vector<Test> tests = clauses[c].tests;
        if (tests.empty()) tests.push_back({0, 0, 0}); // "?": always so
        const int next = static_cast<int>(steps_.size());
        const int behind = next + static_cast<int>(tests.size());
        const int good = c + 1 == clauses.size() ? match : behind;
        for (size_t t = 0; t < tests.size(); t += 1) {
            const bool is_last = t + 1 == tests.size();
            const int more = next + static_cast<int>(t) + 1;
            if (clauses[c].is_negated)
                steps_.push_back({tests[t], is_last ? fail : more, good});
            else
                steps_.push_back({tests[t], is_last ? good : more, fail});
        }
    }
}

/// 1 when it must hold, 0 when it can't, -1 when it isn't known.
int ClassifierProgram::decide(const Test &test, const std::vector<Fact> &facts) {
    uint32_t mask = 0, value = 0;
    for (const Fact &it : facts) {
        if (it.test.offset != test.offset || !it.holds) continue;
        mask |= it.test.mask;
        value |= it.test.value;
    }
    if ((value ^ test.value) & mask & test.mask) return 0;
    if ((test.mask & ~mask) == 0) return 1;
    // With what is known it would imply something that doesn't hold.
    const uint32_t all = mask | test.mask, then = value | test.value;
    for (const Fact &it : facts)
        if (it.test.offset == test.offset && !it.holds && (it.test.mask & ~all) == 0 &&
            ((it.test.value ^ then) & it.test.mask) == 0)
            return 0;
    return -1;
}

int ClassifierProgram::follow(int target, const std::vector<Fact> &facts) const {
    while (target >= 0) {
        const Step &step = steps_[static_cast<size_t>(target)];
        const int known = decide(step.test, facts);
        if (known < 0) break;
        target = known ? step.yes : step.no;
    }
    return target;
}

/// Jumps past steps whose outcome is known by then. Steps come after all that jump to them.
void ClassifierProgram::simplify() {
    std::vector<std::vector<Fact>> facts(steps_.size());
    is_used_.assign(steps_.size(), false);
    const auto reach = [&](int &target, const std::vector<Fact> &known) {
        target = follow(target, known);
        if (target < 0) {
            if (target != none) is_reachable_[static_cast<size_t>(-1 - target)] = true;
            return;
        }
        const auto at = static_cast<size_t>(target);
        if (!is_used_[at]) {
            is_used_[at] = true;
            facts[at] = known;
            return;
        }
        std::erase_if(facts[at], [&](const Fact &it) {
            return std::none_of(known.begin(), known.end(), [&](const Fact &other) {
                return other.holds == it.holds && other.test.offset == it.test.offset &&
                       other.test.mask == it.test.mask && other.test.value == it.test.value;
            });
        });
    };
    reach(start_, {});
    for (size_t i = 0; i < steps_.size(); i += 1) {
        if (!is_used_[i]) continue;
        std::vector<Fact> known = facts[i];
        known.push_back({steps_[i].test, true});
        reach(steps_[i].yes, known);
        known.back().holds = false;
        reach(steps_[i].no, known);
    }
}

std::string ClassifierProgram::target_text(int target, const std::vector<int> &numbers) const {
    if (target == none) return "[X]";
    if (target < 0) return "[" + std::to_string(-1 - target) + "]";
    return "step " + std::to_string(numbers[static_cast<size_t>(target)]);
}

std::string ClassifierProgram::text() const {
    std::vector<int> numbers(steps_.size());
    int count = 0;
    for (size_t i = 0; i < steps_.size(); i += 1)
        if (is_used_[i]) numbers[i] = count++;
    std::string out;
    if (count == 0) out = "all->" + target_text(start_, numbers) + "\n";
    for (size_t i = 0; i < steps_.size(); i += 1) {
        if (!is_used_[i]) continue;
        const Step &it = steps_[i];
        out += format("%2d %3u/%08x%%%08x  yes->%s  no->%s\n", numbers[i], it.test.offset,
                      it.test.value, it.test.mask, target_text(it.yes, numbers).c_str(),
                      target_text(it.no, numbers).c_str());
    }
    return out + format("safe length %u\nalignment offset 0\n", safe_length_);
}

} // namespace click
