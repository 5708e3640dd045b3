// Frames on their way back to lvrm, and the empty slots that new ones are made in.
#pragma once

#include <lvrm_vr.h>

#include <array>
#include <span>
#include <vector>

#include "news.hh"

namespace cppvr {

/// What the router needs of its link besides memory: lvrm in cppvr, a recorder in tests. None of
/// it is called per frame on the main path.
class Host {
  public:
    virtual ~Host() = default;
    virtual void send(std::span<const lvrm_frame> frames) = 0;
    virtual size_t take_empty(std::span<lvrm_frame> frames) = 0;
    /// Sends LVRM_EVENT_NEED_NEIGHBOUR or LVRM_EVENT_RENEW_NEIGHBOUR; false: try again later.
    virtual bool ask(uint16_t kind, const lvrm_neighbour_request &request) = 0;
    /// Tells the siblings; lost when there is no room.
    virtual void tell(const NeighbourNews &news) = 0;
};

/// Collects frames so that they go out, and are published, batch by batch.
class Output {
  public:
    explicit Output(Host &host) : host_(host) {}

    void put(lvrm_frame frame) {
        frames_[count_] = frame;
        count_ += 1;
        if (count_ == frames_.size()) flush();
    }
    /// The same for many at once, at most as many as it holds.
    void put(std::span<const lvrm_frame> frames) {
        if (frames.size() >= frames_.size() - count_) flush();
        std::copy(frames.begin(), frames.end(), frames_.begin() + count_);
        count_ += frames.size();
    }
    void forward(lvrm_frame frame, uint8_t port) { put(lvrm_forward(frame, port)); }
    void drop(lvrm_frame frame, lvrm_drop reason) { put(lvrm_drop_frame(frame, reason)); }

    void flush() {
        if (count_ > 0) host_.send({frames_.data(), count_});
        count_ = 0;
    }

    /// Makes sure that `count` empty slots are at hand; false: lvrm has not got as many.
    bool reserve(size_t count) {
        while (spare_.size() < count) {
            lvrm_frame taken[64];
            const size_t wanted = std::min<size_t>(count - spare_.size(), 64);
            const size_t got = host_.take_empty({taken, wanted});
            spare_.insert(spare_.end(), taken, taken + got);
            if (got < wanted) return false;
        }
        return true;
    }
    /// One of the reserved slots.
    lvrm_frame take_reserved() {
        const lvrm_frame frame = spare_.back();
        spare_.pop_back();
        return frame;
    }

  private:
    Host &host_;
    std::array<lvrm_frame, 256> frames_;
    size_t count_ = 0;
    std::vector<lvrm_frame> spare_;
};

} // namespace cppvr
