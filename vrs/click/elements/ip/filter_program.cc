// From trees of tests to a decision program.
#include "elements/ip/filter_program.hh"

#include <algorithm>

#include "error.hh"

namespace click {

namespace {

constexpr size_t max_fact_bits = size_t{1} << 28; // 32 MB; larger programs stay as they are
constexpr size_t min_table = 4;

/// What `known`, having turned out `outcome`, says of `asked`: 1, 0, or -1 for nothing.
int implied(const FilterTest &known, bool outcome, const FilterTest &asked) {
    if (known.base != asked.base || known.offset != asked.offset) return -1;
    if (known.base > FilterTest::transport) return known == asked ? outcome : -1;
    const auto inside = [](const FilterTest &range, uint32_t value) {
        return value - range.low <= range.span;
    };
    if (known.mask == asked.mask) {
        const uint32_t known_end = known.low + known.span, asked_end = asked.low + asked.span;
        if (outcome && known.low >= asked.low && known_end <= asked_end) return 1;
        if (outcome && (known_end < asked.low || known.low > asked_end)) return 0;
        if (!outcome && asked.low >= known.low && asked_end <= known_end) return 0;
    }
    if (outcome && known.span == 0 && (asked.mask & known.mask) == asked.mask)
        return inside(asked, known.low & asked.mask);
    if (asked.span == 0 && (asked.mask & known.mask) == known.mask &&
        inside(known, asked.low & known.mask) != outcome)
        return 0;
    return -1;
}

} // namespace

/// Nodes in reverse order of the program: targets come before those that lead to them.
struct FilterProgram::Build {
    struct Step {
        int atom;
        int next[2];
        auto operator<=>(const Step &) const = default;
    };
    const FilterTree &tree;
    std::vector<FilterTest> atoms;
    std::map<FilterTest, int> atom_numbers;
    std::vector<Step> steps;
    std::map<std::array<int, 3>, int> step_numbers;
    int start = 0;

    int atom(const FilterTest &test) {
        const auto [at, is_new] = atom_numbers.try_emplace(test, static_cast<int>(atoms.size()));
        if (is_new) atoms.push_back(test);
        return at->second;
    }
    int step(const FilterTest &test, int yes, int no) {
        if (yes == no) return yes;
        const int it = atom(test);
        const auto [at, is_new] =
            step_numbers.try_emplace({it, yes, no}, static_cast<int>(steps.size()));
        if (is_new) steps.push_back({it, {no, yes}});
        return at->second;
    }
    int make(int root, int yes, int no) {
        const FilterTree::Node &it = tree.nodes[static_cast<size_t>(root)];
        switch (it.kind) {
        case FilterTree::constant: return it.value ? yes : no;
        case FilterTree::test: return step(it.test, yes, no);
        case FilterTree::both: return make(it.child[0], make(it.child[1], yes, no), no);
        case FilterTree::either: return make(it.child[0], yes, make(it.child[1], yes, no));
        case FilterTree::negation: return make(it.child[0], no, yes);
        case FilterTree::choice:
            return make(it.child[0], make(it.child[1], yes, no), make(it.child[2], yes, no));
        }
        return no;
    }
    void skip_known();
};

/// Leads every edge past the tests whose outcome is settled on all ways to it.
void FilterProgram::Build::skip_known() {
    if (start < 0 || atoms.size() * steps.size() * 2 > max_fact_bits) return;
    // For each step what is known of each atom: bit 2a it is false, bit 2a+1 it is true.
    using Facts = std::vector<uint64_t>;
    const size_t words = (atoms.size() * 2 + 63) / 64;
    std::vector<Facts> facts(steps.size());
    std::map<std::pair<uint8_t, uint16_t>, std::vector<int>> by_place;
    for (size_t i = 0; i < atoms.size(); i += 1)
        by_place[{atoms[i].base, atoms[i].offset}].push_back(static_cast<int>(i));
    const auto place = [](int atom, bool outcome) {
        return static_cast<size_t>(atom) * 2 + outcome;
    };
    const auto has = [](const Facts &all, size_t bit) { return all[bit / 64] >> bit % 64 & 1; };
    facts[static_cast<size_t>(start)].assign(words, 0);
    for (int at = start; at >= 0; at -= 1) {
        if (facts[static_cast<size_t>(at)].empty()) continue; // no way leads here any more
        Step &it = steps[static_cast<size_t>(at)];
        const FilterTest &test = atoms[static_cast<size_t>(it.atom)];
        for (const bool outcome : {false, true}) {
            Facts now = facts[static_cast<size_t>(at)];
            for (const int other : by_place[{test.base, test.offset}]) {
                const int is = implied(test, outcome, atoms[static_cast<size_t>(other)]);
                if (is < 0) continue;
                const size_t bit = place(other, is == 1);
                now[bit / 64] |= uint64_t{1} << bit % 64;
            }
            int &next = it.next[outcome];
            while (next >= 0) {
                const Step &then = steps[static_cast<size_t>(next)];
                if (has(now, place(then.atom, true)))
                    next = then.next[1];
                else if (has(now, place(then.atom, false)))
                    next = then.next[0];
                else
                    break;
            }
            if (next < 0) continue;
            Facts &there = facts[static_cast<size_t>(next)];
            if (there.empty()) {
                there = std::move(now);
            } else {
                for (size_t w = 0; w < words; w += 1) there[w] &= now[w];
            }
        }
        facts[static_cast<size_t>(at)] = {};
    }
}

void FilterProgram::compile(const FilterTree &tree, const std::vector<Rule> &rules) {
    Build build{tree, {}, {}, {}, {}, 0};
    int next = as_target(no_match);
    for (size_t i = rules.size(); i-- > 0;)
        next = build.make(rules[i].root, as_target(rules[i].result), next);
    build.start = next;
    build.skip_known();
    emit(build);
}

/// A row of equalities of one word, each asked when the one before failed, as one table.
bool FilterProgram::make_table(const Build &build, int at, Node &out, std::vector<int> &targets) {
    const auto step = [&](int i) -> const Build::Step & {
        return build.steps[static_cast<size_t>(i)];
    };
    const auto test = [&](int i) -> const FilterTest & {
        return build.atoms[static_cast<size_t>(step(i).atom)];
    };
    const FilterTest &first = test(at);
    if (first.base > FilterTest::transport) return false;
    std::map<uint32_t, int> found;
    int next = at;
    for (; next >= 0; next = step(next).next[0]) {
        const FilterTest &it = test(next);
        if (it.base != first.base || it.offset != first.offset || it.mask != first.mask ||
            it.span != 0)
            break;
        found.try_emplace(it.low, step(next).next[1]);
    }
    if (found.size() < min_table) return false;
    uint32_t size = 8;
    while (size < found.size() * 2) size *= 2;
    const auto base = static_cast<uint32_t>(places_.size());
    places_.resize(base + size, Place{0, 0, false});
    for (const auto &[value, target] : found) {
        uint32_t i = hash(value) & (size - 1);
        while (places_[base + i].is_used) i = (i + 1) & (size - 1);
        places_[base + i] = {value, target, true};
        targets.push_back(target);
    }
    targets.push_back(next);
    out = {Node::table, first.base, first.offset, first.mask, base, size - 1, {next, next}};
    return true;
}

/// Nodes in the order in which a packet meets them.
void FilterProgram::emit(const Build &build) {
    nodes_.clear();
    places_.clear();
    std::map<int, int> numbers; // step → node
    std::vector<int> order, waiting{build.start};
    std::map<int, Node> made;
    for (size_t i = 0; i < waiting.size(); i += 1) {
        const int at = waiting[i];
        if (at < 0 || made.contains(at)) continue;
        Node node;
        std::vector<int> targets;
        if (!make_table(build, at, node, targets)) {
            const Build::Step &it = build.steps[static_cast<size_t>(at)];
            const FilterTest &test = build.atoms[static_cast<size_t>(it.atom)];
            const bool is_near = test.base <= FilterTest::transport;
            node = {is_near ? Node::near : Node::far,
                    static_cast<uint8_t>(test.base),
                    test.offset,
                    test.mask,
                    test.low,
                    test.span,
                    {it.next[0], it.next[1]}};
            targets = {it.next[1], it.next[0]};
        }
        made[at] = node;
        order.push_back(at);
        waiting.insert(waiting.end(), targets.begin(), targets.end());
    }
    for (const int at : order) numbers.try_emplace(at, static_cast<int>(numbers.size()));
    const auto renumber = [&](int at) { return at < 0 ? at : numbers[at]; };
    for (const int at : order) {
        Node node = made[at];
        for (int &next : node.next) next = renumber(next);
        nodes_.push_back(node);
    }
    for (Place &it : places_) it.next = renumber(it.next);
    start_ = renumber(build.start);
}

bool FilterProgram::far_matches(const Node &it, const Packet *p) {
    const bool is_ip = it.base == FilterTest::far_ip;
    const uint8_t *base = is_ip ? p->network_header() : p->transport_header();
    if (!base) return false;
    const uint8_t *at = base + it.offset;
    const uint8_t *end = p->end_data();
    // The bytes that the mask covers must be there.
    const auto covered = static_cast<uint32_t>(4 - __builtin_ctz(it.mask) / 8);
    if (at + covered > end) return false;
    uint32_t word = 0;
    std::memcpy(&word, at, covered);
    return (net32(word) & it.mask) - it.low <= it.span;
}

std::string FilterProgram::text() const {
    const auto target = [](int at) {
        if (at >= 0) return std::to_string(at);
        return result(at) == no_match ? std::string("[X]")
                                      : "[" + std::to_string(result(at)) + "]";
    };
    std::string out;
    for (size_t i = 0; i < nodes_.size(); i += 1) {
        const Node &it = nodes_[i];
        out += format("%3zu  %s[%u]&%08x ", i, it.base % 2 ? "transp" : "ip", it.offset, it.mask);
        if (it.kind == Node::table) {
            for (uint32_t k = it.low; k <= it.low + it.span; k += 1)
                if (places_[k].is_used)
                    out += format(" %08x->%s", places_[k].value, target(places_[k].next).c_str());
        } else {
            out += format(" %08x", it.low);
            if (it.span) out += format("-%08x", it.low + it.span);
            out += "  yes->" + target(it.next[1]);
        }
        out += "  no->" + target(it.next[0]) + "\n";
    }
    if (nodes_.empty()) out += "all->" + target(start_) + "\n";
    return out;
}

} // namespace click
