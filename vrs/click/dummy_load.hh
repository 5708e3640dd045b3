// A dummy load, for the paper's experiments: this VRI serves so many frames per second and no more.
#pragma once

#include <algorithm>
#include <ctime>
#include <optional>
#include <sys/prctl.h>

#include "../cpp/service.hh"

namespace click {

class DummyLoad {
  public:
    /// `rate_fps` 0: none. `is_paced`: time is slept away instead of burnt.
    DummyLoad(uint32_t rate_fps, bool is_paced) {
        if (rate_fps) service_.emplace(rate_fps, is_paced);
        if (rate_fps && is_paced) prctl(PR_SET_TIMERSLACK, 1UL); // short sleeps stay short
    }
    /// How many frames may be taken now, at most `max`.
    uint32_t due(uint32_t max) {
        if (!service_) return due_ = max;
        now_ns_ = now();
        return due_ = static_cast<uint32_t>(service_->due(now_ns_, max));
    }
    /// So many of them were there. Returns whether to go on without waiting for frames: none was
    /// due, and time has passed.
    bool served(uint32_t count) {
        if (!service_) return false;
        service_->served(count, due_, now_ns_);
        if (due_ > 0) return false;
        const timespec pause{0, service_->sleep_ns()};
        if (!service_->burns()) clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
        return true;
    }
    /// How long this VRI is busy with so many frames where that can't be seen: it sleeps meanwhile.
    uint64_t hidden_ns(uint32_t count) const {
        return service_ && service_->is_paced() ? service_->time_ns(count) : 0;
    }
    /// There were no frames since the last due().
    void waited() {
        if (service_) service_->start(now_ns_, now());
    }

  private:
    static uint64_t now() {
        timespec it;
        clock_gettime(CLOCK_MONOTONIC, &it);
        return static_cast<uint64_t>(it.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(it.tv_nsec);
    }
    std::optional<cppvr::Service> service_;
    uint32_t due_ = 0;
    uint64_t now_ns_ = 0;
};

} // namespace click
