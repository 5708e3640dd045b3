// Random numbers for elements that drop, sample or choose: one engine, seeded once, the same
// each time when time is simulated; RandomSeed may set it.
#pragma once

#include <cstdint>
#include <random>

#include "time.hh"

namespace click {

inline std::mt19937 &random_engine() {
    static std::mt19937 engine{Clock::is_simulated ? 1 : std::random_device{}()};
    return engine;
}
inline uint32_t random_32() { return static_cast<uint32_t>(random_engine()()); }
/// From 0 up to but not including 1.
inline double random_fraction() { return random_32() / 4294967296.0; }
/// From 0 to `count` - 1.
inline uint32_t random_below(uint32_t count) {
    return static_cast<uint32_t>(uint64_t{random_32()} * count >> 32);
}

} // namespace click
