// Time: nanoseconds since 1970, from the kernel's clock or simulated.
#pragma once

#include <cstdint>
#include <string>

namespace click {

/// A point in time or a span of it; 0 is "none".
struct Timestamp {
    int64_t ns = 0;

    static constexpr int64_t per_second = 1'000'000'000;

    static Timestamp now();
    static constexpr Timestamp seconds(double s) {
        return {static_cast<int64_t>(s * 1e9 + (s < 0 ? -0.5 : 0.5))};
    }
    static constexpr Timestamp ms(int64_t ms) { return {ms * 1'000'000}; }
    static constexpr Timestamp us(int64_t us) { return {us * 1'000}; }

    constexpr int64_t sec() const { return ns / per_second - (ns % per_second < 0); }
    constexpr uint32_t subsec_ns() const { return static_cast<uint32_t>(ns - sec() * per_second); }
    constexpr uint32_t usec() const { return subsec_ns() / 1000; }
    constexpr double to_double() const { return static_cast<double>(ns) / 1e9; }
    constexpr int64_t to_ms() const { return ns / 1'000'000; }
    /// "12.000345", six digits as Click prints them.
    std::string text() const;

    explicit operator bool() const { return ns != 0; }
    auto operator<=>(const Timestamp &) const = default;
    constexpr Timestamp operator+(Timestamp o) const { return {ns + o.ns}; }
    constexpr Timestamp operator-(Timestamp o) const { return {ns - o.ns}; }
    Timestamp &operator+=(Timestamp o) { return ns += o.ns, *this; }
    Timestamp &operator-=(Timestamp o) { return ns -= o.ns, *this; }
};

/// The process's clock. Simulated time starts at 1,000,000,000 s and moves on only when the driver
/// says so: by a little on each pass, and to the next timer when there is nothing else to do.
struct Clock {
    static inline bool is_simulated = false;
    static inline int64_t simulated_ns = 0;
    static void simulate() {
        is_simulated = true;
        simulated_ns = 1'000'000'000 * Timestamp::per_second;
    }
};

/// Monotonic, for timers; the same clock as Timestamp::now() when time is simulated.
int64_t steady_ns();

} // namespace click
