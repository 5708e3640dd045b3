// What a route does with a frame. Many prefixes share one action (a table of 100,000 routes rarely
// has more than a few next hops), so actions are interned and counted: the few that are in use stay
// in cache.
#pragma once

#include <lvrm_vr.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "address.hh"

namespace cppvr {

struct NextHop {
    Address gateway; // family 0: the destination is on the link
    uint8_t port = LVRM_NO_PORT;
    uint16_t weight = 1;
    mutable uint32_t neighbour_hint = 0; // where the gateway's neighbour record was last
};

struct Action {
    uint8_t kind = LVRM_ROUTE_BLACKHOLE;
    uint32_t mtu = 0; // of the route; 0: the link's
    uint32_t total_weight = 0; // of `hops`
    uint32_t prefixes = 0; // that share this action
    NextHop hop; // the only one, where `hops` is empty
    std::vector<NextHop> hops; // of a multipath route

    /// Longest datagram of each family that goes out of a link whose longest is `link_mtu`.
    uint32_t longest_v4(uint32_t link_mtu) const {
        return mtu != 0 ? std::min(mtu, link_mtu) : link_mtu;
    }
    uint32_t longest_v6(uint32_t link_mtu) const {
        // RFC 8200 5: no path takes less than 1280, whatever a route says.
        return mtu != 0 ? std::min(std::max(mtu, min_mtu_v6), link_mtu) : link_mtu;
    }

    /// The next hop of a flow, in proportion to the weights (Linux's fib_multipath_hash).
    const NextHop &choose(uint32_t flow_hash) const {
        uint64_t point = static_cast<uint64_t>(flow_hash) * total_weight >> 32;
        for (const NextHop &it : hops) {
            if (point < it.weight) return it;
            point -= it.weight;
        }
        return hops.back();
    }
};

/// Interned actions by number; number 0 is never used.
class Actions {
  public:
    Actions() : all_(1) {}
    const Action &operator[](uint32_t number) const { return all_[number]; }

    /// The number of an equal action, made if there is none, with one more prefix.
    uint32_t acquire(Action action) {
        const std::string key = key_of(action);
        const auto [at, is_new] = numbers_.try_emplace(key, 0);
        if (is_new) {
            if (spare_.empty()) {
                at->second = static_cast<uint32_t>(all_.size());
                all_.push_back(std::move(action));
            } else {
                at->second = spare_.back();
                spare_.pop_back();
                all_[at->second] = std::move(action);
            }
        }
        all_[at->second].prefixes += 1;
        return at->second;
    }

    /// One prefix less. 0 is ignored.
    void release(uint32_t number) {
        if (number == 0) return;
        Action &action = all_[number];
        action.prefixes -= 1;
        if (action.prefixes > 0) return;
        numbers_.erase(key_of(action));
        action = {};
        spare_.push_back(number);
    }

    size_t size() const { return numbers_.size(); }
    /// Numbers ever given out are below this.
    size_t end() const { return all_.size(); }

  private:
    static void add_key(std::string &key, const NextHop &hop) {
        uint8_t bytes[20] = {hop.port, hop.gateway.family};
        store16(bytes + 2, hop.weight);
        store64(bytes + 4, hop.gateway.high);
        store64(bytes + 12, hop.gateway.low);
        key.append(reinterpret_cast<const char *>(bytes), sizeof bytes);
    }
    static std::string key_of(const Action &action) {
        uint8_t bytes[5] = {action.kind};
        store32(bytes + 1, action.mtu);
        std::string key(reinterpret_cast<const char *>(bytes), sizeof bytes);
        if (action.hops.empty()) add_key(key, action.hop);
        for (const NextHop &hop : action.hops) add_key(key, hop);
        return key;
    }

    std::vector<Action> all_;
    std::vector<uint32_t> spare_;
    std::unordered_map<std::string, uint32_t> numbers_;
};

} // namespace cppvr
