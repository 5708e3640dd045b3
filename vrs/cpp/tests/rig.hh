// A router without lvrm: an arena of its own, a host that records, and frames made from parts.
#pragma once

#include <deque>

#include "check.hh"
#include "checksum.hh"
#include "control.hh"

namespace cppvr::test {

using Bytes = std::vector<uint8_t>;

/// A checked IPv4 datagram in an Ethernet frame; fields may be spoilt afterwards.
struct V4 {
    uint32_t source = 0x0a000105;      // 10.0.1.5
    uint32_t destination = 0x0a000207; // 10.0.2.7
    uint8_t protocol = protocol_udp;
    uint8_t ttl = 64;
    uint16_t flags = 0; // and fragment offset
    Bytes options = {};
    Bytes payload = Bytes(26, 0x5a);

    Bytes frame() const {
        Bytes bytes = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0};
        const size_t header_bytes = ipv4_bytes + options.size();
        bytes.resize(ethernet_bytes + header_bytes);
        uint8_t *header = &bytes[ethernet_bytes];
        header[0] = static_cast<uint8_t>(0x40 | header_bytes / 4);
        store16(header + 2, static_cast<uint16_t>(header_bytes + payload.size()));
        store16(header + 4, 0x1234);
        store16(header + 6, flags);
        header[8] = ttl;
        header[9] = protocol;
        store32(header + 12, source);
        store32(header + 16, destination);
        std::copy(options.begin(), options.end(), header + ipv4_bytes);
        store16(header + 10, checksum({header, header_bytes}));
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        return bytes;
    }
};

struct V6 {
    Address source = {0x20010db800010000, 5, 6};
    Address destination = {0x20010db800020000, 7, 6};
    uint8_t next = protocol_udp;
    uint8_t hop_limit = 64;
    Bytes payload = Bytes(26, 0x5a);

    Bytes frame() const {
        Bytes bytes = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x86, 0xdd};
        bytes.resize(ethernet_bytes + ipv6_bytes);
        uint8_t *header = &bytes[ethernet_bytes];
        header[0] = 0x60;
        store16(header + 4, static_cast<uint16_t>(payload.size()));
        header[6] = next;
        header[7] = hop_limit;
        store_address(header + 8, source);
        store_address(header + 24, destination);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        return bytes;
    }
};

/// A frame that the router gave back.
struct Sent {
    bool is_dropped;
    uint32_t output; // port or reason
    Bytes bytes;
};

struct Asked {
    uint16_t kind;
    uint8_t port;
    Address address;
};

/// Ports 1 (10.0.1.1/24, 2001:db8:1::1/64) and 2 (10.0.2.1/24, 2001:db8:2::1/64), up, MTU 1500;
/// neighbours .5 on port 1 and .7 on port 2; both subnets routed on the link.
class Rig final : public Host {
  public:
    static constexpr size_t slots = 1024;
    static constexpr size_t slot_bytes = 2048;

    explicit Rig(std::vector<StaticRoute> routes = {}, size_t bytes_per_slot = slot_bytes)
        : memory_(slots * bytes_per_slot),
          link_{memory_.data(), bytes_per_slot, memory_.size()}, output_(*this),
          routes_(std::move(routes)), router(link_, tables, output_, *this),
          control(tables, router, routes_) {
        for (size_t i = 0; i < slots; i += 1) free_.push_back(i);
        for (uint32_t i = 1; i <= 2; i += 1) {
            const auto n = static_cast<uint8_t>(i);
            link(n);
            address(n, address_v4(0x0a000001 | i << 8), 24);
            address(n, {0x20010db800000000 | static_cast<uint64_t>(n) << 16, 1, 6}, 64);
            const uint8_t host = n == 1 ? 5 : 7;
            neighbour(n, address_v4(0x0a000000 | i << 8 | host));
            neighbour(n, {0x20010db800000000 | static_cast<uint64_t>(n) << 16, host, 6});
            route(address_v4(0x0a000000 | i << 8), 24, {on_link(n)});
            route({0x20010db800000000 | static_cast<uint64_t>(n) << 16, 0, 6}, 64, {on_link(n)});
        }
        event(LVRM_EVENT_SYNCHRONISED, {});
    }

    // ---- events
    void event(uint16_t kind, const Bytes &payload) {
        const lvrm_event_header header{static_cast<uint16_t>(payload.size()), kind, ~0u};
        // A copy of exactly that size, so that a read past its end is seen by sanitisers.
        const Bytes exact(payload);
        control.take(header, exact.data(), now_ns);
        output_.flush();
    }
    template <class T> static Bytes bytes_of(const T &value) {
        const auto *first = reinterpret_cast<const uint8_t *>(&value);
        return Bytes(first, first + sizeof value);
    }
    void link(uint8_t port, bool is_up = true, uint32_t mtu = 1500, uint8_t rp_filter = 0,
              bool is_removed = false) {
        lvrm_link_event it{};
        it.port = port;
        it.up = is_up;
        it.removed = is_removed;
        it.mtu = mtu;
        it.rp_filter = rp_filter;
        it.vlan = LVRM_NO_VLAN;
        it.mac[0] = 2;
        it.mac[5] = port;
        std::snprintf(reinterpret_cast<char *>(it.name), sizeof it.name, "eth%d", port);
        event(LVRM_EVENT_LINK, bytes_of(it));
    }
    void address(uint8_t port, const Address &address, uint8_t length, bool is_removed = false) {
        lvrm_address_event it{};
        it.port = port;
        it.family = address.family;
        it.prefix_length = length;
        it.removed = is_removed;
        store_address(it.address, address);
        event(LVRM_EVENT_ADDRESS, bytes_of(it));
    }
    void neighbour(uint8_t port, const Address &address, bool is_removed = false,
                   bool is_stale = false) {
        lvrm_neighbour_event it{};
        it.port = port;
        it.family = address.family;
        it.removed = is_removed;
        it.stale = is_stale;
        it.mac[0] = 6;
        it.mac[4] = port;
        it.mac[5] = static_cast<uint8_t>(address.low);
        store_address(it.address, address);
        event(LVRM_EVENT_NEIGHBOUR, bytes_of(it));
    }
    static lvrm_next_hop on_link(uint8_t port) {
        lvrm_next_hop hop{};
        hop.port = port;
        hop.weight = 1;
        return hop;
    }
    static lvrm_next_hop via(uint8_t port, const Address &gateway, uint16_t weight = 1) {
        lvrm_next_hop hop = on_link(port);
        hop.family = gateway.family;
        hop.weight = weight;
        store_address(hop.gateway, gateway);
        return hop;
    }
    static Bytes route_payload(const Address &prefix, uint8_t length,
                               const std::vector<lvrm_next_hop> &hops, uint8_t kind, uint32_t mtu,
                               bool is_removed) {
        lvrm_route_event it{};
        it.family = prefix.family;
        it.prefix_length = length;
        it.removed = is_removed;
        it.kind = kind;
        it.next_hops = static_cast<uint8_t>(hops.size());
        it.mtu = mtu;
        store_address(it.prefix, prefix);
        Bytes payload = bytes_of(it);
        for (const lvrm_next_hop &hop : hops) {
            const Bytes more = bytes_of(hop);
            payload.insert(payload.end(), more.begin(), more.end());
        }
        return payload;
    }
    void route(const Address &prefix, uint8_t length, const std::vector<lvrm_next_hop> &hops,
               uint8_t kind = LVRM_ROUTE_UNICAST, uint32_t mtu = 0, bool is_removed = false) {
        event(LVRM_EVENT_ROUTE, route_payload(prefix, length, hops, kind, mtu, is_removed));
    }

    // ---- frames
    lvrm_frame place(const Bytes &bytes, uint8_t port) {
        lvrm_frame frame = take_slot();
        frame = lvrm_set_length(frame, static_cast<uint32_t>(bytes.size()));
        frame |= static_cast<uint64_t>(port) << LVRM_INPUT_PORT_SHIFT;
        std::copy(bytes.begin(), bytes.end(), lvrm_frame_data(&link_, frame));
        return frame;
    }
    /// Routes one frame; what came of it, oldest first.
    std::vector<Sent> pass(const Bytes &bytes, uint8_t port = 1) {
        const lvrm_frame frame = place(bytes, port);
        router.route({&frame, 1}, now_ns);
        return take_sent();
    }
    std::vector<Sent> take_sent() {
        output_.flush();
        return std::exchange(sent_, {});
    }
    /// Advances the clock and lets the router's timers run.
    std::vector<Sent> advance(uint64_t ns) {
        now_ns += ns;
        router.tick(now_ns);
        return take_sent();
    }
    size_t slots_out() const { return slots - free_.size(); }

    // ---- Host
    void send(std::span<const lvrm_frame> frames) override {
        for (const lvrm_frame frame : frames) {
            const uint8_t *data = lvrm_frame_data(&link_, frame);
            const uint32_t output = frame >> LVRM_OUTPUT_SHIFT & LVRM_OUTPUT_MASK;
            const bool is_dropped = frame >> LVRM_DROPPED_SHIFT & LVRM_DROPPED_MASK;
            sent_.push_back({is_dropped, output, Bytes(data, data + lvrm_frame_length(frame))});
            CHECK(lvrm_frame_offset(frame) + lvrm_frame_length(frame) <= link_.slot_bytes);
            free_.push_back(frame & LVRM_SLOT_MASK);
        }
    }
    size_t take_empty(std::span<lvrm_frame> frames) override {
        size_t count = 0;
        while (count < frames.size() && empties_left > 0 && !free_.empty()) {
            frames[count] = take_slot();
            empties_left -= 1;
            count += 1;
        }
        return count;
    }
    bool ask(uint16_t kind, const lvrm_neighbour_request &request) override {
        if (requests_blocked) return false;
        asked.push_back({kind, request.port, event_address(request.family, request.address)});
        return true;
    }
    void tell(const NeighbourNews &news) override { told.push_back(bytes_of(news)); }
    /// Gives what this one told to another, as lvrm would.
    void relay_to(Rig &other) {
        for (const Bytes &payload : std::exchange(told, {}))
            other.event(LVRM_EVENT_SIBLINGS, payload);
    }

  private:
    lvrm_frame take_slot() {
        const lvrm_frame slot = free_.front();
        free_.pop_front();
        const lvrm_frame frame = slot | uint64_t{1} << LVRM_PRESENT_SHIFT;
        return lvrm_set_offset(frame, LVRM_HEADROOM_BYTES);
    }

    Bytes memory_;
    lvrm_vr link_;
    Output output_;
    std::vector<StaticRoute> routes_;
    std::deque<lvrm_frame> free_;
    std::vector<Sent> sent_;

  public:
    uint64_t now_ns = 100 * second_ns;
    size_t empties_left = 1000;
    std::vector<Asked> asked;
    std::vector<Bytes> told;
    bool requests_blocked = false;
    Tables tables;
    Router router;
    Control control;
};

inline bool is_drop(const std::vector<Sent> &sent, lvrm_drop reason) {
    return !sent.empty() && sent.back().is_dropped && sent.back().output == reason;
}
inline bool is_dropped_alone(const std::vector<Sent> &sent, lvrm_drop reason) {
    return sent.size() == 1 && is_drop(sent, reason);
}
/// Whether an ICMP error of that type and code went out of `port`, and then the drop.
inline bool is_reported(const std::vector<Sent> &sent, uint8_t port, uint8_t type, uint8_t code,
                        lvrm_drop reason) {
    if (sent.size() != 2 || sent[0].is_dropped || sent[0].output != port) return false;
    const Bytes &bytes = sent[0].bytes;
    const size_t at = ethernet_bytes + (load16(&bytes[12]) == ethertype_ipv4 ? 20 : 40);
    return bytes[at] == type && bytes[at + 1] == code && is_drop(sent, reason);
}

} // namespace cppvr::test
