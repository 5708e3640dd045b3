// ICMP errors: their bytes, and when there is none.
#include "icmp.hh"

#include "rig.hh"

namespace cppvr {
namespace {

using namespace test;

bool icmpv6_checksum_holds(const Bytes &frame) {
    const std::span<const uint8_t> datagram = std::span(frame).subspan(ethernet_bytes);
    const auto payload = datagram.subspan(ipv6_bytes);
    const uint64_t pseudo = sum_words(datagram.subspan(8, 32)) + payload.size() + 58;
    return fold(sum_words(payload, pseudo)) == 0xffff;
}

TEST(icmp_time_exceeded_v4, "time exceeded: every byte is right") {
    Rig rig;
    const Bytes offending = V4{.ttl = 1}.frame();
    const auto sent = rig.pass(offending);
    CHECK(is_reported(sent, 1, 11, 0, LVRM_DROP_TTL_EXPIRED));
    const Bytes &error = sent[0].bytes;
    const uint8_t *header = &error[ethernet_bytes];
    CHECK(error[0] == 6 && error[4] == 1 && error[5] == 5); // to 10.0.1.5
    CHECK(error[6] == 2 && error[11] == 1);                 // from port 1
    CHECK(ipv4_checksum_holds(header, ipv4_bytes));
    CHECK(header[0] == 0x45 && header[1] == 0xc0 && header[8] == 64 && header[9] == 1);
    CHECK(load32(header + 12) == 0x0a000101 && load32(header + 16) == 0x0a000105);
    const std::span<const uint8_t> message(header + 20, error.size() - 34);
    CHECK(load16(header + 2) == 20 + message.size());
    CHECK(fold(sum_words(message)) == 0xffff);
    CHECK(std::equal(message.begin() + 8, message.end(), offending.begin() + 14, offending.end()));
}

TEST(icmp_time_exceeded_v6, "ICMPv6 time exceeded: checksum, quote and source") {
    Rig rig;
    const Bytes offending = V6{.hop_limit = 1}.frame();
    const auto sent = rig.pass(offending);
    CHECK(is_reported(sent, 1, 3, 0, LVRM_DROP_TTL_EXPIRED));
    const Bytes &error = sent[0].bytes;
    CHECK(icmpv6_checksum_holds(error));
    CHECK(address_v6(&error[14 + 8]) == (Address{0x20010db800010000, 1, 6}));
    CHECK(address_v6(&error[14 + 24]) == (Address{0x20010db800010000, 5, 6}));
    CHECK(std::equal(error.begin() + 62, error.end(), offending.begin() + 14, offending.end()));
}

TEST(icmp_quote_limit, "an error quotes as much as fits 576 bytes, IPv6 1280") {
    Rig rig;
    const auto v4 = rig.pass(V4{.ttl = 1, .payload = Bytes(1400, 1)}.frame());
    CHECK(v4[0].bytes.size() == 14 + 576);
    const auto v6 = rig.pass(V6{.hop_limit = 1, .payload = Bytes(1401, 1)}.frame());
    CHECK(v6[0].bytes.size() == 14 + 1280 && icmpv6_checksum_holds(v6[0].bytes));
}

TEST(icmp_too_big_v6, "packet too big tells the MTU, never under 1280; IPv6 is not fragmented") {
    Rig rig;
    rig.link(2, true, 1300);
    const auto sent = rig.pass(V6{.payload = Bytes(1400, 1)}.frame());
    CHECK(is_reported(sent, 1, 2, 0, LVRM_DROP_TOO_BIG));
    CHECK(load32(&sent[0].bytes[14 + 40 + 4]) == 1300);
    CHECK(icmpv6_checksum_holds(sent[0].bytes));
    // A route's own MTU counts from 1280 on.
    rig.link(2);
    const Address prefix{0x20010db800020000, 0, 6};
    rig.route(prefix, 64, {Rig::on_link(2)}, LVRM_ROUTE_UNICAST, 1000);
    CHECK(rig.pass(V6{.payload = Bytes(1240, 1)}.frame())[0].output == 2);
    CHECK(is_reported(rig.pass(V6{.payload = Bytes(1241, 1)}.frame()), 1, 2, 0, LVRM_DROP_TOO_BIG));
    rig.link(2, true, 1000);
    CHECK(load32(&rig.pass(V6{.payload = Bytes(1400, 1)}.frame())[0].bytes[14 + 44]) == 1280);
}

TEST(icmp_never_v4, "no error about errors, later fragments, broadcasts and unknown sources") {
    struct Case {
        const char *what;
        V4 parts;
        bool may;
    };
    const Case cases[] = {
        {"UDP", {}, true},
        {"first fragment", {.flags = ipv4_more_fragments}, true},
        {"later fragment", {.flags = 3}, false},
        {"echo request", {.protocol = 1, .payload = Bytes(8, 8)}, true},
        {"echo reply", {.protocol = 1, .payload = Bytes(8, 0)}, true},
        {"unreachable", {.protocol = 1, .payload = Bytes(8, 3)}, false},
        {"redirect", {.protocol = 1, .payload = Bytes(8, 5)}, false},
        {"time exceeded", {.protocol = 1, .payload = Bytes(8, 11)}, false},
        {"unknown type", {.protocol = 1, .payload = Bytes(8, 200)}, false},
        {"ICMP without type", {.protocol = 1, .payload = {}}, false},
        {"multicast", {.destination = 0xe0000001}, false},
        {"broadcast", {.destination = 0xffffffff}, false},
        {"source 0", {.source = 0}, false},
        {"source loopback", {.source = 0x7f000001}, false},
        {"source multicast", {.source = 0xe0000005}, false},
    };
    for (const Case &it : cases) {
        if (may_report_v4(it.parts.frame()) == it.may) continue;
        std::fprintf(stderr, "%s\n", it.what);
        CHECK(false);
    }
    Bytes to_many = V4{}.frame();
    to_many[0] = 0xff;
    CHECK(!may_report_v4(to_many));
}

TEST(icmp_never_v6, "no ICMPv6 error about errors and redirects, also behind extension headers") {
    const auto may = [](uint8_t next, Bytes payload) {
        return may_report_v6(V6{.next = next, .payload = std::move(payload)}.frame());
    };
    CHECK(may(17, Bytes(8)));
    CHECK(may(58, Bytes(8, 128)));
    CHECK(!may(58, Bytes(8, 1)));
    CHECK(!may(58, Bytes(8, 137)));
    CHECK(!may(58, {}));
    CHECK(!may(0, {58, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}));
    CHECK(may(0, {58, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0}));
    CHECK(may(44, {17, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(!may(44, {17, 0, 0, 8, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(!may(0, {58, 255, 0, 0, 0, 0, 0, 0})); // the header reaches past the end
    CHECK(!may(60, {60, 0, 0}));
}

TEST(icmp_garbage, "random headers are never read past their end") {
    Random random(4);
    for (int round = 0; round < 100'000; round += 1) {
        Bytes frame(14 + random.below(100));
        for (uint8_t &byte : frame) byte = static_cast<uint8_t>(random.next() % 64);
        frame.shrink_to_fit();
        may_report_v4(frame);
        may_report_v6(frame);
    }
}

TEST(icmp_rate, "errors are limited to a burst of 50, then 1000 per second") {
    Rig rig;
    size_t errors = 0;
    for (int i = 0; i < 200; i += 1) errors += rig.pass(V4{.ttl = 1}.frame()).size() - 1;
    CHECK(errors == 50);
    rig.now_ns += second_ns / 100;
    for (int i = 0; i < 200; i += 1) errors += rig.pass(V4{.ttl = 1}.frame()).size() - 1;
    CHECK(errors == 60);
}

TEST(icmp_source, "an input port without an address answers from another port's") {
    Rig rig;
    rig.address(1, address_v4(0x0a000101), 24, true);
    const auto sent = rig.pass(V4{.ttl = 1}.frame());
    CHECK(load32(&sent[0].bytes[26]) == 0x0a000201);
    rig.address(2, address_v4(0x0a000201), 24, true);
    CHECK(is_dropped_alone(rig.pass(V4{.ttl = 1}.frame()), LVRM_DROP_TTL_EXPIRED));
    // Of two on the input port, the one on the source's subnet.
    rig.address(1, address_v4(0x0a090101), 24);
    rig.address(1, address_v4(0x0a000109), 24);
    CHECK(load32(&rig.pass(V4{.ttl = 1}.frame())[0].bytes[26]) == 0x0a000109);
}

TEST(icmp_no_way_back, "no error where no route leads back, and none without an empty slot") {
    Rig rig;
    CHECK(is_dropped_alone(rig.pass(V4{.source = 0x0b000001, .ttl = 1}.frame()),
                           LVRM_DROP_TTL_EXPIRED));
    rig.empties_left = 0;
    CHECK(is_dropped_alone(rig.pass(V4{.ttl = 1}.frame()), LVRM_DROP_TTL_EXPIRED));
}

} // namespace
} // namespace cppvr
