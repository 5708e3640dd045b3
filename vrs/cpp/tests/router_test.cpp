// Frames in, frames out: forwarding, header checks, reasons.
#include "relay.hh"
#include "rig.hh"

namespace cppvr {
namespace {

using namespace test;

TEST(router_forward_v4, "a datagram is forwarded: TTL, checksum, MAC addresses, nothing else") {
    Rig rig;
    const Bytes before = V4{}.frame();
    const auto sent = rig.pass(before);
    CHECK(sent.size() == 1 && !sent[0].is_dropped && sent[0].output == 2);
    const Bytes &after = sent[0].bytes;
    const Bytes macs = {6, 0, 0, 0, 2, 7, 2, 0, 0, 0, 0, 2};
    CHECK(std::equal(macs.begin(), macs.end(), after.begin()));
    CHECK(after == [&] {
        Bytes expected = V4{.ttl = 63}.frame();
        std::copy(macs.begin(), macs.end(), expected.begin());
        return expected;
    }());
}

TEST(router_forward_v6, "an IPv6 datagram is forwarded: hop limit, MAC addresses, nothing else") {
    Rig rig;
    const auto sent = rig.pass(V6{}.frame());
    CHECK(sent.size() == 1 && !sent[0].is_dropped && sent[0].output == 2);
    Bytes expected = V6{.hop_limit = 63}.frame();
    const Bytes macs = {6, 0, 0, 0, 2, 7, 2, 0, 0, 0, 0, 2};
    std::copy(macs.begin(), macs.end(), expected.begin());
    CHECK(sent[0].bytes == expected);
}

TEST(router_padding, "Ethernet padding is trimmed") {
    Rig rig;
    Bytes padded = V4{.payload = Bytes(2)}.frame();
    padded.resize(60);
    CHECK(rig.pass(padded)[0].bytes.size() == 36);
    Bytes padded6 = V6{.payload = Bytes(2)}.frame();
    padded6.resize(60);
    CHECK(rig.pass(padded6)[0].bytes.size() == 56);
}

Bytes spoilt(Bytes frame, size_t at, uint8_t value, bool is_summed = true) {
    frame[ethernet_bytes + at] = value;
    if (!is_summed || load16(&frame[12]) != ethertype_ipv4) return frame;
    uint8_t *header = &frame[ethernet_bytes];
    store16(header + 10, 0);
    store16(header + 10, checksum({header, ipv4_bytes}));
    return frame;
}

TEST(router_checks_v4, "RFC 1812 5.2.2 and 5.3.7: each bad header has its reason") {
    Rig rig;
    const Bytes good = V4{}.frame();
    struct Case {
        const char *what;
        Bytes frame;
        lvrm_drop reason;
    };
    const Case cases[] = {
        {"version", spoilt(good, 0, 0x55), LVRM_DROP_BAD_HEADER},
        {"header length 16", spoilt(good, 0, 0x44), LVRM_DROP_BAD_HEADER},
        {"header length 60", spoilt(V4{.payload = {}}.frame(), 0, 0x4f), LVRM_DROP_BAD_HEADER},
        {"total too long", spoilt(good, 3, 47), LVRM_DROP_BAD_HEADER},
        {"total too short", spoilt(good, 3, 19), LVRM_DROP_BAD_HEADER},
        {"checksum", spoilt(good, 8, 63, false), LVRM_DROP_BAD_CHECKSUM},
        {"cut", Bytes(good.begin(), good.begin() + 33), LVRM_DROP_BAD_HEADER},
        {"no Ethernet header", Bytes(good.begin(), good.begin() + 13), LVRM_DROP_BAD_HEADER},
        {"source 0/8", V4{.source = 0x00010203}.frame(), LVRM_DROP_BAD_SOURCE},
        {"source 127/8", V4{.source = 0x7f000001}.frame(), LVRM_DROP_BAD_SOURCE},
        {"source multicast", V4{.source = 0xe0000001}.frame(), LVRM_DROP_BAD_SOURCE},
        {"source class E", V4{.source = 0xf0000001}.frame(), LVRM_DROP_BAD_SOURCE},
        {"source broadcast", V4{.source = 0xffffffff}.frame(), LVRM_DROP_BAD_SOURCE},
        {"destination 0/8", V4{.destination = 1}.frame(), LVRM_DROP_BAD_DESTINATION},
        {"destination 127/8", V4{.destination = 0x7f000001}.frame(), LVRM_DROP_BAD_DESTINATION},
        {"multicast", V4{.destination = 0xe0000005}.frame(), LVRM_DROP_BAD_DESTINATION},
        {"class E", V4{.destination = 0xf0000001}.frame(), LVRM_DROP_BAD_DESTINATION},
        {"loose source route", V4{.options = {131, 3, 4, 0}}.frame(), LVRM_DROP_SOURCE_ROUTE},
        {"strict source route", V4{.options = {1, 137, 3, 4}}.frame(), LVRM_DROP_SOURCE_ROUTE},
        {"option too long", V4{.options = {7, 9, 4, 0}}.frame(), LVRM_DROP_BAD_HEADER},
        {"option length 0", V4{.options = {7, 0, 4, 0}}.frame(), LVRM_DROP_BAD_HEADER},
        {"option cut", V4{.options = {1, 1, 1, 7}}.frame(), LVRM_DROP_BAD_HEADER},
    };
    for (const Case &it : cases) {
        const bool is_right = is_dropped_alone(rig.pass(it.frame), it.reason);
        if (!is_right) std::fprintf(stderr, "%s\n", it.what);
        CHECK(is_right);
    }
    CHECK(rig.pass(V4{.options = {1, 1, 1, 0}}.frame())[0].output == 2);
    CHECK(rig.slots_out() == 0);
}

TEST(router_checks_v6, "IPv6 headers and addresses that stay on their link") {
    Rig rig;
    const Bytes good = V6{}.frame();
    CHECK(is_dropped_alone(rig.pass(spoilt(good, 0, 0x40)), LVRM_DROP_BAD_HEADER));
    CHECK(is_dropped_alone(rig.pass(spoilt(good, 5, 27)), LVRM_DROP_BAD_HEADER));
    CHECK(is_dropped_alone(rig.pass(V6{.next = 0, .payload = {}}.frame()), LVRM_DROP_BAD_HEADER));
    CHECK(is_dropped_alone(rig.pass(Bytes(good.begin(), good.begin() + 53)), LVRM_DROP_BAD_HEADER));
    const Address bad[] = {
        {0, 0, 6}, {0, 1, 6}, {0xff02000000000000, 1, 6}, {0xfe80000000000000, 1, 6}};
    for (const Address &it : bad) {
        CHECK(is_dropped_alone(rig.pass(V6{.source = it}.frame()), LVRM_DROP_BAD_SOURCE));
        CHECK(is_dropped_alone(rig.pass(V6{.destination = it}.frame()),
                               LVRM_DROP_BAD_DESTINATION));
    }
    Bytes arp = V4{}.frame();
    arp[13] = 6;
    CHECK(is_dropped_alone(rig.pass(arp), LVRM_DROP_NOT_IP));
}

TEST(router_kinds, "no route, and routes that refuse: reason and ICMP code as Linux has them") {
    Rig rig;
    const Bytes frame = V4{.destination = 0x0b000001}.frame();
    const Bytes frame6 = V6{.destination = {0x20010db900000000, 1, 6}}.frame();
    const Address prefix = address_v4(0x0b000000);
    const Address prefix6{0x20010db900000000, 0, 6};
    CHECK(is_reported(rig.pass(frame), 1, 3, 0, LVRM_DROP_NO_ROUTE));
    CHECK(is_reported(rig.pass(frame6), 1, 1, 0, LVRM_DROP_NO_ROUTE));
    const auto set = [&](uint8_t kind) {
        rig.route(prefix, 8, {}, kind);
        rig.route(prefix6, 32, {}, kind);
    };
    set(LVRM_ROUTE_UNREACHABLE);
    CHECK(is_reported(rig.pass(frame), 1, 3, 1, LVRM_DROP_UNREACHABLE_ROUTE));
    CHECK(is_reported(rig.pass(frame6), 1, 1, 0, LVRM_DROP_UNREACHABLE_ROUTE));
    set(LVRM_ROUTE_PROHIBIT);
    CHECK(is_reported(rig.pass(frame), 1, 3, 13, LVRM_DROP_PROHIBITED));
    CHECK(is_reported(rig.pass(frame6), 1, 1, 1, LVRM_DROP_PROHIBITED));
    set(LVRM_ROUTE_BLACKHOLE);
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BLACKHOLE));
    CHECK(is_dropped_alone(rig.pass(frame6), LVRM_DROP_BLACKHOLE));
    set(LVRM_ROUTE_LOCAL);
    CHECK(is_dropped_alone(rig.pass(frame), LVRM_DROP_BAD_DESTINATION));
}

TEST(router_links, "a link that is down, gone, or no port of lvrm") {
    Rig rig;
    rig.link(2, false);
    CHECK(is_dropped_alone(rig.pass(V4{}.frame()), LVRM_DROP_LINK_DOWN));
    rig.link(2, false, 1500, 0, true);
    CHECK(is_dropped_alone(rig.pass(V4{}.frame()), LVRM_DROP_NO_OUTPUT_PORT));
    rig.route(address_v4(0x0a000200), 24, {Rig::on_link(LVRM_NO_PORT)});
    CHECK(is_dropped_alone(rig.pass(V4{}.frame()), LVRM_DROP_NO_OUTPUT_PORT));
    CHECK(is_dropped_alone(rig.pass(V4{.payload = Bytes(1490)}.frame()), LVRM_DROP_NO_OUTPUT_PORT));
}

TEST(router_gateway, "a route by a gateway uses its neighbour, also IPv4 by an IPv6 one") {
    Rig rig;
    const Bytes frame = V4{.destination = 0x0b000001}.frame();
    rig.route(address_v4(0x0b000000), 8, {Rig::via(2, address_v4(0x0a000207))});
    CHECK(rig.pass(frame)[0].bytes[5] == 7);
    const Address gateway{0xfe80000000000000, 0x42, 6};
    rig.neighbour(2, gateway);
    rig.route(address_v4(0x0b000000), 8, {Rig::via(2, gateway)});
    const auto sent = rig.pass(frame);
    CHECK(sent[0].bytes[5] == 0x42 && load16(&sent[0].bytes[12]) == ethertype_ipv4);
}

TEST(router_multipath, "flows spread by weight, a flow and its fragments keep their path") {
    Rig rig;
    const Address other = address_v4(0x0a000108);
    rig.neighbour(1, other);
    rig.route(address_v4(0x0b000000), 8,
              {Rig::via(2, address_v4(0x0a000207), 3), Rig::via(1, other, 1)});
    int by_port[3] = {};
    Random random(5);
    for (uint32_t flow = 0; flow < 4000; flow += 1) {
        Bytes payload(26);
        store32(payload.data(), static_cast<uint32_t>(random.next()));
        const Bytes frame = V4{.destination = 0x0b000001, .payload = payload}.frame();
        const uint32_t port = rig.pass(frame)[0].output;
        CHECK(rig.pass(frame)[0].output == port);
        by_port[port] += 1;
    }
    CHECK(by_port[2] > 2800 && by_port[2] < 3200);
    for (uint32_t host = 1; host < 50; host += 1) {
        const V4 first{.destination = 0x0b000000 + host, .flags = ipv4_more_fragments};
        V4 second = first;
        second.flags = 100;
        second.payload = Bytes(26, 1);
        CHECK(rig.pass(first.frame())[0].output == rig.pass(second.frame())[0].output);
    }
    rig.link(2, false);
    for (uint32_t host = 1; host < 50; host += 1)
        CHECK(rig.pass(V4{.destination = 0x0b000000 + host}.frame())[0].output == 1);
}

TEST(router_reverse_path, "rp_filter: strict wants the input port, loose any route") {
    Rig rig;
    const Bytes right = V4{}.frame();
    const Bytes other = V4{.source = 0x0a000209, .destination = 0x0a000105}.frame();
    const Bytes unknown = V4{.source = 0x0b000001}.frame();
    rig.link(1, true, 1500, 1);
    CHECK(rig.pass(right)[0].output == 2);
    CHECK(is_dropped_alone(rig.pass(other), LVRM_DROP_REVERSE_PATH));
    CHECK(is_dropped_alone(rig.pass(unknown), LVRM_DROP_REVERSE_PATH));
    rig.link(1, true, 1500, 2);
    CHECK(!rig.pass(other)[0].is_dropped);
    CHECK(is_dropped_alone(rig.pass(unknown), LVRM_DROP_REVERSE_PATH));
    rig.link(1, true, 1500, 0);
    CHECK(!rig.pass(unknown)[0].is_dropped);
}

TEST(router_garbage, "whatever a frame says, it comes back once, within its slot") {
    Random random(8);
    Rig rig;
    rig.link(2, true, 300);
    for (int round = 0; round < 200'000; round += 1) {
        Bytes frame = random.below(2) ? V4{.payload = Bytes(random.below(900))}.frame()
                                      : V6{.payload = Bytes(random.below(900))}.frame();
        for (uint64_t i = random.below(4); i > 0; i -= 1)
            frame[random.below(std::min<size_t>(frame.size(), 80))] =
                static_cast<uint8_t>(random.next());
        if (load16(&frame[12]) == ethertype_ipv4 && frame.size() >= 34 && random.below(2)) {
            store16(&frame[24], 0);
            store16(&frame[24], checksum({&frame[14], 20}));
        }
        if (random.below(4) == 0) frame.resize(1 + random.below(frame.size()));
        rig.empties_left = 50;
        rig.now_ns += 1'000'000;
        rig.pass(frame, static_cast<uint8_t>(random.below(256)));
        if (round % 64 == 0) rig.advance(0);
    }
    rig.router.drop_waiting();
    rig.take_sent();
    // The spare slots alone: a datagram that wanted more than there were keeps what it had got.
    CHECK(rig.slots_out() < 60);
}

TEST(router_relay, "a relay passes frames as they are, and what comes by another port not") {
    Rig rig;
    Output output(rig);
    Relaying relaying(output);
    relaying.connect(1, 2);
    const Bytes frame = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 6, 0, 1};
    const lvrm_frame frames[] = {rig.place(frame, 1), rig.place(frame, 2), rig.place(frame, 3)};
    relaying.relay(frames);
    output.flush();
    const auto sent = rig.take_sent();
    CHECK(sent.size() == 3);
    CHECK(!sent[0].is_dropped && sent[0].output == 2 && sent[0].bytes == frame);
    CHECK(!sent[1].is_dropped && sent[1].output == 1 && sent[1].bytes == frame);
    CHECK(sent[2].is_dropped && sent[2].output == LVRM_DROP_NO_OUTPUT_PORT);
}

} // namespace
} // namespace cppvr
