// IPv4 fragmentation: fragments put together again equal the original.
#include "fragment.hh"

#include "rig.hh"

namespace cppvr {
namespace {

using namespace test;

Bytes numbered(size_t count) {
    Bytes bytes(count);
    for (size_t i = 0; i < count; i += 1) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
    return bytes;
}

/// Puts fragments together again, as RFC 791 3.2 says, checking each.
Bytes reassemble(const std::vector<Bytes> &fragments, size_t mtu, uint16_t first_offset_units,
                 bool is_more_after) {
    Bytes whole;
    for (size_t i = 0; i < fragments.size(); i += 1) {
        const uint8_t *header = fragments[i].data();
        const size_t header_bytes = (header[0] & 15u) * 4;
        const size_t total = load16(header + 2);
        CHECK(total == fragments[i].size() && total <= mtu);
        CHECK(ipv4_checksum_holds(header, header_bytes));
        const uint16_t field = load16(header + 6);
        const bool is_last = i + 1 == fragments.size();
        CHECK(((field & ipv4_more_fragments) != 0) == (!is_last || is_more_after));
        const size_t offset = size_t{8} * ((field & ipv4_offset_mask) - first_offset_units);
        CHECK(offset == whole.size());
        whole.insert(whole.end(), header + header_bytes, header + total);
    }
    return whole;
}

std::vector<Bytes> fragment(Bytes datagram, size_t mtu) {
    const size_t header_bytes = (datagram[0] & 15u) * 4;
    const FragmentPlan plan = plan_fragments(datagram.data(), header_bytes, mtu);
    std::vector<Bytes> made(plan.count);
    for (size_t index = 1; index < plan.count; index += 1) {
        made[index].resize(mtu);
        made[index].resize(
            write_fragment(made[index].data(), datagram.data(), header_bytes, plan, index));
    }
    if (plan.count == 0) return {};
    datagram.resize(cut_first_fragment(datagram.data(), header_bytes, plan));
    made[0] = datagram;
    return made;
}

Bytes datagram_of(const V4 &parts) {
    Bytes frame = parts.frame();
    frame.erase(frame.begin(), frame.begin() + ethernet_bytes);
    return frame;
}

TEST(fragment_all_sizes, "fragments put together equal the original at every size and many MTUs") {
    for (const size_t mtu : {68u, 69u, 75u, 76u, 296u, 576u, 1280u, 1499u, 1500u}) {
        const size_t step = mtu < 1000 ? 37 : 1;
        for (size_t size = mtu; size <= 3000; size += step) {
            const Bytes payload = numbered(size);
            const auto fragments = fragment(datagram_of({.payload = payload}), mtu);
            CHECK(fragments.size() > 1);
            CHECK(reassemble(fragments, mtu, 0, false) == payload);
        }
    }
}

TEST(fragment_of_fragment, "a fragment is fragmented again, its offset and flag kept") {
    const Bytes payload = numbered(1480);
    const V4 parts{.flags = ipv4_more_fragments | 185, .payload = payload};
    CHECK(reassemble(fragment(datagram_of(parts), 600), 600, 185, true) == payload);
}

TEST(fragment_offset_limit, "a fragment that would reach past 65,535 bytes is refused") {
    const V4 parts{.flags = 8190, .payload = numbered(1480)};
    CHECK(fragment(datagram_of(parts), 600).empty());
}

TEST(fragment_options, "options with the copied flag go into every fragment, others into one") {
    // Record route (7, not copied), router alert (148, copied).
    const Bytes options = {7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0, 0};
    const Bytes payload = numbered(1400);
    const auto fragments = fragment(datagram_of({.options = options, .payload = payload}), 576);
    CHECK(reassemble(fragments, 576, 0, false) == payload);
    CHECK(fragments[0][0] == 0x48);
    for (size_t i = 1; i < fragments.size(); i += 1) {
        CHECK(fragments[i][0] == 0x46);
        CHECK(fragments[i][20] == 148);
    }
}

TEST(fragment_routed, "the router fragments to the output's MTU, in order, TTL decremented") {
    Rig rig;
    rig.link(2, true, 600);
    const Bytes payload = numbered(1400);
    const auto sent = rig.pass(V4{.payload = payload}.frame());
    CHECK(sent.size() == 3);
    std::vector<Bytes> datagrams;
    for (const Sent &it : sent) {
        CHECK(!it.is_dropped && it.output == 2 && it.bytes[ethernet_bytes + 8] == 63);
        CHECK(it.bytes[0] == 6 && it.bytes[5] == 7 && load16(&it.bytes[12]) == ethertype_ipv4);
        datagrams.emplace_back(it.bytes.begin() + ethernet_bytes, it.bytes.end());
    }
    CHECK(reassemble(datagrams, 600, 0, false) == payload);
    CHECK(rig.slots_out() == 0);
}

TEST(fragment_no_slots, "without empty slots the datagram is dropped, and counted once") {
    Rig rig;
    rig.link(2, true, 600);
    rig.empties_left = 1;
    CHECK(is_dropped_alone(rig.pass(V4{.payload = numbered(1400)}.frame()),
                           LVRM_DROP_NO_EMPTY_SLOT));
    rig.empties_left = 100;
    CHECK(rig.pass(V4{.payload = numbered(1400)}.frame()).size() == 3);
}

TEST(fragment_forbidden, "with DF set the source is told the MTU (RFC 1191)") {
    Rig rig;
    rig.link(2, true, 600);
    const V4 parts{.flags = ipv4_dont_fragment, .payload = numbered(1400)};
    const auto sent = rig.pass(parts.frame());
    CHECK(is_reported(sent, 1, 3, 4, LVRM_DROP_TOO_BIG));
    CHECK(load16(&sent[0].bytes[ethernet_bytes + 20 + 6]) == 600);
    // What fits exactly goes through, and a route's own MTU counts too.
    const V4 fitting{.flags = ipv4_dont_fragment, .payload = numbered(580)};
    CHECK(rig.pass(fitting.frame())[0].output == 2);
    rig.route(address_v4(0x0a000200), 24, {Rig::on_link(2)}, LVRM_ROUTE_UNICAST, 576);
    const auto less = rig.pass(parts.frame());
    CHECK(load16(&less[0].bytes[ethernet_bytes + 20 + 6]) == 576);
}

} // namespace
} // namespace cppvr
