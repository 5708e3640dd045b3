// What time.hh declares.
#include "time.hh"

#include <cstdio>
#include <time.h>

namespace click {

namespace {

int64_t read_clock(clockid_t id) {
    timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * Timestamp::per_second + now.tv_nsec;
}

} // namespace

Timestamp Timestamp::now() {
    return {Clock::is_simulated ? Clock::simulated_ns : read_clock(CLOCK_REALTIME)};
}

int64_t steady_ns() {
    return Clock::is_simulated ? Clock::simulated_ns : read_clock(CLOCK_MONOTONIC);
}

std::string Timestamp::text() const {
    char buffer[48];
    if (ns < 0) {
        const Timestamp positive{-ns};
        std::snprintf(buffer, sizeof buffer, "-%lld.%06u", static_cast<long long>(positive.sec()),
                      positive.usec());
    } else {
        std::snprintf(buffer, sizeof buffer, "%lld.%06u", static_cast<long long>(sec()), usec());
    }
    return buffer;
}

} // namespace click
