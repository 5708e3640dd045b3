// Frames that wait for next hops, and what is asked of the kernel.
#include "rig.hh"

namespace cppvr {
namespace {

using namespace test;

constexpr uint32_t stranger = 0x0a000263; // 10.0.2.99, nobody knows it

Bytes numbered_frame(uint8_t number, uint32_t destination = stranger) {
    return V4{.destination = destination, .payload = Bytes(26, number)}.frame();
}

TEST(neighbour_waits, "frames wait for their next hop, and leave in order once it is known") {
    Rig rig;
    for (uint8_t i = 0; i < 64; i += 1) CHECK(rig.pass(numbered_frame(i)).empty());
    CHECK(rig.asked.size() == 1);
    CHECK(rig.asked[0].kind == LVRM_EVENT_NEED_NEIGHBOUR && rig.asked[0].port == 2);
    CHECK(rig.asked[0].address == address_v4(stranger));
    CHECK(is_dropped_alone(rig.pass(numbered_frame(64)), LVRM_DROP_NEIGHBOUR_QUEUE_FULL));

    rig.neighbour(2, address_v4(stranger));
    const auto sent = rig.take_sent();
    CHECK(sent.size() == 64);
    for (size_t i = 0; i < sent.size(); i += 1) {
        CHECK(!sent[i].is_dropped && sent[i].output == 2);
        CHECK(sent[i].bytes[34] == i && sent[i].bytes[5] == 99 && sent[i].bytes[11] == 2);
    }
    CHECK(rig.tables.neighbours.waiting_frames() == 0 && rig.slots_out() == 0);
}

TEST(neighbour_asks_again, "an open question is asked again once per second, no more") {
    Rig rig;
    rig.pass(numbered_frame(0));
    for (int i = 0; i < 29; i += 1) {
        rig.advance(second_ns / 10);
        rig.pass(numbered_frame(1));
    }
    CHECK(rig.asked.size() == 3);
}

TEST(neighbour_timeout, "after three seconds the sources are told, the frames dropped") {
    Rig rig;
    rig.pass(numbered_frame(0));
    rig.pass(numbered_frame(1));
    CHECK(rig.advance(3 * second_ns - 1).empty());
    const auto sent = rig.advance(1);
    CHECK(sent.size() == 4);
    for (size_t i = 0; i < 4; i += 2) {
        CHECK(is_reported({sent[i], sent[i + 1]}, 1, 3, 1, LVRM_DROP_NO_NEIGHBOUR));
    }
    CHECK(rig.slots_out() == 0);
}

TEST(neighbour_failure, "a failed neighbour ends the wait at once, IPv6 too") {
    Rig rig;
    const Address next{0x20010db800020000, 0x99, 6};
    CHECK(rig.pass(V6{.destination = next}.frame()).empty());
    CHECK(rig.asked.size() == 1 && rig.asked[0].address == next);
    rig.neighbour(2, next, true);
    CHECK(is_reported(rig.take_sent(), 1, 1, 3, LVRM_DROP_NO_NEIGHBOUR));
    // A known one that goes away is unknown again.
    rig.neighbour(2, address_v4(0x0a000207), true);
    CHECK(rig.pass(V4{}.frame()).empty());
}

TEST(neighbour_scan, "a scan neither floods the kernel with questions nor keeps the arena") {
    Rig rig;
    size_t dropped = 0;
    for (uint32_t i = 0; i < 1000; i += 1) {
        rig.route(address_v4(0x0b000000), 8, {Rig::on_link(2)});
        dropped += rig.pass(numbered_frame(0, 0x0b000001 + i)).size();
    }
    CHECK(dropped == 1000 - max_waiting_hops);
    CHECK(rig.asked.size() == 100);
    rig.advance(second_ns / 2);
    CHECK(rig.asked.size() == 150);
    CHECK(rig.slots_out() == max_waiting_hops);
    rig.advance(3 * second_ns);
    CHECK(rig.tables.neighbours.waiting_hops() == 0);
}

TEST(neighbour_total, "all waiting frames together are bounded") {
    Rig rig;
    size_t dropped = 0;
    for (uint32_t hop = 0; hop < 10; hop += 1)
        for (int i = 0; i < 64; i += 1)
            dropped += rig.pass(numbered_frame(0, stranger + hop)).size();
    CHECK(dropped == 640 - max_waiting_frames);
    rig.router.drop_waiting();
    const auto sent = rig.take_sent();
    CHECK(sent.size() == max_waiting_frames);
    for (const Sent &it : sent) CHECK(it.is_dropped && it.output == LVRM_DROP_NO_NEIGHBOUR);
    CHECK(rig.slots_out() == 0);
}

TEST(neighbour_renewal, "a stale neighbour in use is renewed, at most every five seconds") {
    Rig rig;
    rig.neighbour(2, address_v4(0x0a000207), false, true);
    rig.pass(V4{}.frame());
    rig.pass(V4{}.frame());
    CHECK(rig.asked.size() == 1);
    CHECK(rig.asked[0].kind == LVRM_EVENT_RENEW_NEIGHBOUR);
    CHECK(rig.asked[0].address == address_v4(0x0a000207));
    rig.now_ns += 5 * second_ns - 1;
    rig.pass(V4{}.frame());
    CHECK(rig.asked.size() == 1);
    rig.now_ns += 1;
    rig.pass(V4{}.frame());
    CHECK(rig.asked.size() == 2);
    rig.neighbour(2, address_v4(0x0a000207), false, false);
    rig.now_ns += 60 * second_ns;
    rig.pass(V4{}.frame());
    CHECK(rig.asked.size() == 2);
}

TEST(neighbour_broadcast, "directed broadcasts are not forwarded, whatever MAC they are given") {
    Rig rig;
    const Bytes frame = V4{.destination = 0x0a0002ff}.frame();
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BAD_DESTINATION));
    lvrm_neighbour_event event{};
    event.port = 2;
    event.family = 4;
    std::memset(event.mac, 0xff, sizeof event.mac);
    store_address(event.address, address_v4(0x0a0002ff));
    rig.event(LVRM_EVENT_NEIGHBOUR, Rig::bytes_of(event));
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BAD_DESTINATION));
    CHECK(rig.asked.empty());
    // On another port's subnet, or as the only two addresses of a /31, it is a host.
    rig.address(2, address_v4(0x0a000201), 31);
    CHECK(rig.pass(frame).empty());
}

TEST(neighbour_moved, "a link that goes down while frames wait drops them as such") {
    Rig rig;
    rig.pass(numbered_frame(0));
    rig.link(2, false);
    rig.neighbour(2, address_v4(stranger));
    CHECK(is_dropped_alone(rig.take_sent(), LVRM_DROP_LINK_DOWN));
}

TEST(neighbour_table, "records are found, updated, removed and reused under random changes") {
    Random random(7);
    Neighbours neighbours;
    uint8_t known[300] = {}; // 0: absent, else the last byte of its MAC
    uint32_t hint = 0;
    for (int round = 0; round < 100'000; round += 1) {
        const uint32_t number = static_cast<uint32_t>(random.below(300));
        const Address address = address_v4(number / 3);
        const uint8_t port = static_cast<uint8_t>(number % 3);
        const Neighbour *found = neighbours.find(port, address, hint);
        CHECK((found ? found->mac[5] : 0) == known[number]);
        if (random.below(3) == 0) {
            neighbours.remove(port, address);
            known[number] = 0;
        } else if (random.below(2) == 0) {
            known[number] = static_cast<uint8_t>(1 + random.below(255));
            const uint8_t mac[6] = {2, 0, 0, 0, 0, known[number]};
            neighbours.set(port, address, mac, false, 0);
        }
    }
    neighbours.sweep(1);
    CHECK(neighbours.size() == 0);
}

TEST(sibling_asks, "one question does for all siblings, before or after they wait too") {
    Rig a, b, c;
    a.pass(numbered_frame(0));
    CHECK(a.asked.size() == 1 && a.told.size() == 1);
    const auto told = a.told;
    a.relay_to(b);
    b.pass(numbered_frame(0)); // after it was told
    b.advance(second_ns / 2);
    CHECK(b.asked.empty());
    c.requests_blocked = true; // waits, and could not ask yet
    c.pass(numbered_frame(0));
    c.requests_blocked = false;
    c.event(LVRM_EVENT_SIBLINGS, told[0]);
    c.advance(second_ns / 2);
    CHECK(c.asked.empty());
    // Nothing came of it: each asks for itself.
    b.advance(second_ns / 2);
    c.advance(second_ns / 2);
    CHECK(b.asked.size() == 1 && c.asked.size() == 1);
}

TEST(sibling_learns, "what one learns, its siblings' frames leave by; lvrm's word wins") {
    Rig a, b;
    a.pass(numbered_frame(0));
    a.relay_to(b);
    CHECK(b.pass(numbered_frame(7)).empty());
    a.neighbour(2, address_v4(stranger));
    CHECK(a.take_sent().size() == 1 && a.told.size() == 1);
    a.relay_to(b);
    const auto sent = b.take_sent();
    CHECK(sent.size() == 1 && !sent[0].is_dropped && sent[0].output == 2);
    CHECK(sent[0].bytes[5] == 99 && sent[0].bytes[34] == 7);
    // Hearsay is confirmed once it is used.
    CHECK(b.asked.size() == 1 && b.asked[0].kind == LVRM_EVENT_RENEW_NEIGHBOUR);
    CHECK(b.told.size() == 1); // that it asked
    b.relay_to(a);
    // lvrm's own word, and then late hearsay: it changes nothing.
    b.neighbour(2, address_v4(stranger));
    NeighbourNews late = news_of(LVRM_EVENT_NEIGHBOUR, 2, address_v4(stranger));
    late.neighbour.mac[5] = 1;
    b.event(LVRM_EVENT_SIBLINGS, Rig::bytes_of(late));
    CHECK(b.pass(numbered_frame(8))[0].bytes[5] == 99);
}

TEST(sibling_renews, "a renewal does for all siblings") {
    Rig a, b;
    const Address known = address_v4(0x0a000207);
    a.neighbour(2, known, false, true);
    b.neighbour(2, known, false, true);
    a.pass(V4{}.frame());
    CHECK(a.asked.size() == 1);
    a.relay_to(b);
    b.pass(V4{}.frame());
    CHECK(b.asked.empty());
    b.now_ns += 5 * second_ns;
    b.pass(V4{}.frame());
    CHECK(b.asked.size() == 1);
}

TEST(sibling_nonsense, "siblings' words that make no sense are ignored") {
    Rig rig;
    NeighbourNews news = news_of(LVRM_EVENT_NEIGHBOUR, 2, address_v4(stranger));
    const size_t before = rig.tables.neighbours.size();
    for (size_t bytes = 0; bytes < sizeof news; bytes += 1) {
        Bytes payload = Rig::bytes_of(news);
        payload.resize(bytes);
        rig.event(LVRM_EVENT_SIBLINGS, payload);
    }
    news.magic = 1;
    rig.event(LVRM_EVENT_SIBLINGS, Rig::bytes_of(news));
    news.magic = NeighbourNews::magic_v1;
    news.neighbour.port = LVRM_NO_PORT;
    rig.event(LVRM_EVENT_SIBLINGS, Rig::bytes_of(news));
    news.neighbour.port = 2;
    news.neighbour.family = 5;
    rig.event(LVRM_EVENT_SIBLINGS, Rig::bytes_of(news));
    news.neighbour.family = 4;
    news.neighbour.mac[0] = 1; // a group address
    rig.event(LVRM_EVENT_SIBLINGS, Rig::bytes_of(news));
    CHECK(rig.tables.neighbours.size() == before);
    CHECK(rig.asked.empty() && rig.told.empty());
}

} // namespace
} // namespace cppvr
