// A token bucket. Time comes in, so tests need no clock.
#pragma once

#include <algorithm>
#include <cstdint>

namespace cppvr {

inline constexpr uint64_t second_ns = 1'000'000'000;

class Limiter {
  public:
    Limiter(uint64_t per_second, uint64_t burst)
        : token_ns_(second_ns / per_second), full_ns_(burst * token_ns_), held_ns_(full_ns_) {}

    /// Takes a token if there is one. `now_ns` never goes back.
    bool take(uint64_t now_ns) {
        held_ns_ = std::min(full_ns_, held_ns_ + (now_ns - seen_ns_));
        seen_ns_ = now_ns;
        if (held_ns_ < token_ns_) return false;
        held_ns_ -= token_ns_;
        return true;
    }

  private:
    uint64_t token_ns_; // time that earns one token
    uint64_t full_ns_;
    uint64_t held_ns_;
    uint64_t seen_ns_ = 0;
};

} // namespace cppvr
