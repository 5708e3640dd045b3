// Control events from lvrm into the router's tables. Payloads are checked, though they come from
// the trusted side: a truncated one is ignored, never read past its end.
#pragma once

#include "options.hh"
#include "router.hh"

namespace cppvr {

class Control {
  public:
    /// `static_routes`: the paper's map; if there is any, the kernel's routes are ignored.
    Control(Tables &tables, Router &router, std::span<const StaticRoute> static_routes)
        : tables_(tables), router_(router), static_routes_(static_routes) {}

    /// Takes one event. `payload` holds `header.bytes` bytes.
    void take(const lvrm_event_header &header, const uint8_t *payload, uint64_t now_ns);

    bool is_synchronised() const { return is_synchronised_; }
    bool is_stopping() const { return is_stopping_; }

  private:
    void take_link(const lvrm_link_event &event);
    void take_address(const lvrm_address_event &event);
    void take_route(std::span<const uint8_t> payload);
    void take_neighbour(const lvrm_neighbour_event &event, uint64_t now_ns);
    void take_news(const NeighbourNews &news, uint64_t now_ns);
    void set_static_routes();

    Tables &tables_;
    Router &router_;
    std::span<const StaticRoute> static_routes_;
    // A flush starts a new generation; what its snapshot does not confirm is forgotten at its end,
    // not at its start, so that a resynchronisation loses no frame.
    uint32_t generation_ = 0;
    bool is_synchronised_ = false;
    bool is_stopping_ = false;
};

} // namespace cppvr
