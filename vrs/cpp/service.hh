// A dummy load: each frame takes 1/rate of its VRI's time, so that the paper's experiments have
// VRIs of known speed. A frame's service ends at max(its start, the end of the one before) +
// 1/rate. The VRI burns that time, where it has a core of its own; or it is paced: it sleeps
// meanwhile, so that many VRIs of known speed fit on one core. Pure: time is given to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cppvr {

class Service {
  public:
    /// A paced VRI that overslept makes good for so much of it, and for no more.
    static constexpr double pace_behind_ns = 1e6;
    /// How long it sleeps: rarely enough for many VRIs on one core, within what it makes good for.
    static constexpr long pace_sleep_ns = 500'000;
    /// After so long without frames, it sleeps for the first one only.
    static constexpr uint64_t pause_ns = 10'000'000;
    /// The longest service of a first frame that a paced VRI burns.
    static constexpr double burn_max_ns = 50'000;

    Service(unsigned rate_fps, bool is_paced)
        : frame_ns_(1e9 / rate_fps), behind_ns_(is_paced ? pace_behind_ns : 2 * frame_ns_),
          is_paced_(is_paced) {}

    /// Frames whose service has ended by now, if so many wait; at most `max`.
    size_t due(uint64_t now_ns, size_t max) const {
        const double now = static_cast<double>(now_ns);
        const double frames = (now - last_end(now)) / frame_ns_ + rounding;
        return frames < 1 ? 0 : std::min(max, static_cast<size_t>(frames));
    }

    /// `count` of the `due` frames were there. Fewer: the queue is empty, and what comes next
    /// starts now or later.
    void served(size_t count, size_t due, uint64_t now_ns) {
        const double now = static_cast<double>(now_ns);
        end_ns_ = last_end(now) + static_cast<double>(count) * frame_ns_;
        if (count < due) begin(now_ns);
        if (count > 0) is_first_ = false;
    }

    /// What the service of so many frames takes.
    uint64_t time_ns(size_t count) const {
        return static_cast<uint64_t>(static_cast<double>(count) * frame_ns_);
    }

    /// Whether it sleeps while it serves, and so is busy without spending time.
    bool is_paced() const { return is_paced_; }

    /// There were no frames for some time: none that waits now came before `now_ns`.
    void start(uint64_t waits_since_ns, uint64_t now_ns) {
        if (now_ns - waits_since_ns > pause_ns) is_first_ = true;
        begin(now_ns);
    }

    /// Whether it spends the time until it looks again awake: where each VRI has a core, or for the
    /// first frame after a pause, if that is short. To wake up would take several times as long.
    bool burns() const { return !is_paced_ || (is_first_ && frame_ns_ <= burn_max_ns); }

    /// How long it sleeps else.
    long sleep_ns() const { return is_first_ ? static_cast<long>(frame_ns_) : pace_sleep_ns; }

  private:
    static constexpr double rounding = 1e-6; // of a frame

    void begin(uint64_t now_ns) { end_ns_ = std::max(end_ns_, static_cast<double>(now_ns)); }

    double last_end(double now) const { return std::max(end_ns_, now - behind_ns_); }

    double frame_ns_;
    double behind_ns_;
    bool is_paced_;
    bool is_first_ = true;
    double end_ns_ = 0; // of the last frame's service
};

} // namespace cppvr
