// The hash that picks a next hop of a multipath route, so that a flow keeps its path.
#pragma once

#include <span>

#include "icmp.hh"

namespace cppvr {

inline uint32_t mix_flow(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t h = (a ^ 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;
    h = (h ^ h >> 32 ^ b) * 0xc4ceb9fe1a85ec53;
    h = (h ^ h >> 32 ^ c) * 0x9fb21c651e98df25;
    return static_cast<uint32_t>((h ^ h >> 29) >> 16);
}

inline bool has_ports(uint8_t protocol) {
    return protocol == protocol_tcp || protocol == protocol_udp || protocol == 132; // SCTP
}

/// Addresses, protocol and ports; of fragments, all of them, no ports, so that they stay together.
/// `datagram`: a checked IPv4 header and what follows.
inline uint32_t flow_hash_v4(std::span<const uint8_t> datagram) {
    const size_t header_bytes = (datagram[0] & 15u) * 4;
    const uint8_t protocol = datagram[9];
    const bool is_fragment = load16(&datagram[6]) & (ipv4_more_fragments | ipv4_offset_mask);
    uint32_t ports = 0;
    if (!is_fragment && has_ports(protocol) && header_bytes + 4 <= datagram.size())
        ports = load32(&datagram[header_bytes]);
    return mix_flow(load64(&datagram[12]), ports, protocol);
}

/// The same for IPv6; a datagram whose headers after the first can't be read counts as a fragment.
inline uint32_t flow_hash_v6(std::span<const uint8_t> datagram) {
    UpperLayer upper{datagram[6], ipv6_bytes};
    if (!has_ports(upper.protocol)) upper = find_upper_layer(datagram);
    uint32_t ports = 0;
    const bool has_fragment_header = datagram[6] == 44;
    if (!has_fragment_header && has_ports(upper.protocol) && upper.offset + 4 <= datagram.size())
        ports = load32(&datagram[upper.offset]);
    const uint64_t source = load64(&datagram[8]) ^ std::rotl(load64(&datagram[16]), 17);
    const uint64_t destination = load64(&datagram[24]) ^ std::rotl(load64(&datagram[32]), 17);
    // Not the protocol: in fragments it may be out of sight.
    return mix_flow(source, destination, ports);
}

} // namespace cppvr
