// Changes and slow look-ups of the tables.
#include "tables.hh"

namespace cppvr {

uint8_t Tables::find_port(const PortName &name) const {
    for (size_t port = 0; port < LVRM_MAX_PORTS; port += 1) {
        const Link &link = links[port];
        if (link.is_present && link.vlan == name.vlan && name.interface == link.name)
            return static_cast<uint8_t>(port);
    }
    return LVRM_NO_PORT;
}

void Tables::set_route(const Address &prefix, unsigned length, uint32_t action,
                       uint32_t generation) {
    // An equal action is the same number, and then the prefix held it once already.
    if (prefix.family == 4) {
        const uint32_t bits = prefix.v4() & Fib4::mask(length);
        actions.release(routes4.set(bits, length, action, generation));
    } else {
        const Word128 bits = prefix.v6() & Fib6::mask(length);
        actions.release(routes6.set(bits, length, action, generation));
    }
}

void Tables::remove_route(const Address &prefix, unsigned length) {
    if (prefix.family == 4)
        actions.release(routes4.remove(prefix.v4() & Fib4::mask(length), length));
    else
        actions.release(routes6.remove(prefix.v6() & Fib6::mask(length), length));
}

const Address *Tables::error_source(uint8_t port, const Address &destination) const {
    const PortAddress *best = nullptr;
    int best_rank = -1;
    for (const PortAddress &it : addresses) {
        if (it.address.family != destination.family) continue;
        // A link-local source would mean nothing behind the next router.
        if (destination.family == 6 && is_link_local_v6(it.address)) continue;
        int rank = it.port == port ? 2 : 0;
        if (it.address.shares_prefix(destination, it.prefix_length)) rank += 1;
        if (rank <= best_rank) continue;
        best = &it;
        best_rank = rank;
    }
    return best ? &best->address : nullptr;
}

bool Tables::is_broadcast(uint8_t port, const Address &address) const {
    if (address.family != 4) return false;
    for (const PortAddress &it : addresses) {
        // RFC 3021: a /31 has none.
        if (it.port != port || it.address.family != 4 || it.prefix_length > 30) continue;
        if ((it.address.v4() | ~Fib4::mask(it.prefix_length)) == address.v4()) return true;
    }
    return false;
}

void Tables::make_shortcut(Shortcut &shortcut, uint32_t number) {
    shortcut = {};
    shortcut.version = version;
    const Action &action = actions[number];
    const NextHop &hop = action.hop;
    if (number == 0 || action.kind != LVRM_ROUTE_UNICAST || !action.hops.empty()) return;
    if (hop.gateway.family == 0) return;
    const Link &out = links[hop.port];
    if (!out.is_up) return;
    const Neighbour *neighbour = neighbours.find(hop.port, hop.gateway, hop.neighbour_hint);
    // A stale one is asked after while it is used; that takes a look at the clock.
    if (!neighbour || neighbour->is_stale) return;
    std::memcpy(shortcut.macs, neighbour->mac, 6);
    std::memcpy(shortcut.macs + 6, out.mac, 6);
    shortcut.port = hop.port;
    shortcut.longest_v4 = action.longest_v4(out.mtu);
    shortcut.longest_v6 = action.longest_v6(out.mtu);
}

void Tables::sweep(uint32_t generation) {
    const auto release = [&](uint32_t action) { actions.release(action); };
    routes4.sweep(generation, release);
    routes6.sweep(generation, release);
    neighbours.sweep(generation);
    std::erase_if(addresses, [&](const PortAddress &it) { return it.generation != generation; });
    for (Link &link : links)
        if (link.is_present && link.generation != generation) link = {};
}

} // namespace cppvr
