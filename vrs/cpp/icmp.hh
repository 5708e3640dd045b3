// ICMP and ICMPv6 error messages: when one may be sent, and its bytes.
#pragma once

#include <span>

#include "address.hh"

namespace cppvr {

/// Why a datagram is reported back to its source.
enum class Problem {
    time_exceeded,
    no_route,
    unreachable_route, // a route of that kind
    prohibited,        // a prohibit route
    no_neighbour,      // the next hop did not answer
    too_big,
};

// The longest datagrams that every host takes: RFC 1812 4.3.2.3 and RFC 4443 2.4 c.
inline constexpr size_t max_icmp_bytes = 576;
inline constexpr size_t max_icmpv6_bytes = 1280;

/// Whether a frame (Ethernet header first, IP header checked) may be answered with an error:
/// RFC 1812 4.3.2.7 and RFC 4443 2.4 e. Never for errors, later fragments, or to many.
bool may_report_v4(std::span<const uint8_t> frame);
bool may_report_v6(std::span<const uint8_t> frame);

/// Writes an error about `frame` as a whole frame but for its MAC addresses, quoting as much as
/// fits. `out` has room for 14 + max_icmp(v6)_bytes. `mtu` is told where `problem` is too_big.
/// Returns the frame's length.
size_t write_error_v4(uint8_t *out, std::span<const uint8_t> frame, const Address &source,
                      Problem problem, uint32_t mtu, uint16_t identification);
size_t write_error_v6(uint8_t *out, std::span<const uint8_t> frame, const Address &source,
                      Problem problem, uint32_t mtu);

/// Where the payload after IPv6's extension headers starts; both 0 where it can't be told or lies
/// in another fragment. Offsets from the IPv6 header.
struct UpperLayer {
    uint8_t protocol = 0;
    size_t offset = 0;
};
UpperLayer find_upper_layer(std::span<const uint8_t> datagram);

} // namespace cppvr
