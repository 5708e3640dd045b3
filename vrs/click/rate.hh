// Rates per second, averaged over about the last second, at the cost of an addition per packet.
#pragma once

#include <cmath>
#include <cstdint>

#include "time.hh"

namespace click {

/// Looks at the clock only every 64 additions, or when it is read.
class RateEwma {
  public:
    void add(uint64_t amount) {
        amount_ += amount;
        if (++additions_ % 64 == 0) update();
    }
    double per_second() {
        update();
        return rate_;
    }
    void reset() { *this = RateEwma(); }

  private:
    static constexpr double memory_s = 1;
    static constexpr int64_t step_ns = 20'000'000;

    void update() {
        const int64_t now = steady_ns();
        if (since_ns_ == 0) since_ns_ = now;
        const int64_t passed = now - since_ns_;
        if (passed < step_ns) return;
        const double seconds = static_cast<double>(passed) / 1e9;
        const double observed = static_cast<double>(amount_) / seconds;
        // The first second is what it is; later ones fade out.
        const double weight = is_started_ ? 1 - std::exp(-seconds / memory_s) : 1;
        rate_ += (observed - rate_) * weight;
        is_started_ = true;
        amount_ = 0;
        since_ns_ = now;
    }

    uint64_t amount_ = 0;
    uint32_t additions_ = 0;
    int64_t since_ns_ = 0;
    double rate_ = 0;
    bool is_started_ = false;
};

} // namespace click
