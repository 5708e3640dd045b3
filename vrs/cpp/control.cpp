// Reading control events; control.hh says who calls it.
#include "control.hh"

namespace cppvr {
namespace {

/// A payload's struct, if the payload is long enough for it.
template <class T> std::optional<T> read(std::span<const uint8_t> payload) {
    if (payload.size() < sizeof(T)) return std::nullopt;
    return load_native<T>(payload.data());
}

bool is_family(uint8_t family) { return family == 4 || family == 6; }

/// Adds a next hop to an action that is being put together.
void add_hop(Action &action, NextHop hop) {
    hop.weight = std::max<uint16_t>(hop.weight, 1);
    action.total_weight += hop.weight;
    action.hops.push_back(hop);
}

/// One next hop lies in the action itself, where the main path looks first.
Action finish(Action action) {
    if (action.hops.size() != 1) return action;
    action.hop = action.hops.front();
    action.hop.weight = 1; // says nothing here, and equal actions shall be one
    action.hops.clear();
    return action;
}

} // namespace

void Control::take(const lvrm_event_header &header, const uint8_t *payload, uint64_t now_ns) {
    const std::span<const uint8_t> bytes{payload, header.bytes};
    tables_.version += 1;
    switch (header.kind) {
    case LVRM_EVENT_LINK:
        if (const auto event = read<lvrm_link_event>(bytes)) take_link(*event);
        break;
    case LVRM_EVENT_ADDRESS:
        if (const auto event = read<lvrm_address_event>(bytes)) take_address(*event);
        break;
    case LVRM_EVENT_ROUTE:
        if (static_routes_.empty()) take_route(bytes);
        break;
    case LVRM_EVENT_NEIGHBOUR:
        if (const auto event = read<lvrm_neighbour_event>(bytes)) take_neighbour(*event, now_ns);
        break;
    case LVRM_EVENT_SIBLINGS:
        if (const auto news = read<NeighbourNews>(bytes)) take_news(*news, now_ns);
        break;
    case LVRM_EVENT_FLUSH: generation_ += 1; break;
    case LVRM_EVENT_SYNCHRONISED:
        set_static_routes();
        tables_.sweep(generation_);
        is_synchronised_ = true;
        break;
    case LVRM_EVENT_STOP: is_stopping_ = true; break;
    default: break; // a later lvrm's
    }
}

void Control::take_link(const lvrm_link_event &event) {
    if (event.port >= LVRM_MAX_PORTS) return;
    Link &link = tables_.links[event.port];
    link = {};
    if (event.removed) {
        if (is_synchronised_) set_static_routes();
        return;
    }
    link.is_present = true;
    link.is_up = event.up != 0;
    link.rp_filter = event.rp_filter;
    link.mtu = event.mtu != 0 ? event.mtu : 1500;
    link.vlan = event.vlan;
    link.generation = generation_;
    std::memcpy(link.mac, event.mac, sizeof link.mac);
    std::memcpy(link.name, event.name, sizeof link.name - 1);
    if (is_synchronised_) set_static_routes();
}

void Control::take_address(const lvrm_address_event &event) {
    const unsigned bits = event.family == 4 ? 32 : 128;
    if (!is_family(event.family) || event.prefix_length > bits) return;
    const Address address = event_address(event.family, event.address);
    const auto is_it = [&](const PortAddress &it) {
        return it.port == event.port && it.address == address;
    };
    const auto at = std::find_if(tables_.addresses.begin(), tables_.addresses.end(), is_it);
    if (event.removed) {
        if (at != tables_.addresses.end()) tables_.addresses.erase(at);
    } else if (at == tables_.addresses.end()) {
        tables_.addresses.push_back({address, event.port, event.prefix_length, generation_});
    } else {
        *at = {address, event.port, event.prefix_length, generation_};
    }
}

void Control::take_route(std::span<const uint8_t> payload) {
    const auto event = read<lvrm_route_event>(payload);
    if (!event || !is_family(event->family)) return;
    if (event->prefix_length > (event->family == 4 ? 32 : 128)) return;
    const Address prefix = event_address(event->family, event->prefix);
    if (event->removed) return tables_.remove_route(prefix, event->prefix_length);

    const size_t count = event->next_hops;
    if (count > LVRM_MAX_NEXT_HOPS) return;
    if (payload.size() < sizeof *event + count * sizeof(lvrm_next_hop)) return;
    Action action;
    action.kind = event->kind;
    action.mtu = event->mtu;
    for (size_t i = 0; i < count; i += 1) {
        const auto at = payload.subspan(sizeof *event + i * sizeof(lvrm_next_hop));
        const auto hop = load_native<lvrm_next_hop>(at.data());
        if (hop.family != 0 && !is_family(hop.family)) return;
        Address gateway;
        if (hop.family != 0) gateway = event_address(hop.family, hop.gateway);
        add_hop(action, {.gateway = gateway, .port = hop.port, .weight = hop.weight});
    }
    tables_.set_route(prefix, event->prefix_length,
                      tables_.actions.acquire(finish(std::move(action))), generation_);
}

void Control::take_neighbour(const lvrm_neighbour_event &event, uint64_t now_ns) {
    if (!is_family(event.family) || event.port >= LVRM_MAX_PORTS) return;
    const Address address = event_address(event.family, event.address);
    // RFC 1812 3.3.2: nobody's link-layer address is a broadcast or multicast one. The kernel has
    // such an entry for each broadcast address that somebody tried.
    const bool is_group = event.mac[0] & 1;
    if (event.removed || is_group) {
        tables_.neighbours.remove(event.port, address);
        return router_.neighbour_failed(event.port, address, now_ns);
    }
    if (!tables_.neighbours.set(event.port, address, event.mac, event.stale != 0, generation_))
        return;
    // Its siblings may wait for the same answer.
    if (router_.neighbour_resolved(event.port, address, now_ns)) router_.tell_learned(event);
}

/// A sibling's word about a neighbour. What lvrm said itself is not touched; what only a sibling
/// said is stale until lvrm says so too, so it is confirmed as soon as it is used.
void Control::take_news(const NeighbourNews &news, uint64_t now_ns) {
    const lvrm_neighbour_event &it = news.neighbour;
    if (news.magic != NeighbourNews::magic_v1) return;
    if (!is_family(it.family) || it.port >= LVRM_MAX_PORTS) return;
    const Address address = event_address(it.family, it.address);
    uint32_t hint = 0;
    Neighbour *known = tables_.neighbours.find(it.port, address, hint);
    if (news.kind == LVRM_EVENT_NEED_NEIGHBOUR)
        return tables_.neighbours.note_asked(it.port, address, now_ns);
    if (news.kind == LVRM_EVENT_RENEW_NEIGHBOUR && known) known->renewed_ns = now_ns;
    if (news.kind != LVRM_EVENT_NEIGHBOUR || known || it.removed || it.mac[0] & 1) return;
    if (!tables_.neighbours.set(it.port, address, it.mac, true, generation_)) return;
    router_.neighbour_resolved(it.port, address, now_ns);
}

/// Puts the static map in force for the ports as they are now.
void Control::set_static_routes() {
    for (const StaticRoute &route : static_routes_) {
        const uint8_t port = tables_.find_port(route.port);
        Action action;
        action.kind = LVRM_ROUTE_UNICAST;
        add_hop(action, {.gateway = route.gateway, .port = port});
        tables_.set_route(route.prefix, route.prefix_length,
                          tables_.actions.acquire(finish(std::move(action))), generation_);
    }
}

} // namespace cppvr
