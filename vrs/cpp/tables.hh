// What the router knows of its surroundings: ports, their addresses, routes, neighbours. Written by
// control events (control.cpp), read for every frame.
#pragma once

#include <lvrm_vr.h>

#include <array>
#include <string>
#include <vector>

#include "fib.hh"
#include "neighbours.hh"

namespace cppvr {

struct Link {
    bool is_present = false;
    bool is_up = false;
    uint8_t rp_filter = 0; // RFC 3704: 1 strict, 2 loose
    uint8_t mac[6] = {};
    uint16_t vlan = LVRM_NO_VLAN;
    uint32_t mtu = 0; // longest IP datagram, bytes
    uint32_t generation = 0;
    char name[16] = {}; // zero-terminated
};

struct PortAddress {
    Address address;
    uint8_t port = LVRM_NO_PORT;
    uint8_t prefix_length = 0;
    uint32_t generation = 0;
};

/// A port as the user names it: `eth0`, or `eth0:100` for the frames with that VLAN tag.
struct PortName {
    std::string interface;
    uint16_t vlan = LVRM_NO_VLAN;
};

/// What most frames need of an action, in half a cache line: the rewritten Ethernet addresses and
/// the port, of an action with one gateway whose link is up and whose neighbour is known and needs
/// no renewal. Of any other both lengths are 0, which no datagram meets.
struct Shortcut {
    uint8_t macs[12] = {}; // destination, source
    uint8_t port = LVRM_NO_PORT;
    uint32_t longest_v4 = 0; // datagrams up to these lengths go out as they are, bytes
    uint32_t longest_v6 = 0;
    uint64_t version = 0; // of the tables it was made from
};
static_assert(sizeof(Shortcut) == 32);

struct Tables {
    std::array<Link, 256> links; // number 255, no port, is never present
    std::vector<PortAddress> addresses; // primary ones first, as they came
    Actions actions;
    Fib4 routes4; // to action numbers
    Fib6 routes6;
    Neighbours neighbours;
    uint64_t version = 1; // Control counts it up with every event

    /// Makes room for a shortcut of every action; before `shortcut`, once per batch.
    void fit_shortcuts() {
        if (shortcuts_.size() < actions.end()) [[unlikely]] shortcuts_.resize(actions.end());
    }
    /// The shortcut of an action (one that a route has; 0: of none), as the tables are now. Made
    /// when it is first asked for after a change, so that events stay cheap.
    const Shortcut &shortcut(uint32_t number) {
        Shortcut &it = shortcuts_.data()[number];
        if (it.version != version) [[unlikely]] make_shortcut(it, number);
        return it;
    }
    /// Number of the port that a name stands for, or LVRM_NO_PORT.
    uint8_t find_port(const PortName &name) const;
    /// Sets a route and takes the action's number over from Actions::acquire.
    void set_route(const Address &prefix, unsigned length, uint32_t action, uint32_t generation);
    void remove_route(const Address &prefix, unsigned length);
    /// The source of errors about frames that came in by `port` and go back to `destination`: an
    /// address of that port, the one on the destination's subnet where there are more, else any
    /// port's. Null: there is none of that family.
    const Address *error_source(uint8_t port, const Address &destination) const;
    /// Whether an IPv4 address is the broadcast address of a subnet of that port.
    bool is_broadcast(uint8_t port, const Address &address) const;
    /// Forgets whatever was last set in another generation, waiting frames apart.
    void sweep(uint32_t generation);

  private:
    void make_shortcut(Shortcut &shortcut, uint32_t number);

    std::vector<Shortcut> shortcuts_; // by action number
};

} // namespace cppvr
