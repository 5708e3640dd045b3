// Control events, good and bad, and what they do to routing.
#include "rig.hh"

namespace cppvr {
namespace {

using namespace test;

TEST(control_routes, "routes are added, replaced and removed while frames flow") {
    Rig rig;
    const Bytes frame = V4{.destination = 0x0a000207}.frame();
    CHECK(rig.pass(frame)[0].output == 2);
    rig.route(address_v4(0x0a000207), 32, {}, LVRM_ROUTE_BLACKHOLE);
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BLACKHOLE));
    rig.route(address_v4(0x0a000207), 32, {}, LVRM_ROUTE_BLACKHOLE, 0, true);
    CHECK(rig.pass(frame)[0].output == 2);
    rig.route(address_v4(0x0a000200), 24, {}, LVRM_ROUTE_UNICAST, 0, true);
    CHECK(is_drop(rig.pass(frame), LVRM_DROP_NO_ROUTE));
}

TEST(control_actions, "equal actions are shared, and freed with their last route") {
    Rig rig;
    const size_t before = rig.tables.actions.size();
    for (uint32_t i = 0; i < 1000; i += 1)
        rig.route(address_v4(0x0b000000 + (i << 8)), 24, {Rig::via(2, address_v4(0x0a000207))});
    CHECK(rig.tables.actions.size() == before + 1);
    for (uint32_t i = 0; i < 1000; i += 1) // the same again
        rig.route(address_v4(0x0b000000 + (i << 8)), 24, {Rig::via(2, address_v4(0x0a000207))});
    for (uint32_t i = 0; i < 1000; i += 1)
        rig.route(address_v4(0x0b000000 + (i << 8)), 24, {}, LVRM_ROUTE_UNICAST, 0, true);
    CHECK(rig.tables.actions.size() == before);
}

TEST(control_resynchronise, "a flush forgets what the new snapshot lacks, and loses no frame") {
    Rig rig;
    rig.route(address_v4(0x0b000000), 8, {Rig::via(2, address_v4(0x0a000207))});
    rig.event(LVRM_EVENT_FLUSH, {});
    CHECK(rig.pass(V4{}.frame())[0].output == 2); // still
    for (uint32_t i = 1; i <= 2; i += 1) {
        const auto n = static_cast<uint8_t>(i);
        rig.link(n);
        rig.address(n, address_v4(0x0a000001 | i << 8), 24);
        rig.route(address_v4(0x0a000000 | i << 8), 24, {Rig::on_link(n)});
    }
    rig.neighbour(1, address_v4(0x0a000105));
    rig.event(LVRM_EVENT_SYNCHRONISED, {});
    CHECK(is_drop(rig.pass(V4{.destination = 0x0b000001}.frame()), LVRM_DROP_NO_ROUTE));
    CHECK(rig.pass(V4{}.frame()).empty()); // its neighbour is unknown now: it waits
    CHECK(is_dropped_alone(rig.pass(V6{}.frame()), LVRM_DROP_NO_ROUTE)); // nor a way back
    CHECK(rig.tables.addresses.size() == 2);
    CHECK(rig.tables.routes6.size() == 0 && rig.tables.neighbours.size() == 1);
}

TEST(control_static, "a static map is in force instead of the kernel's routes, and follows links") {
    const StaticRoute routes[] = {
        {address_v4(0x0b000000), 8, {"eth2", LVRM_NO_VLAN}, address_v4(0x0a000207)},
        {address_v4(0x0a000100), 24, {"eth1", LVRM_NO_VLAN}, {}},
    };
    Rig rig({routes[0], routes[1]});
    CHECK(rig.pass(V4{.destination = 0x0b000001}.frame())[0].output == 2);
    CHECK(is_reported(rig.pass(V4{}.frame()), 1, 3, 0, LVRM_DROP_NO_ROUTE));
    rig.link(2, false, 1500, 0, true);
    CHECK(is_dropped_alone(rig.pass(V4{.destination = 0x0b000001}.frame()),
                           LVRM_DROP_NO_OUTPUT_PORT));
    rig.link(2);
    CHECK(rig.pass(V4{.destination = 0x0b000001}.frame())[0].output == 2);
}

TEST(control_malformed, "cut and random events are ignored, never read past their end") {
    Rig rig;
    Random random(6);
    const Bytes whole = Rig::route_payload(address_v4(0x0a000200), 24,
                                           {Rig::on_link(1), Rig::on_link(1)},
                                           LVRM_ROUTE_UNICAST, 0, false);
    for (size_t length = 0; length < whole.size(); length += 1)
        rig.event(LVRM_EVENT_ROUTE, Bytes(whole.data(), whole.data() + length));
    CHECK(rig.pass(V4{}.frame())[0].output == 2);
    for (int round = 0; round < 50'000; round += 1) {
        Bytes payload(random.below(80));
        for (uint8_t &byte : payload)
            byte = static_cast<uint8_t>(random.below(3) ? random.below(8) : random.next());
        static constexpr uint16_t kinds[] = {
            LVRM_EVENT_LINK, LVRM_EVENT_ADDRESS,      LVRM_EVENT_ROUTE, LVRM_EVENT_NEIGHBOUR,
            LVRM_EVENT_FLUSH, LVRM_EVENT_SYNCHRONISED, 999};
        rig.event(kinds[random.below(7)], payload);
        rig.pass(V4{}.frame());
        rig.pass(V6{}.frame());
    }
}

} // namespace
} // namespace cppvr
