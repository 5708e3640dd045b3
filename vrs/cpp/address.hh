// An IP address of either family as two words, and which addresses no unicast router forwards.
#pragma once

#include "bytes.hh"

namespace cppvr {

__extension__ using Word128 = unsigned __int128;

/// `family` is 4, 6, or 0 for none. IPv4 lies in the low 32 bits of `low`, host order.
struct Address {
    uint64_t high = 0;
    uint64_t low = 0;
    uint8_t family = 0;

    bool operator==(const Address &) const = default;
    uint32_t v4() const { return static_cast<uint32_t>(low); }
    Word128 v6() const { return static_cast<Word128>(high) << 64 | low; }
    /// Whether the first `length` bits of both are the same (both of one family).
    bool shares_prefix(const Address &other, unsigned length) const {
        if (family != other.family) return false;
        const unsigned bits = family == 4 ? 32 : 128;
        if (length == 0) return true;
        return ((v6() ^ other.v6()) >> (bits - length)) == 0;
    }
};

inline Address address_v4(uint32_t value) { return {0, value, 4}; }
inline Address address_v6(const uint8_t *from) { return {load64(from), load64(from + 8), 6}; }

/// From a control event's 16 bytes. The caller checked that `family` is 4 or 6.
inline Address event_address(uint8_t family, const uint8_t *from) {
    return family == 4 ? address_v4(load32(from)) : address_v6(from);
}
inline void store_address(uint8_t *to, const Address &address) {
    if (address.family == 4) return store32(to, address.v4());
    store64(to, address.high);
    store64(to + 8, address.low);
}

/// Martian sources, RFC 1812 5.3.7: "this network", loopback, multicast, reserved, broadcast.
inline bool is_bad_source_v4(uint32_t source) {
    const uint32_t first = source >> 24;
    return first == 0 || first == 127 || first >= 224;
}
/// The same ranges are no destination for a unicast router.
inline bool is_bad_destination_v4(uint32_t destination) { return is_bad_source_v4(destination); }

inline bool is_link_local_v6(const Address &a) { return a.high >> 54 == 0xfe80u >> 6; }

/// RFC 4291 2.5.2, 2.5.3, 2.5.6 and 2.7: unspecified, loopback, multicast and link-local sources
/// never cross a router.
inline bool is_bad_source_v6(const Address &a) {
    return a.high >> 56 == 0xff || (a.high == 0 && a.low <= 1) || is_link_local_v6(a);
}
inline bool is_bad_destination_v6(const Address &a) { return is_bad_source_v6(a); }

} // namespace cppvr
