// The router: takes a frame, and forwards it, drops it with a reason, lets it wait for its next
// hop, or answers it with an ICMP error. It knows no link and no clock: frames are words over an
// arena, time is told, and what it makes goes to Output.
#pragma once

#include "icmp.hh"
#include "output.hh"
#include "tables.hh"

namespace cppvr {

class Router {
  public:
    /// `link` says where frames lie. All outlive the router.
    Router(const lvrm_vr &link, Tables &tables, Output &output, Host &host)
        : link_(link), tables_(tables), output_(output), host_(host) {}

    /// Routes a batch in place. `now_ns`: monotonic.
    void route(std::span<const lvrm_frame> frames, uint64_t now_ns);

    /// A neighbour became usable: sends what waits for it; whether anything did.
    bool neighbour_resolved(uint8_t port, const Address &address, uint64_t now_ns);
    /// Passes on to the siblings what lvrm said about a neighbour.
    void tell_learned(const lvrm_neighbour_event &neighbour);
    /// The kernel gave a neighbour up: reports and drops what waits for it.
    void neighbour_failed(uint8_t port, const Address &address, uint64_t now_ns);
    /// Asks for next hops, gives up those whose time is over. Call it at least every 100 ms while
    /// frames wait.
    void tick(uint64_t now_ns);
    /// Drops whatever waits, without a report: the router is stopping.
    void drop_waiting();

  private:
    struct Batch;
    void route_batch(std::span<const lvrm_frame> frames, uint64_t now_ns);
    void look_up(std::span<const lvrm_frame> frames, Batch &batch);
    void route_one(lvrm_frame frame, uint64_t now_ns);
    void route_v4(lvrm_frame frame, uint8_t *data, uint64_t now_ns);
    void route_v6(lvrm_frame frame, uint8_t *data, uint64_t now_ns);
    bool is_reverse_path_right(uint8_t input_port, uint8_t rp_filter, uint32_t source) const;
    void refuse(lvrm_frame frame, const Action *action, uint64_t now_ns);
    void fragment(lvrm_frame frame, uint8_t *data, const NextHop &hop, uint32_t mtu,
                  uint64_t now_ns);
    const NextHop &choose_v4(const Action &action, std::span<const uint8_t> datagram) const;
    const NextHop &choose_v6(const Action &action, std::span<const uint8_t> datagram) const;
    const NextHop &prefer_up(const Action &action, const NextHop &chosen) const;
    void deliver(lvrm_frame frame, uint8_t *data, const NextHop &hop, const Address &destination,
                 uint64_t now_ns);
    void finish(lvrm_frame frame, uint8_t *data, Neighbour &neighbour, const Link &out,
                uint64_t now_ns);
    void wait(lvrm_frame frame, uint8_t port, const Address &next, uint64_t now_ns);
    void ask(uint64_t now_ns);
    void give_up(std::span<const lvrm_frame> frames, uint64_t now_ns);
    void report(lvrm_frame frame, Problem problem, uint32_t mtu, uint64_t now_ns);
    void report_and_drop(lvrm_frame frame, Problem problem, lvrm_drop reason, uint64_t now_ns);

    uint8_t *data(lvrm_frame frame) const { return lvrm_frame_data(&link_, frame); }

    const lvrm_vr &link_;
    Tables &tables_;
    Output &output_;
    Host &host_;
    // RFC 1812 4.3.2.8. Linux's defaults: icmp_msgs_per_sec 1000, icmp_msgs_burst 50.
    Limiter errors_{1000, 50};
    // A scan of an attached subnet asks for an address per frame; the kernel's table holds 1024.
    Limiter requests_{100, 100};
    std::array<uint32_t, 1024> hints_{}; // neighbour records of on-link destinations, by hash
    uint16_t identification_ = 0;        // of our own datagrams
};

} // namespace cppvr
