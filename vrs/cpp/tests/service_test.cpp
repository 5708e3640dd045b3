// The dummy load's arithmetic.
#include "service.hh"

#include "check.hh"

namespace cppvr {
namespace {

constexpr uint64_t ms = 1'000'000;
constexpr uint64_t origin = 3600 * 1000 * ms; // an hour of uptime
constexpr size_t many = 1000;

/// Frames served in a second by a VRI that looks every `step_ns` and always finds frames.
size_t served_in_a_second(unsigned rate_fps, bool is_paced, uint64_t step_ns) {
    Service service(rate_fps, is_paced);
    service.start(origin, origin);
    size_t total = 0;
    for (uint64_t now = origin; now <= origin + 1000 * ms; now += step_ns) {
        const size_t due = service.due(now, many);
        service.served(due, due, now);
        total += due;
    }
    return total;
}

TEST(service_rate, "a paced VRI that always finds frames serves its rate exactly") {
    CHECK(served_in_a_second(60'000, true, ms / 2) == 60'000);
    CHECK(served_in_a_second(60'000, true, 1000) == 60'000);
    CHECK(served_in_a_second(30'000, true, ms) == 30'000);
    CHECK(served_in_a_second(72'000, true, ms / 4) == 72'000);
}

TEST(service_busy, "one that burns its time serves its rate too, looking all the time") {
    CHECK(served_in_a_second(60'000, false, 1000) == 60'000);
}

TEST(service_end, "a frame's service ends 1/rate after its start, not before") {
    Service service(60'000, true);
    service.start(origin, origin);
    CHECK(service.due(origin, many) == 0);
    CHECK(service.due(origin + 16'666, many) == 0);
    CHECK(service.due(origin + 16'667, many) == 1);
    CHECK(service.due(origin + 33'334, many) == 2);
    CHECK(service.due(origin + 33'334, 1) == 1);
}

TEST(service_behind, "time overslept is made good for, up to 1 ms when paced, 2 frames when not") {
    Service paced(60'000, true);
    paced.start(origin, origin);
    CHECK(paced.due(origin + ms, many) == 60);
    CHECK(paced.due(origin + 100 * ms, many) == 60);
    paced.served(60, 60, origin + 100 * ms);
    CHECK(paced.due(origin + 100 * ms, many) == 0);
    Service burning(60'000, false);
    burning.start(origin, origin);
    CHECK(burning.due(origin + 100 * ms, many) == 2);
}

TEST(service_empty, "time without frames is not saved up") {
    Service service(60'000, true);
    service.start(origin, origin);
    const uint64_t later = origin + ms / 2;
    const size_t due = service.due(later, many);
    CHECK(due == 30);
    service.served(10, due, later); // the queue is empty now
    CHECK(service.due(later, many) == 0);
    CHECK(service.due(later + ms / 2, many) == 30);
    service.start(later, later + ms / 2); // nothing had come until here
    CHECK(service.due(later + ms / 2, many) == 0);
}

TEST(service_burns, "a paced VRI burns the first frame after a pause only, and only a short one") {
    Service service(50'000, true);
    service.start(origin, origin + 20 * ms);
    CHECK(service.burns());
    service.served(1, 1, origin + 20 * ms + 20'000);
    CHECK(!service.burns());
    Service slow(1000, true);
    slow.start(origin, origin + 20 * ms);
    CHECK(!slow.burns());
    Service burning(1000, false);
    burning.served(1, 1, origin);
    CHECK(burning.burns());
}

TEST(service_first, "after a pause the first frame is served at once, later ones in turns") {
    Service service(50'000, true);
    CHECK(service.sleep_ns() == 20'000);
    service.start(origin, origin + 20 * ms);
    service.served(1, 1, origin + 20 * ms + 20'000);
    CHECK(service.sleep_ns() == Service::pace_sleep_ns);
    service.start(origin + 21 * ms, origin + 22 * ms);
    CHECK(service.sleep_ns() == Service::pace_sleep_ns);
    service.start(origin + 22 * ms, origin + 52 * ms);
    CHECK(service.sleep_ns() == 20'000);
}

} // namespace
} // namespace cppvr
