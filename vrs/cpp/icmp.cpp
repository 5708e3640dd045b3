// ICMP and ICMPv6 errors, byte by byte.
#include "icmp.hh"

#include <algorithm>

#include "checksum.hh"

namespace cppvr {
namespace {

constexpr size_t icmp_header_bytes = 8;
constexpr uint8_t hop_limit = 64;
constexpr uint8_t internetwork_control = 0xc0; // precedence of errors, RFC 1812 4.3.2.5

struct TypeCode {
    uint8_t type;
    uint8_t code;
};

/// The codes that Linux sends for each kind of route.
TypeCode code_v4(Problem problem) {
    switch (problem) {
    case Problem::time_exceeded: return {11, 0};
    case Problem::no_route: return {3, 0};
    case Problem::unreachable_route: return {3, 1};
    case Problem::prohibited: return {3, 13};
    case Problem::no_neighbour: return {3, 1};
    case Problem::too_big: return {3, 4};
    }
    return {3, 1};
}

TypeCode code_v6(Problem problem) {
    switch (problem) {
    case Problem::time_exceeded: return {3, 0};
    case Problem::no_route: return {1, 0};
    case Problem::unreachable_route: return {1, 0};
    case Problem::prohibited: return {1, 1};
    case Problem::no_neighbour: return {1, 3};
    case Problem::too_big: return {2, 0};
    }
    return {1, 3};
}

/// ICMP queries and replies; all other types are errors, or unknown, and so not answered.
bool is_query_v4(uint8_t type) {
    return type == 0 || (type >= 8 && type <= 10) || (type >= 13 && type <= 18);
}

} // namespace

bool may_report_v4(std::span<const uint8_t> frame) {
    if (frame.size() < ethernet_bytes + ipv4_bytes || frame[0] & 1) return false;
    const uint8_t *header = &frame[ethernet_bytes];
    if (load16(header + 6) & ipv4_offset_mask) return false;
    if (is_bad_source_v4(load32(header + 12))) return false;
    if (is_bad_destination_v4(load32(header + 16))) return false;
    if (header[9] != protocol_icmp) return true;
    const size_t type_at = ethernet_bytes + (header[0] & 15u) * 4;
    return type_at < frame.size() && is_query_v4(frame[type_at]);
}

UpperLayer find_upper_layer(std::span<const uint8_t> datagram) {
    if (datagram.size() < ipv6_bytes) return {};
    uint8_t next = datagram[6];
    size_t at = ipv6_bytes;
    for (int headers = 0; headers < 16; headers += 1) {
        const bool is_options = next == 0 || next == 43 || next == 60;
        if (!is_options && next != 44 && next != 51) return {next, at};
        if (at + 8 > datagram.size()) return {};
        // RFC 8200 4.5: of a fragmented datagram only the first fragment has what follows.
        if (next == 44 && load16(&datagram[at + 2]) >> 3 != 0) return {};
        const size_t length = datagram[at + 1];
        const size_t bytes = next == 44 ? 8 : next == 51 ? (length + 2) * 4 : (length + 1) * 8;
        next = datagram[at];
        at += bytes;
    }
    return {};
}

bool may_report_v6(std::span<const uint8_t> frame) {
    if (frame.size() < ethernet_bytes + ipv6_bytes || frame[0] & 1) return false;
    const auto datagram = frame.subspan(ethernet_bytes);
    if (is_bad_source_v6(address_v6(&datagram[8]))) return false;
    if (datagram[24] == 0xff) return false;
    const UpperLayer upper = find_upper_layer(datagram);
    if (upper.offset == 0) return false;
    if (upper.protocol != protocol_icmpv6) return true;
    if (upper.offset >= datagram.size()) return false;
    const uint8_t type = datagram[upper.offset];
    return type >= 128 && type != 137; // errors, and redirects
}

size_t write_error_v4(uint8_t *out, std::span<const uint8_t> frame, const Address &source,
                      Problem problem, uint32_t mtu, uint16_t identification) {
    const auto offending = frame.subspan(ethernet_bytes);
    const size_t headers = ipv4_bytes + icmp_header_bytes;
    const size_t quoted = std::min(offending.size(), max_icmp_bytes - headers);
    const size_t total = headers + quoted;

    std::memset(out, 0, ethernet_bytes + headers);
    store16(out + 12, ethertype_ipv4);
    uint8_t *header = out + ethernet_bytes;
    header[0] = 0x45;
    header[1] = static_cast<uint8_t>((offending[1] & 0x1e) | internetwork_control);
    store16(header + 2, static_cast<uint16_t>(total));
    store16(header + 4, identification);
    header[8] = hop_limit;
    header[9] = protocol_icmp;
    store32(header + 12, source.v4());
    std::memcpy(header + 16, &offending[12], 4);
    store16(header + 10, checksum({header, ipv4_bytes}));

    uint8_t *icmp = header + ipv4_bytes;
    const TypeCode what = code_v4(problem);
    icmp[0] = what.type;
    icmp[1] = what.code;
    // RFC 1191 4: the next hop's MTU in the low 16 bits of the unused word.
    if (problem == Problem::too_big)
        store16(icmp + 6, static_cast<uint16_t>(std::min<uint32_t>(mtu, 0xffff)));
    std::memcpy(icmp + icmp_header_bytes, offending.data(), quoted);
    store16(icmp + 2, checksum({icmp, icmp_header_bytes + quoted}));
    return ethernet_bytes + total;
}

size_t write_error_v6(uint8_t *out, std::span<const uint8_t> frame, const Address &source,
                      Problem problem, uint32_t mtu) {
    const auto offending = frame.subspan(ethernet_bytes);
    const size_t headers = ipv6_bytes + icmp_header_bytes;
    const size_t quoted = std::min(offending.size(), max_icmpv6_bytes - headers);
    const size_t payload = icmp_header_bytes + quoted;

    std::memset(out, 0, ethernet_bytes + headers);
    store16(out + 12, ethertype_ipv6);
    uint8_t *header = out + ethernet_bytes;
    header[0] = 0x60;
    store16(header + 4, static_cast<uint16_t>(payload));
    header[6] = protocol_icmpv6;
    header[7] = hop_limit;
    store_address(header + 8, source);
    std::memcpy(header + 24, &offending[8], 16);

    uint8_t *icmp = header + ipv6_bytes;
    const TypeCode what = code_v6(problem);
    icmp[0] = what.type;
    icmp[1] = what.code;
    if (problem == Problem::too_big) store32(icmp + 4, std::max(mtu, min_mtu_v6));
    std::memcpy(icmp + icmp_header_bytes, offending.data(), quoted);
    // RFC 8200 8.1: the pseudo-header is both addresses, the length and the protocol.
    const uint64_t pseudo = sum_words({header + 8, 32}) + payload + protocol_icmpv6;
    store16(icmp + 2, checksum({icmp, payload}, pseudo));
    return ethernet_bytes + headers + quoted;
}

} // namespace cppvr
