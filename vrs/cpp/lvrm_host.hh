// The link to lvrm as the router's host.
#pragma once

#include <time.h>

#include "limiter.hh"
#include "output.hh"

namespace cppvr {

class LvrmHost final : public Host {
  public:
    explicit LvrmHost(lvrm_vr *vr) : vr_(vr) {}

    void send(std::span<const lvrm_frame> frames) override {
        // It takes fewer only when lvrm is gone, and then the main loop ends.
        lvrm_vr_send(vr_, frames.data(), frames.size());
    }
    size_t take_empty(std::span<lvrm_frame> frames) override {
        return lvrm_vr_take_empty(vr_, frames.data(), frames.size());
    }
    bool ask(uint16_t kind, const lvrm_neighbour_request &request) override {
        return lvrm_vr_send_event(vr_, kind, &request, sizeof request) == 0;
    }
    void tell(const NeighbourNews &news) override {
        lvrm_vr_send_event(vr_, LVRM_EVENT_SIBLINGS, &news, sizeof news);
    }

  private:
    lvrm_vr *vr_;
};

inline uint64_t monotonic_ns() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * second_ns + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace cppvr
