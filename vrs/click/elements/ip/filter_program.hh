// Decision programs: what IPClassifier's and IPFilter's patterns are compiled to. A node compares a
// masked word of the packet with a range and says which node is next. What earlier nodes on every
// way to a node have settled isn't asked again; long rows of equalities become hash tables.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "headers.hh"
#include "packet.hh"

namespace click {

/// ((big-endian word at `offset`) & mask) - low <= span.
struct FilterTest {
    enum Base : uint8_t { ip, transport, far_ip, far_transport };
    Base base = ip; // far: may lie behind the packet's end, where nothing matches
    uint16_t offset = 0;
    uint32_t mask = 0, low = 0, span = 0;
    auto operator<=>(const FilterTest &) const = default;
};

/// A pattern as a tree, in an arena of its own.
struct FilterTree {
    enum Kind : uint8_t { constant, test, both, either, negation, choice };
    struct Node {
        Kind kind = constant;
        bool value = false;
        FilterTest test;
        int child[3] = {-1, -1, -1};
    };
    std::vector<Node> nodes;

    int add(const Node &node) {
        nodes.push_back(node);
        return static_cast<int>(nodes.size()) - 1;
    }
    int make(bool value) { return add({constant, value, {}, {}}); }
    int make(const FilterTest &it) { return add({test, false, it, {}}); }
    int make(Kind kind, int a, int b = -1, int c = -1) {
        return add({kind, false, {}, {a, b, c}});
    }
};

class FilterProgram {
  public:
    static constexpr int no_match = -1;

    /// Patterns in order, each a root in `tree` with what is returned when it is the first that
    /// matches (from 0, or no_match).
    struct Rule {
        int root;
        int result;
    };
    void compile(const FilterTree &tree, const std::vector<Rule> &rules);

    /// Expects a network header mark. Too short for an IP header: no match.
    int run(const Packet *p) const {
        if (start_ < 0) return result(start_);
        const uint8_t *bases[2] = {p->network_header(), p->transport_header()};
        const uint8_t *end = p->end_data();
        if (!bases[0] || bases[0] + sizeof(click_ip) > end) [[unlikely]]
            return no_match;
        uint8_t copy[near_bytes];
        if (!bases[1] || bases[1] + near_bytes > end) {
            std::memset(copy, 0, sizeof copy);
            if (bases[1] && bases[1] < end)
                std::memcpy(copy, bases[1], static_cast<size_t>(end - bases[1]));
            bases[1] = copy;
        }
        int at = start_;
        while (at >= 0) {
            const Node &it = nodes_[static_cast<uint32_t>(at)];
            if (it.kind == Node::near) [[likely]] {
                const uint32_t word = net32(load<uint32_t>(bases[it.base] + it.offset)) & it.mask;
                at = it.next[word - it.low <= it.span];
            } else {
                at = it.kind == Node::table
                         ? look_up(it, net32(load<uint32_t>(bases[it.base] + it.offset)) & it.mask)
                         : it.next[far_matches(it, p)];
            }
        }
        return result(at);
    }
    /// A line per node: "0  ip[12]&ffffffff 01000001  yes->[1]  no->2".
    std::string text() const;

    static constexpr uint32_t near_bytes = 20; // of either header, that need no further check

  private:
    struct Node {
        enum Kind : uint8_t { near, far, table };
        Kind kind;
        uint8_t base;
        uint16_t offset;
        uint32_t mask, low, span; // of a table: first place, places less 1
        int next[2];              // no, yes; negative: result(). Of a table: next[0] when absent
    };
    struct Place {
        uint32_t value;
        int next;
        bool is_used;
    };
    using Key = std::vector<uint32_t>;
    struct Build; // what compile() needs meanwhile

    static int result(int at) { return ~at - 1; }
    static int as_target(int result) { return ~(result + 1); }
    int look_up(const Node &it, uint32_t value) const {
        for (uint32_t i = hash(value) & it.span;; i = (i + 1) & it.span) {
            const Place &place = places_[it.low + i];
            if (!place.is_used) return it.next[0];
            if (place.value == value) return place.next;
        }
    }
    static uint32_t hash(uint32_t value) {
        value *= 0x9e3779b1;
        return value ^ value >> 15;
    }
    static bool far_matches(const Node &it, const Packet *p);
    void emit(const Build &build);
    bool make_table(const Build &build, int at, Node &out, std::vector<int> &targets);

    int start_ = ~0; // no_match
    std::vector<Node> nodes_;
    std::vector<Place> places_;
};

} // namespace click
