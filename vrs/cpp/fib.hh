// Longest-prefix match: a multibit trie with pushed leaves. The first 16 bits index a table, each
// further `stride` bits a node of 2^stride entries; every entry is a node or the answer, so a
// lookup is one load per level, whatever the number of routes. A hash map beside it holds the
// prefixes themselves, so that a removed one uncovers the next shorter one.
#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "address.hh"

namespace cppvr {

/// `Key` is the address as an unsigned number; IPv4: uint32_t, IPv6: Word128.
template <class Key, unsigned stride> class Fib {
  public:
    static constexpr unsigned bits = sizeof(Key) * 8;
    static constexpr uint32_t max_value = (1u << 23) - 1;

    Fib() : root_(size_t{1} << 16, 0) {}

    /// The value of the longest prefix that holds `key`; 0: none does.
    uint32_t lookup(Key key) const {
        // No index comes from outside: the key is shifted to the width of a level, and `descend`
        // made every child. So this goes past the library's checks.
        const Node *const nodes = nodes_.data();
        uint32_t entry = root_.data()[static_cast<size_t>(key >> (bits - 16))];
        key = static_cast<Key>(key << 16);
        while (entry & child_bit) {
            entry = nodes[entry & ~child_bit].data()[static_cast<size_t>(key >> (bits - stride))];
            key = static_cast<Key>(key << stride);
        }
        return entry & max_value;
    }

    /// Sets the value (1..max_value) of a prefix; its bits after `length` must be zero. Returns the
    /// value that it replaces, or 0. `generation` is for `sweep`.
    uint32_t set(Key prefix, unsigned length, uint32_t value, uint32_t generation = 0) {
        auto [at, is_new] = prefixes_.try_emplace(Prefix{prefix, length});
        const uint32_t old = at->second.value;
        at->second = {value, generation};
        if (is_new) counts_[length] += 1;
        if (old != value) paint(prefix, length, leaf(length, value));
        return old;
    }

    /// Removes a prefix. Returns its value, or 0 when it was not there.
    uint32_t remove(Key prefix, unsigned length) {
        const auto at = prefixes_.find(Prefix{prefix, length});
        if (at == prefixes_.end()) return 0;
        const uint32_t old = at->second.value;
        prefixes_.erase(at);
        counts_[length] -= 1;
        paint(prefix, length, cover(prefix, length));
        return old;
    }

    /// Removes every prefix that was last set in another generation; calls `gone(value)` for each.
    template <class Gone> void sweep(uint32_t generation, Gone gone) {
        std::vector<Prefix> old;
        for (const auto &[prefix, held] : prefixes_)
            if (held.generation != generation) old.push_back(prefix);
        for (const Prefix &prefix : old) gone(remove(prefix.bits, prefix.length));
    }

    size_t size() const { return prefixes_.size(); }
    size_t nodes_in_use() const { return nodes_.size() - spare_nodes_.size(); }

    static Key mask(unsigned length) {
        return length == 0 ? Key{0} : static_cast<Key>(~Key{0} << (bits - length));
    }

  private:
    static constexpr uint32_t child_bit = 1u << 31;
    static constexpr size_t fan_out = size_t{1} << stride;
    struct alignas(64) Node : std::array<uint32_t, fan_out> {};
    struct Prefix {
        Key bits;
        unsigned length;
        bool operator==(const Prefix &) const = default;
    };
    struct Held {
        uint32_t value = 0;
        uint32_t generation = 0;
    };
    struct Hash {
        size_t operator()(const Prefix &p) const {
            uint64_t h = static_cast<uint64_t>(p.bits) ^ p.length * 0x9e3779b97f4a7c15;
            if constexpr (bits > 64) h ^= static_cast<uint64_t>(p.bits >> 64) * 0xc2b2ae3d27d4eb4f;
            h = (h ^ h >> 31) * 0xff51afd7ed558ccd;
            return h ^ h >> 29;
        }
    };

    // An entry that is no child: prefix length in 8 bits, then the value. 0: no route.
    static uint32_t leaf(unsigned length, uint32_t value) { return length << 23 | value; }
    static unsigned length_of(uint32_t entry) { return entry >> 23; }

    /// The leaf of the longest prefix shorter than `length` that holds `prefix`.
    uint32_t cover(Key prefix, unsigned length) const {
        while (length-- > 0) {
            if (counts_[length] == 0) continue;
            const auto at = prefixes_.find(Prefix{static_cast<Key>(prefix & mask(length)), length});
            if (at != prefixes_.end()) return leaf(length, at->second.value);
        }
        return 0;
    }

    /// Puts `entry` wherever `prefix` is the longest match. Those entries, and before a new prefix
    /// its shorter covers, are exactly the leaves in its range whose length is at most its own.
    void paint(Key prefix, unsigned length, uint32_t entry) {
        std::array<uint32_t, (bits - 16) / stride> path{};
        size_t depth = 0;
        unsigned seen = 16;
        size_t index = static_cast<size_t>(prefix >> (bits - 16));
        while (length > seen) {
            path[depth] = descend(depth == 0 ? nullptr : &path[depth - 1], index);
            seen += stride;
            index = static_cast<size_t>(prefix >> (bits - seen)) & (fan_out - 1);
            depth += 1;
        }
        uint32_t *level = depth == 0 ? root_.data() : nodes_[path[depth - 1]].data();
        paint_range(level + index, size_t{1} << (seen - length), length, entry);
        while (depth > 0 && try_collapse(path, depth, prefix)) depth -= 1;
    }

    /// The node below entry `index` of the level (`parent`; null: the root), made if it is a leaf.
    uint32_t descend(const uint32_t *parent, size_t index) {
        const uint32_t entry = parent ? nodes_[*parent][index] : root_[index];
        if (entry & child_bit) return entry & ~child_bit;
        uint32_t made;
        if (spare_nodes_.empty()) {
            made = static_cast<uint32_t>(nodes_.size());
            nodes_.emplace_back();
        } else {
            made = spare_nodes_.back();
            spare_nodes_.pop_back();
        }
        nodes_[made].fill(entry);
        (parent ? nodes_[*parent][index] : root_[index]) = made | child_bit;
        return made;
    }

    void paint_range(uint32_t *at, size_t count, unsigned length, uint32_t entry) {
        for (size_t i = 0; i < count; i += 1) {
            if (at[i] & child_bit)
                paint_range(nodes_[at[i] & ~child_bit].data(), fan_out, length, entry);
            else if (length_of(at[i]) <= length)
                at[i] = entry;
        }
    }

    /// Folds the deepest node of the path into its parent's entry when it holds one leaf only.
    bool try_collapse(const std::array<uint32_t, (bits - 16) / stride> &path, size_t depth,
                      Key prefix) {
        const Node &node = nodes_[path[depth - 1]];
        if (node[0] & child_bit) return false;
        for (const uint32_t entry : node)
            if (entry != node[0]) return false;
        const unsigned above = 16 + static_cast<unsigned>(depth - 1) * stride;
        const size_t key = static_cast<size_t>(prefix >> (bits - above));
        if (depth == 1)
            root_[key] = node[0];
        else
            nodes_[path[depth - 2]][key & (fan_out - 1)] = node[0];
        spare_nodes_.push_back(path[depth - 1]);
        return true;
    }

    std::vector<uint32_t> root_;
    std::vector<Node> nodes_;
    std::vector<uint32_t> spare_nodes_;
    std::unordered_map<Prefix, Held, Hash> prefixes_;
    std::array<uint32_t, bits + 1> counts_{}; // of prefixes, by length
};

// IPv6 takes nodes of one cache line: twice the levels, a sixth of the memory.
using Fib4 = Fib<uint32_t, 8>;
using Fib6 = Fib<Word128, 4>;

} // namespace cppvr
