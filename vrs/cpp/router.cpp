// The way of a frame through the router. What happens to most frames comes first; what is rare
// is kept out of its way.
#include "router.hh"

#include "checksum.hh"
#include "flow.hh"
#include "fragment.hh"

namespace cppvr {
namespace {

// 9,000 bytes over the least MTU of IPv4 (68, RFC 791) are 187 fragments.
constexpr size_t max_fragments = 256;

void request_of(lvrm_neighbour_request &request, uint8_t port, const Address &address) {
    request = {};
    request.port = port;
    request.family = address.family;
    store_address(request.address, address);
}

/// Whether a frame is IPv4 without options and passes all of route_v4's checks. It tells no
/// failure from another, so it needs fewer instructions.
[[gnu::always_inline]] inline bool is_plain(const uint8_t *bytes, uint32_t length) {
    if (length < ethernet_bytes + ipv4_bytes) [[unlikely]] return false;
    const uint8_t *header = bytes + ethernet_bytes;
    // Ethertype, version and header length, type of service, total length, identification.
    const uint64_t first = load64(bytes + 12);
    if (first >> 40 != (ethertype_ipv4 << 8 | 0x45)) [[unlikely]] return false;
    const uint32_t total = first >> 16 & 0xffff;
    if (total < ipv4_bytes || total > length - ethernet_bytes || header[8] <= 1) [[unlikely]]
        return false;
    if (is_bad_source_v4(load32(header + 12))) [[unlikely]] return false;
    if (is_bad_destination_v4(load32(header + 16))) [[unlikely]] return false;
    return ipv4_checksum_holds(header, ipv4_bytes);
}

} // namespace

/// Most frames are IPv4 without options, and their way has a shortcut. A batch is looked up whole
/// before any frame is changed, so that the memory accesses of many frames overlap; then each goes
/// its way in the order they came: by the shortcut, or step by step in route_one. What one does
/// never depends on the other.
struct Router::Batch {
    // Slots are a power of two apart, so that their headers share few sets of the first cache:
    // more frames than these at once would push each other out.
    static constexpr size_t frames = 8;
    static constexpr size_t ahead = 16; // of which the headers are on their way
    std::array<uint32_t, frames> actions; // of plain frames; 0: take it step by step
};

void Router::route(std::span<const lvrm_frame> frames, uint64_t now_ns) {
    tables_.fit_shortcuts();
    // Headers come from another core's cache, one line each. Fetching them to write at once
    // (prefetchw) measured a third slower.
    for (const lvrm_frame frame : frames.first(std::min(frames.size(), Batch::ahead)))
        __builtin_prefetch(data(frame) + ethernet_bytes);
    while (!frames.empty()) {
        if (frames.size() > Batch::ahead) {
            const auto later = frames.subspan(Batch::ahead);
            for (const lvrm_frame frame : later.first(std::min(later.size(), Batch::frames)))
                __builtin_prefetch(data(frame) + ethernet_bytes);
        }
        const auto batch = frames.first(std::min(frames.size(), Batch::frames));
        route_batch(batch, now_ns);
        frames = frames.subspan(batch.size());
    }
    if (tables_.neighbours.waiting_hops() > 0) ask(now_ns);
}

void Router::route_batch(std::span<const lvrm_frame> frames, uint64_t now_ns) {
    Batch batch;
    look_up(frames, batch);
    lvrm_frame done[Batch::frames];
    size_t done_count = 0;
    const uint32_t *action = batch.actions.data();
    for (const lvrm_frame frame : frames) {
        uint8_t *bytes = data(frame);
        uint8_t *header = bytes + ethernet_bytes;
        const uint32_t number = *action++;
        const Shortcut &shortcut = tables_.shortcut(number);
        const uint32_t total = load16(header + 2);
        if ((number == 0) | (total > shortcut.longest_v4)) [[unlikely]] {
            output_.put({done, done_count});
            done_count = 0;
            route_one(frame, now_ns);
            continue;
        }
        std::memcpy(bytes, shortcut.macs, sizeof shortcut.macs);
        decrement_ttl(header);
        done[done_count] =
            lvrm_forward(lvrm_set_length(frame, ethernet_bytes + total), shortcut.port);
        done_count += 1;
    }
    output_.put({done, done_count});
}

void Router::look_up(std::span<const lvrm_frame> frames, Batch &batch) {
    uint32_t *action = batch.actions.data();
    for (const lvrm_frame frame : frames) {
        const uint8_t *bytes = data(frame);
        const bool is_unfiltered =
            tables_.links.data()[lvrm_frame_input_port(frame)].rp_filter == 0;
        const bool is_quick = is_plain(bytes, lvrm_frame_length(frame)) && is_unfiltered;
        *action++ = is_quick ? tables_.routes4.lookup(load32(bytes + ethernet_bytes + 16)) : 0;
    }
}

void Router::route_one(lvrm_frame frame, uint64_t now_ns) {
    uint8_t *bytes = data(frame);
    if (lvrm_frame_length(frame) < ethernet_bytes)
        return output_.drop(frame, LVRM_DROP_BAD_HEADER);
    const uint16_t ethertype = load16(bytes + 12);
    if (ethertype == ethertype_ipv4) return route_v4(frame, bytes, now_ns);
    if (ethertype == ethertype_ipv6) return route_v6(frame, bytes, now_ns);
    output_.drop(frame, LVRM_DROP_NOT_IP);
}

/// RFC 1812 5.2.2 (checks), 5.3.7 (martians), 5.2.4 (next hop), 5.3.1 (time to live).
void Router::route_v4(lvrm_frame frame, uint8_t *bytes, uint64_t now_ns) {
    uint8_t *header = bytes + ethernet_bytes;
    const size_t room = lvrm_frame_length(frame) - ethernet_bytes;
    if (room < ipv4_bytes) [[unlikely]] return output_.drop(frame, LVRM_DROP_BAD_HEADER);
    const size_t header_bytes = (header[0] & 15u) * 4;
    const size_t total = load16(header + 2);
    const bool is_sound = (header[0] >> 4 == 4) & (header_bytes >= ipv4_bytes) &
                          (total >= header_bytes) & (total <= room);
    if (!is_sound) [[unlikely]] return output_.drop(frame, LVRM_DROP_BAD_HEADER);
    if (!ipv4_checksum_holds(header, header_bytes)) [[unlikely]]
        return output_.drop(frame, LVRM_DROP_BAD_CHECKSUM);
    frame = lvrm_set_length(frame, static_cast<uint32_t>(ethernet_bytes + total));
    const uint32_t source = load32(header + 12);
    const uint32_t destination = load32(header + 16);
    if (is_bad_source_v4(source)) [[unlikely]] return output_.drop(frame, LVRM_DROP_BAD_SOURCE);
    if (is_bad_destination_v4(destination)) [[unlikely]]
        return output_.drop(frame, LVRM_DROP_BAD_DESTINATION);
    if (header_bytes > ipv4_bytes) [[unlikely]] {
        const Options options = check_options(header, header_bytes);
        if (options == Options::malformed) return output_.drop(frame, LVRM_DROP_BAD_HEADER);
        if (options == Options::source_route) return output_.drop(frame, LVRM_DROP_SOURCE_ROUTE);
    }
    const uint8_t input_port = static_cast<uint8_t>(lvrm_frame_input_port(frame));
    const uint8_t rp_filter = tables_.links[input_port].rp_filter;
    if (rp_filter != 0 && !is_reverse_path_right(input_port, rp_filter, source)) [[unlikely]]
        return output_.drop(frame, LVRM_DROP_REVERSE_PATH);

    const uint32_t number = tables_.routes4.lookup(destination);
    const Action &action = tables_.actions[number];
    if (number == 0 || action.kind != LVRM_ROUTE_UNICAST) [[unlikely]]
        return refuse(frame, number == 0 ? nullptr : &action, now_ns);
    if (header[8] <= 1) [[unlikely]]
        return report_and_drop(frame, Problem::time_exceeded, LVRM_DROP_TTL_EXPIRED, now_ns);
    const NextHop &hop = action.hops.empty() ? action.hop : choose_v4(action, {header, total});
    const Link &out = tables_.links[hop.port];
    const uint32_t mtu = action.longest_v4(out.mtu);
    if (total > mtu && out.is_up) [[unlikely]]
        return fragment(frame, bytes, hop, mtu, now_ns);
    decrement_ttl(header);
    deliver(frame, bytes, hop, address_v4(destination), now_ns);
}

/// RFC 8200; RFC 4291 2.5 for addresses that stay on their link.
void Router::route_v6(lvrm_frame frame, uint8_t *bytes, uint64_t now_ns) {
    uint8_t *header = bytes + ethernet_bytes;
    const size_t room = lvrm_frame_length(frame) - ethernet_bytes;
    if (room < ipv6_bytes) [[unlikely]] return output_.drop(frame, LVRM_DROP_BAD_HEADER);
    const size_t total = ipv6_bytes + load16(header + 4);
    // Hop-by-hop options without payload would be a jumbogram (RFC 2675), longer than any slot.
    const bool is_jumbo = total == ipv6_bytes && header[6] == 0;
    if (header[0] >> 4 != 6 || total > room || is_jumbo) [[unlikely]]
        return output_.drop(frame, LVRM_DROP_BAD_HEADER);
    frame = lvrm_set_length(frame, static_cast<uint32_t>(ethernet_bytes + total));
    const Address destination = address_v6(header + 24);
    if (is_bad_source_v6(address_v6(header + 8))) [[unlikely]]
        return output_.drop(frame, LVRM_DROP_BAD_SOURCE);
    if (is_bad_destination_v6(destination)) [[unlikely]]
        return output_.drop(frame, LVRM_DROP_BAD_DESTINATION);

    const uint32_t number = tables_.routes6.lookup(destination.v6());
    const Shortcut &shortcut = tables_.shortcut(number);
    if (total <= shortcut.longest_v6 && header[7] > 1) [[likely]] {
        std::memcpy(bytes, shortcut.macs, sizeof shortcut.macs);
        header[7] -= 1;
        return output_.forward(frame, shortcut.port);
    }
    const Action &action = tables_.actions[number];
    if (number == 0 || action.kind != LVRM_ROUTE_UNICAST) [[unlikely]]
        return refuse(frame, number == 0 ? nullptr : &action, now_ns);
    if (header[7] <= 1) [[unlikely]]
        return report_and_drop(frame, Problem::time_exceeded, LVRM_DROP_TTL_EXPIRED, now_ns);
    const NextHop &hop = action.hops.empty() ? action.hop : choose_v6(action, {header, total});
    const Link &out = tables_.links[hop.port];
    const uint32_t mtu = action.longest_v6(out.mtu);
    if (total > mtu && out.is_up) [[unlikely]] {
        report(frame, Problem::too_big, mtu, now_ns);
        return output_.drop(frame, LVRM_DROP_TOO_BIG);
    }
    header[7] -= 1;
    deliver(frame, bytes, hop, destination, now_ns);
}

/// RFC 3704 2.2 (strict) and 2.4 (loose), as Linux's rp_filter.
bool Router::is_reverse_path_right(uint8_t input_port, uint8_t rp_filter, uint32_t source) const {
    const uint32_t number = tables_.routes4.lookup(source);
    if (number == 0) return false;
    const Action &action = tables_.actions[number];
    if (action.kind != LVRM_ROUTE_UNICAST) return false;
    if (rp_filter == 2) return true;
    if (action.hops.empty()) return action.hop.port == input_port;
    for (const NextHop &hop : action.hops)
        if (hop.port == input_port) return true;
    return false;
}

/// Where there is no way on: no route (null), or one that says so.
void Router::refuse(lvrm_frame frame, const Action *action, uint64_t now_ns) {
    if (!action) return report_and_drop(frame, Problem::no_route, LVRM_DROP_NO_ROUTE, now_ns);
    switch (action->kind) {
    case LVRM_ROUTE_LOCAL: return output_.drop(frame, LVRM_DROP_BAD_DESTINATION);
    case LVRM_ROUTE_UNREACHABLE:
        return report_and_drop(frame, Problem::unreachable_route, LVRM_DROP_UNREACHABLE_ROUTE,
                               now_ns);
    case LVRM_ROUTE_PROHIBIT:
        return report_and_drop(frame, Problem::prohibited, LVRM_DROP_PROHIBITED, now_ns);
    default: return output_.drop(frame, LVRM_DROP_BLACKHOLE);
    }
}

/// An IPv4 datagram that is longer than the way out takes.
void Router::fragment(lvrm_frame frame, uint8_t *bytes, const NextHop &hop, uint32_t mtu,
                      uint64_t now_ns) {
    uint8_t *header = bytes + ethernet_bytes;
    const size_t header_bytes = (header[0] & 15u) * 4;
    if (load16(header + 6) & ipv4_dont_fragment) {
        report(frame, Problem::too_big, mtu, now_ns);
        return output_.drop(frame, LVRM_DROP_TOO_BIG);
    }
    const FragmentPlan plan = plan_fragments(header, header_bytes, mtu);
    if (plan.count == 0 || plan.count > max_fragments)
        return output_.drop(frame, LVRM_DROP_TOO_BIG);
    if (LVRM_HEADROOM_BYTES + ethernet_bytes + mtu > link_.slot_bytes)
        return output_.drop(frame, LVRM_DROP_NO_EMPTY_SLOT);
    if (!output_.reserve(plan.count - 1)) return output_.drop(frame, LVRM_DROP_NO_EMPTY_SLOT);
    const Address destination = address_v4(load32(header + 16));
    decrement_ttl(header);
    // All others are copied out before the first one's slot may leave.
    lvrm_frame others[max_fragments];
    for (size_t index = 1; index < plan.count; index += 1) {
        lvrm_frame other = output_.take_reserved();
        uint8_t *to = data(other);
        std::memcpy(to, bytes, ethernet_bytes);
        const size_t length =
            write_fragment(to + ethernet_bytes, header, header_bytes, plan, index);
        others[index] = lvrm_set_length(other, static_cast<uint32_t>(ethernet_bytes + length));
    }
    const size_t first = cut_first_fragment(header, header_bytes, plan);
    frame = lvrm_set_length(frame, static_cast<uint32_t>(ethernet_bytes + first));
    deliver(frame, bytes, hop, destination, now_ns);
    for (size_t index = 1; index < plan.count; index += 1)
        deliver(others[index], data(others[index]), hop, destination, now_ns);
}

const NextHop &Router::choose_v4(const Action &action, std::span<const uint8_t> datagram) const {
    return prefer_up(action, action.choose(flow_hash_v4(datagram)));
}

const NextHop &Router::choose_v6(const Action &action, std::span<const uint8_t> datagram) const {
    return prefer_up(action, action.choose(flow_hash_v6(datagram)));
}

/// The chosen next hop, or another one whose link is up while its own is not.
const NextHop &Router::prefer_up(const Action &action, const NextHop &chosen) const {
    if (tables_.links[chosen.port].is_up) return chosen;
    for (const NextHop &hop : action.hops)
        if (tables_.links[hop.port].is_up) return hop;
    return chosen;
}

/// The last step: out of the next hop's port, to its MAC address, once that is known.
void Router::deliver(lvrm_frame frame, uint8_t *bytes, const NextHop &hop,
                     const Address &destination, uint64_t now_ns) {
    const Link &out = tables_.links[hop.port];
    if (!out.is_up) [[unlikely]]
        return output_.drop(frame, out.is_present ? LVRM_DROP_LINK_DOWN
                                                  : LVRM_DROP_NO_OUTPUT_PORT);
    const bool is_direct = hop.gateway.family == 0;
    const Address &next = is_direct ? destination : hop.gateway;
    const uint64_t spread = (next.low ^ next.high) * 0x9e3779b97f4a7c15 >> 54;
    uint32_t &hint = is_direct ? hints_[spread] : hop.neighbour_hint;
    Neighbour *neighbour = tables_.neighbours.find(hop.port, next, hint);
    if (!neighbour) [[unlikely]] return wait(frame, hop.port, next, now_ns);
    finish(frame, bytes, *neighbour, out, now_ns);
}

void Router::finish(lvrm_frame frame, uint8_t *bytes, Neighbour &neighbour, const Link &out,
                    uint64_t now_ns) {
    std::memcpy(bytes, neighbour.mac, 6);
    std::memcpy(bytes + 6, out.mac, 6);
    if (neighbour.is_stale && now_ns - neighbour.renewed_ns >= renew_after_ns) [[unlikely]] {
        lvrm_neighbour_request request;
        request_of(request, neighbour.port, neighbour.address);
        if (host_.ask(LVRM_EVENT_RENEW_NEIGHBOUR, request)) {
            neighbour.renewed_ns = now_ns;
            host_.tell(news_of(LVRM_EVENT_RENEW_NEIGHBOUR, neighbour.port, neighbour.address));
        }
    }
    output_.forward(frame, neighbour.port);
}

void Router::wait(lvrm_frame frame, uint8_t port, const Address &next, uint64_t now_ns) {
    // RFC 2644: directed broadcasts are not forwarded. A broadcast address never is a known
    // neighbour (control.cpp), so it ends here, off the main path.
    if (tables_.is_broadcast(port, next)) return output_.drop(frame, LVRM_DROP_BAD_DESTINATION);
    if (tables_.neighbours.wait(port, next, frame, now_ns) != Neighbours::Queued::waits)
        output_.drop(frame, LVRM_DROP_NEIGHBOUR_QUEUE_FULL);
}

void Router::ask(uint64_t now_ns) {
    tables_.neighbours.ask_due(now_ns, [&](const Waiting &it) {
        if (!requests_.take(now_ns)) return false;
        lvrm_neighbour_request request;
        request_of(request, it.port, it.address);
        if (!host_.ask(LVRM_EVENT_NEED_NEIGHBOUR, request)) return false;
        host_.tell(news_of(LVRM_EVENT_NEED_NEIGHBOUR, it.port, it.address));
        return true;
    });
}

void Router::tick(uint64_t now_ns) {
    while (const auto expired = tables_.neighbours.take_expired(now_ns))
        give_up(expired->frames, now_ns);
    ask(now_ns);
}

bool Router::neighbour_resolved(uint8_t port, const Address &address, uint64_t now_ns) {
    const std::vector<lvrm_frame> frames = tables_.neighbours.take_waiting(port, address);
    NextHop hop{.gateway = address, .port = port};
    for (const lvrm_frame frame : frames) deliver(frame, data(frame), hop, address, now_ns);
    return !frames.empty();
}

void Router::tell_learned(const lvrm_neighbour_event &neighbour) {
    NeighbourNews news;
    news.kind = LVRM_EVENT_NEIGHBOUR;
    news.neighbour = neighbour;
    host_.tell(news);
}

void Router::neighbour_failed(uint8_t port, const Address &address, uint64_t now_ns) {
    give_up(tables_.neighbours.take_waiting(port, address), now_ns);
}

void Router::give_up(std::span<const lvrm_frame> frames, uint64_t now_ns) {
    for (const lvrm_frame frame : frames)
        report_and_drop(frame, Problem::no_neighbour, LVRM_DROP_NO_NEIGHBOUR, now_ns);
}

void Router::drop_waiting() {
    constexpr uint64_t end_of_time = ~uint64_t{0};
    while (const auto waiting = tables_.neighbours.take_expired(end_of_time))
        for (const lvrm_frame frame : waiting->frames)
            output_.drop(frame, LVRM_DROP_NO_NEIGHBOUR);
}

void Router::report_and_drop(lvrm_frame frame, Problem problem, lvrm_drop reason,
                             uint64_t now_ns) {
    report(frame, problem, 0, now_ns);
    output_.drop(frame, reason);
}

/// Sends an ICMP error to the frame's source, where that is allowed and possible: it goes the way
/// that the routes say, like any datagram of this router.
void Router::report(lvrm_frame frame, Problem problem, uint32_t mtu, uint64_t now_ns) {
    const std::span<const uint8_t> offending{data(frame), lvrm_frame_length(frame)};
    const bool is_v4 = load16(&offending[12]) == ethertype_ipv4;
    if (!(is_v4 ? may_report_v4(offending) : may_report_v6(offending))) return;
    const uint8_t *header = &offending[ethernet_bytes];
    const Address to = is_v4 ? address_v4(load32(header + 12)) : address_v6(header + 8);
    const uint32_t number =
        is_v4 ? tables_.routes4.lookup(to.v4()) : tables_.routes6.lookup(to.v6());
    const Action &action = tables_.actions[number];
    if (number == 0 || action.kind != LVRM_ROUTE_UNICAST) return;
    const uint8_t input_port = static_cast<uint8_t>(lvrm_frame_input_port(frame));
    const Address *source = tables_.error_source(input_port, to);
    if (!source || !errors_.take(now_ns) || !output_.reserve(1)) return;

    const lvrm_frame error = output_.take_reserved();
    uint8_t *bytes = data(error);
    identification_ += 1;
    const size_t length =
        is_v4 ? write_error_v4(bytes, offending, *source, problem, mtu, identification_)
              : write_error_v6(bytes, offending, *source, problem, mtu);
    const std::span<const uint8_t> datagram{bytes + ethernet_bytes, length - ethernet_bytes};
    const NextHop &hop = action.hops.empty() ? action.hop
                         : is_v4             ? choose_v4(action, datagram)
                                             : choose_v6(action, datagram);
    deliver(lvrm_set_length(error, static_cast<uint32_t>(length)), bytes, hop, to, now_ns);
}

} // namespace cppvr
