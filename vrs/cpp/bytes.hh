// Network-order loads and stores, and where fields lie in the headers that cppvr reads. Frames are
// bytes that a stranger wrote: callers check lengths before they load.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cppvr {

inline constexpr size_t ethernet_bytes = 14;
inline constexpr size_t ipv4_bytes = 20; // without options
inline constexpr size_t ipv6_bytes = 40;
inline constexpr uint32_t min_mtu_v6 = 1280; // RFC 8200 5
inline constexpr uint16_t ethertype_ipv4 = 0x0800;
inline constexpr uint16_t ethertype_ipv6 = 0x86dd;
inline constexpr uint8_t protocol_icmp = 1;
inline constexpr uint8_t protocol_tcp = 6;
inline constexpr uint8_t protocol_udp = 17;
inline constexpr uint8_t protocol_icmpv6 = 58;
inline constexpr uint16_t ipv4_dont_fragment = 0x4000;
inline constexpr uint16_t ipv4_more_fragments = 0x2000;
inline constexpr uint16_t ipv4_offset_mask = 0x1fff;

template <class T> inline T load_native(const uint8_t *from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
inline uint16_t load16(const uint8_t *from) { return std::byteswap(load_native<uint16_t>(from)); }
inline uint32_t load32(const uint8_t *from) { return std::byteswap(load_native<uint32_t>(from)); }
inline uint64_t load64(const uint8_t *from) { return std::byteswap(load_native<uint64_t>(from)); }

inline void store16(uint8_t *to, uint16_t value) {
    value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}
inline void store32(uint8_t *to, uint32_t value) {
    value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}
inline void store64(uint8_t *to, uint64_t value) {
    value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}

} // namespace cppvr
