// Addresses: bytes in network order, text, and parsing of plain addresses.
#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace click {

struct IPAddress {
    uint32_t addr = 0; // network byte order

    IPAddress() = default;
    constexpr IPAddress(uint32_t network_order) : addr(network_order) {}
    static IPAddress from_host(uint32_t v) { return {__builtin_bswap32(v)}; }
    static IPAddress prefix_mask(uint32_t length) {
        return {length == 0 ? 0 : __builtin_bswap32(~uint32_t{0} << (32 - length))};
    }
    uint32_t host() const { return __builtin_bswap32(addr); }
    /// The length of a prefix's mask, or -1 when it is none.
    int mask_length() const;
    bool is_multicast() const { return (addr & 0xf0) == 0xe0; }
    bool matches_prefix(IPAddress prefix, IPAddress mask) const {
        return ((addr ^ prefix.addr) & mask.addr) == 0;
    }
    std::string text() const;
    explicit operator bool() const { return addr != 0; }
    bool operator==(const IPAddress &) const = default;
    auto operator<=>(const IPAddress &o) const { return host() <=> o.host(); }
    IPAddress operator&(IPAddress o) const { return {addr & o.addr}; }
    IPAddress operator|(IPAddress o) const { return {addr | o.addr}; }
    IPAddress operator~() const { return {~addr}; }
};

struct IP6Address {
    uint8_t bytes[16] = {};

    IP6Address() = default;
    explicit IP6Address(const uint8_t *from) { std::memcpy(bytes, from, 16); }
    static IP6Address prefix_mask(uint32_t length);
    bool matches_prefix(const IP6Address &prefix, uint32_t length) const;
    bool is_multicast() const { return bytes[0] == 0xff; }
    std::string text() const; // RFC 5952
    explicit operator bool() const;
    auto operator<=>(const IP6Address &) const = default;
};

struct EtherAddress {
    uint8_t bytes[6] = {};

    EtherAddress() = default;
    explicit EtherAddress(const uint8_t *from) { std::memcpy(bytes, from, 6); }
    static EtherAddress broadcast();
    bool is_group() const { return bytes[0] & 1; }
    bool is_broadcast() const { return *this == broadcast(); }
    std::string text() const; // "00-11-22-AA-BB-CC"
    std::string text_colon() const;
    explicit operator bool() const;
    auto operator<=>(const EtherAddress &) const = default;
};

/// A prefix as "10.0.0.0/8", "10.0.0.0/255.0.0.0" or one address.
struct IPPrefix {
    IPAddress address, mask{0xffffffff};
    std::string text() const;
};
struct IP6Prefix {
    IP6Address address;
    uint32_t length = 128;
};

bool parse_address(std::string_view text, IPAddress &out);
bool parse_address(std::string_view text, IP6Address &out);
bool parse_address(std::string_view text, EtherAddress &out);
bool parse_prefix(std::string_view text, IPPrefix &out, bool allow_bare);
bool parse_prefix(std::string_view text, IP6Prefix &out, bool allow_bare);

} // namespace click
