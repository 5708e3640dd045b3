// Shortcuts: the same bytes and ports as step by step, and never one that is out of date.
#include "rig.hh"

namespace cppvr {
namespace {

using namespace test;

const Address gateway_v4 = address_v4(0x0a000207);
const Address gateway_v6{0x20010db800020000, 7, 6};

/// Routes of all kinds. `is_stale`: next hops want renewal, so none has a shortcut.
void set_up(Rig &rig, bool is_stale) {
    rig.neighbour(2, gateway_v4, false, is_stale);
    rig.neighbour(2, gateway_v6, false, is_stale);
    rig.route(address_v4(0x0b000000), 16, {Rig::via(2, gateway_v4)});
    rig.route(address_v4(0x0b010000), 16, {Rig::via(2, gateway_v4)}, LVRM_ROUTE_UNICAST, 100);
    rig.route(address_v4(0x0b020000), 16, {Rig::via(2, gateway_v6)});
    rig.route(address_v4(0x0b030000), 16, {}, LVRM_ROUTE_PROHIBIT);
    rig.route(address_v4(0x0b040000), 24,
              {Rig::via(2, gateway_v4), Rig::via(1, address_v4(0x0a000105), 3)});
    rig.route(address_v4(0x0b050000), 16, {Rig::via(3, gateway_v4)}); // no such port
    const uint64_t high = 0x20010db800030000;
    rig.route({high, 0, 6}, 64, {Rig::via(2, gateway_v6)});
    rig.route({high | 1, 0, 6}, 64, {Rig::via(2, gateway_v6)}, LVRM_ROUTE_UNICAST, 1300);
    rig.route({high | 2, 0, 6}, 64, {}, LVRM_ROUTE_UNREACHABLE);
}

Bytes random_frame_v4(Random &random) {
    V4 parts{.ttl = static_cast<uint8_t>(random.below(4) ? random.below(256) : random.below(3))};
    parts.destination = 0x0b000000 | static_cast<uint32_t>(random.below(0x60200));
    if (random.below(16) == 0) parts.destination = static_cast<uint32_t>(random.next());
    if (random.below(16) == 0) parts.source = static_cast<uint32_t>(random.next());
    if (random.below(16) == 0) parts.options = {1, 1, 1, 0};
    if (random.below(8) == 0) parts.flags = ipv4_dont_fragment;
    parts.payload.resize(random.below(4) ? random.below(90) : random.below(1600));
    return parts.frame();
}

Bytes random_frame_v6(Random &random) {
    V6 parts{.hop_limit = static_cast<uint8_t>(random.below(8))};
    parts.destination = {0x20010db800030000 | random.below(4), random.next(), 6};
    parts.payload.resize(random.below(2) ? random.below(90) : 1200 + random.below(300));
    return parts.frame();
}

/// A frame that is right, or has one thing wrong, or is cut or padded.
Bytes random_frame(Random &random) {
    Bytes bytes = random.below(4) ? random_frame_v4(random) : random_frame_v6(random);
    if (random.below(8) == 0)
        bytes[random.below(std::min<size_t>(bytes.size(), 40))] ^=
            static_cast<uint8_t>(1u << random.below(8));
    if (random.below(16) == 0) bytes.resize(random.below(bytes.size() + 20));
    return bytes;
}

std::vector<Sent> route_all(Rig &rig, const std::vector<Bytes> &batch,
                            const std::vector<uint8_t> &ports) {
    std::vector<lvrm_frame> frames;
    for (size_t i = 0; i < batch.size(); i += 1) frames.push_back(rig.place(batch[i], ports[i]));
    rig.router.route(frames, rig.now_ns);
    return rig.take_sent();
}

TEST(shortcut_same, "batches by shortcuts and step by step: same order, ports, reasons, bytes") {
    Random random(31);
    Rig quick, slow;
    set_up(quick, false);
    set_up(slow, true);
    quick.empties_left = slow.empties_left = size_t{1} << 40;
    size_t forwarded = 0;
    for (int round = 0; round < 2'000; round += 1) {
        if (round % 100 == 0) {
            // Reverse paths and lengths change on the way.
            const auto rp_filter = static_cast<uint8_t>(random.below(3));
            const uint32_t mtu = random.below(2) ? 1500 : 1290;
            for (Rig *rig : {&quick, &slow}) {
                rig->link(1, true, 1500, rp_filter);
                rig->link(2, true, mtu);
            }
        }
        std::vector<Bytes> batch;
        std::vector<uint8_t> ports;
        for (size_t count = 1 + random.below(150); count > 0; count -= 1) {
            batch.push_back(random_frame(random));
            ports.push_back(random.below(8) ? 1 : 2);
        }
        const auto a = route_all(quick, batch, ports);
        const auto b = route_all(slow, batch, ports);
        CHECK(a.size() == b.size());
        for (size_t i = 0; i < std::min(a.size(), b.size()); i += 1) {
            CHECK(a[i].is_dropped == b[i].is_dropped && a[i].output == b[i].output);
            CHECK(a[i].bytes == b[i].bytes);
            forwarded += !a[i].is_dropped;
        }
        quick.now_ns += 50'000'000;
        slow.now_ns += 50'000'000;
    }
    CHECK(forwarded > 50'000);
    CHECK(quick.slots_out() == slow.slots_out());
}

TEST(shortcut_exists, "one gateway with a fresh neighbour has a shortcut, all else has none") {
    Rig rig;
    set_up(rig, false);
    rig.tables.fit_shortcuts();
    const auto longest = [&](uint32_t destination) {
        return rig.tables.shortcut(rig.tables.routes4.lookup(destination)).longest_v4;
    };
    CHECK(longest(0x0b000001) == 1500 && longest(0x0b010001) == 100);
    CHECK(longest(0x0b020001) == 1500); // IPv4 by an IPv6 gateway (RFC 5549)
    for (const uint32_t none : {0x0b030001u, 0x0b040001u, 0x0b050001u, 0x0a000207u, 0x0c000001u})
        CHECK(longest(none) == 0);
    rig.neighbour(2, gateway_v4, false, true);
    CHECK(longest(0x0b000001) == 0);
}

TEST(shortcut_changes, "routes, links and neighbours change what the very next frame gets") {
    Rig rig;
    set_up(rig, false);
    const Bytes frame = V4{.destination = 0x0b000001}.frame();
    const auto forwarded_to = [&](uint8_t port, uint8_t mac_end) {
        const auto sent = rig.pass(frame);
        return sent.size() == 1 && !sent[0].is_dropped && sent[0].output == port &&
               sent[0].bytes[5] == mac_end && sent[0].bytes[11] == port;
    };
    CHECK(forwarded_to(2, 7));
    rig.route(address_v4(0x0b000000), 16, {Rig::via(1, address_v4(0x0a000105))});
    CHECK(forwarded_to(1, 5));
    rig.link(1, false);
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_LINK_DOWN));
    rig.link(1, true, 40);
    CHECK(rig.pass(frame).size() == 2); // fragments
    rig.link(1);
    CHECK(forwarded_to(1, 5));
    rig.neighbour(1, address_v4(0x0a000105), true);
    CHECK(rig.pass(frame).empty()); // waits
    rig.neighbour(1, address_v4(0x0a000105));
    CHECK(rig.take_sent().size() == 1);
    CHECK(forwarded_to(1, 5));
    // An equal action's number, freed and given to another one.
    rig.route(address_v4(0x0b000000), 16, {}, LVRM_ROUTE_UNICAST, 0, true);
    CHECK(is_drop(rig.pass(frame), LVRM_DROP_NO_ROUTE));
    rig.route(address_v4(0x0b000000), 16, {}, LVRM_ROUTE_BLACKHOLE);
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BLACKHOLE));
}

TEST(shortcut_nothing, "frames that say they have no length are no exception") {
    Rig rig;
    set_up(rig, false);
    Bytes frame = V4{.destination = 0x0c000001}.frame();
    store16(&frame[ethernet_bytes + 2], 0);
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BAD_HEADER));
    CHECK(is_dropped_alone(rig.pass({}), LVRM_DROP_BAD_HEADER));
}

} // namespace
} // namespace cppvr
