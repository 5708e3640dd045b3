// Headers as they lie in a packet, in network byte order, and byte order.
#pragma once

#include <cstdint>
#include <cstring>

namespace click {

constexpr uint16_t swap16(uint16_t v) { return __builtin_bswap16(v); }
constexpr uint32_t swap32(uint32_t v) { return __builtin_bswap32(v); }
/// Host order to network order and back: the same on this machine.
constexpr uint16_t net16(uint16_t v) { return __builtin_bswap16(v); }
constexpr uint32_t net32(uint32_t v) { return __builtin_bswap32(v); }

template <class T> T load(const void *at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}
template <class T> void store(void *at, T value) { std::memcpy(at, &value, sizeof value); }

constexpr uint16_t ether_type_ip = 0x0800, ether_type_arp = 0x0806, ether_type_vlan = 0x8100;
constexpr uint16_t ether_type_ip6 = 0x86dd;
constexpr uint8_t ip_proto_icmp = 1, ip_proto_igmp = 2, ip_proto_tcp = 6, ip_proto_udp = 17;
constexpr uint8_t ip_proto_icmp6 = 58;

} // namespace click

struct [[gnu::packed]] click_ether {
    uint8_t destination[6];
    uint8_t source[6];
    uint16_t type;
};

struct [[gnu::packed]] click_ether_vlan {
    uint8_t destination[6];
    uint8_t source[6];
    uint16_t vlan_type;
    uint16_t vlan_tci;
    uint16_t type;
};

struct [[gnu::packed]] click_arp {
    uint16_t hardware; // 1
    uint16_t protocol;
    uint8_t hardware_bytes;
    uint8_t protocol_bytes;
    uint16_t operation; // 1 request, 2 reply
    uint8_t sender_ether[6];
    uint32_t sender_ip;
    uint8_t target_ether[6];
    uint32_t target_ip;
};

struct [[gnu::packed]] click_ip {
    uint8_t version_length; // version in the upper half, length in words in the lower
    uint8_t tos;
    uint16_t length;
    uint16_t id;
    uint16_t fragment; // flags and offset in 8-byte units
    uint8_t ttl;
    uint8_t protocol;
    uint16_t checksum;
    uint32_t source;
    uint32_t destination;

    uint32_t header_length() const { return (version_length & 15u) * 4; }
    uint32_t version() const { return version_length >> 4; }
    bool is_fragment() const { return fragment & click::net16(0x3fff); }
    bool is_first_fragment() const { return !(fragment & click::net16(0x1fff)); }
};
constexpr uint16_t click_ip_df = 0x4000, click_ip_mf = 0x2000, click_ip_offset_mask = 0x1fff;

struct [[gnu::packed]] click_ip6 {
    uint32_t flow; // version 4 bits, class 8, label 20
    uint16_t payload_length;
    uint8_t next_header;
    uint8_t hop_limit;
    uint8_t source[16];
    uint8_t destination[16];
};

struct [[gnu::packed]] click_udp {
    uint16_t source;
    uint16_t destination;
    uint16_t length;
    uint16_t checksum;
};

struct [[gnu::packed]] click_tcp {
    uint16_t source;
    uint16_t destination;
    uint32_t sequence;
    uint32_t acknowledgement;
    uint8_t offset_words; // in the upper half
    uint8_t flags;        // FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32
    uint16_t window;
    uint16_t checksum;
    uint16_t urgent;

    uint32_t header_length() const { return (offset_words >> 4) * 4u; }
};

struct [[gnu::packed]] click_icmp {
    uint8_t type;
    uint8_t code;
    uint16_t checksum;
    union {
        uint32_t rest;
        struct {
            uint16_t id;
            uint16_t sequence;
        };
        struct {
            uint8_t pointer;
            uint8_t reserved8;
            uint16_t mtu;
        };
    };
};

namespace click {

/// The Internet checksum: sum of 16-bit words, folded, not complemented. `sum` carries on.
inline uint32_t checksum_add(const void *data, uint32_t bytes, uint32_t start = 0) {
    const auto *at = static_cast<const uint8_t *>(data);
    uint64_t sum = start;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        const uint64_t word = load<uint64_t>(at);
        sum += word;
        sum += sum < word;
    }
    if (bytes >= 4) {
        const uint64_t word = load<uint32_t>(at);
        sum += word;
        sum += sum < word;
        at += 4;
        bytes -= 4;
    }
    if (bytes >= 2) {
        const uint64_t word = load<uint16_t>(at);
        sum += word;
        sum += sum < word;
        at += 2;
        bytes -= 2;
    }
    if (bytes) {
        const uint64_t word = *at;
        sum += word;
        sum += sum < word;
    }
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    auto half = static_cast<uint32_t>((sum & 0xffff) + (sum >> 16));
    half = (half & 0xffff) + (half >> 16);
    return half;
}
/// The value for the checksum field, in network order as it lies in memory.
inline uint16_t checksum(const void *data, uint32_t bytes, uint32_t start = 0) {
    return static_cast<uint16_t>(~checksum_add(data, bytes, start));
}
/// RFC 1624: the checksum field after a 16-bit word changed, all in memory order.
inline uint16_t checksum_update(uint16_t field, uint16_t before, uint16_t after) {
    uint32_t sum = static_cast<uint16_t>(~field) + uint32_t{static_cast<uint16_t>(~before)} + after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return static_cast<uint16_t>(~sum);
}
inline uint16_t checksum_update32(uint16_t field, uint32_t before, uint32_t after) {
    field = checksum_update(field, static_cast<uint16_t>(before), static_cast<uint16_t>(after));
    return checksum_update(field, static_cast<uint16_t>(before >> 16),
                           static_cast<uint16_t>(after >> 16));
}
/// The sum of the TCP or UDP pseudo header, to start checksum() with.
inline uint32_t pseudo_sum(uint32_t source, uint32_t destination, uint8_t protocol,
                           uint16_t length) {
    uint32_t words[3] = {source, destination,
                         uint32_t{protocol} << 8 | uint32_t{net16(length)} << 16};
    return checksum_add(words, sizeof words);
}

} // namespace click
