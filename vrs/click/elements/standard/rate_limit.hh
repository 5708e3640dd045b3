// Packets that are due at a rate: how many since the last look, never more than a burst.
#pragma once

#include <algorithm>
#include <cstdint>

#include "time.hh"

namespace click {

/// A bucket that fills at `rate` units per second, up to `capacity`.
class TokenBucket {
  public:
    void set(double rate, double capacity) {
        rate_ = rate;
        capacity_ = std::max(capacity, 1.0);
        tokens_ = std::min(tokens_, capacity_);
    }
    void fill_up() { start_with(capacity_); }
    void clear() { start_with(0); }
    void start_with(double tokens) {
        tokens_ = tokens;
        last_ns_ = steady_ns();
    }
    /// Whether so many units are there now. take() may take more: that is paid back first.
    bool has(double units = 1) {
        refill();
        return tokens_ + 1e-6 >= units;
    }
    /// Whole units that are there now.
    uint64_t available() {
        refill();
        return static_cast<uint64_t>(std::max(tokens_, 0.0) + 1e-6);
    }
    void take(double units) { tokens_ -= units; }
    /// Until `units` are there.
    Timestamp delay(double units = 1) const {
        if (tokens_ >= units || rate_ <= 0) return {rate_ <= 0 ? Timestamp::per_second : 0};
        return {static_cast<int64_t>((units - tokens_) / rate_ * 1e9) + 1};
    }
    double rate() const { return rate_; }
    double capacity() const { return capacity_; }

  private:
    void refill() {
        const int64_t now = steady_ns();
        if (last_ns_ == 0) last_ns_ = now;
        tokens_ = std::min(capacity_, tokens_ + static_cast<double>(now - last_ns_) * rate_ / 1e9);
        last_ns_ = now;
    }
    double rate_ = 1, capacity_ = 1, tokens_ = 0;
    int64_t last_ns_ = 0;
};

} // namespace click
