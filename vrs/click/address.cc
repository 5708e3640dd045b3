// What address.hh declares.
#include "address.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <cstdio>

namespace click {

int IPAddress::mask_length() const {
    const uint32_t ones = static_cast<uint32_t>(std::countl_one(host()));
    return prefix_mask(ones) == *this ? static_cast<int>(ones) : -1;
}

std::string IPAddress::text() const {
    uint8_t b[4];
    std::memcpy(b, &addr, 4);
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    return buffer;
}

IP6Address IP6Address::prefix_mask(uint32_t length) {
    IP6Address mask;
    for (uint32_t i = 0; i < 16; i += 1) {
        const uint32_t bits = length > i * 8 ? std::min(length - i * 8, 8u) : 0;
        mask.bytes[i] = static_cast<uint8_t>(0xff00u >> bits);
    }
    return mask;
}

bool IP6Address::matches_prefix(const IP6Address &prefix, uint32_t length) const {
    const IP6Address mask = prefix_mask(length);
    for (int i = 0; i < 16; i += 1)
        if ((bytes[i] ^ prefix.bytes[i]) & mask.bytes[i]) return false;
    return true;
}

std::string IP6Address::text() const {
    char buffer[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, bytes, buffer, sizeof buffer) ? buffer : "";
}

IP6Address::operator bool() const { return *this != IP6Address{}; }

EtherAddress EtherAddress::broadcast() {
    EtherAddress all;
    std::memset(all.bytes, 0xff, 6);
    return all;
}

EtherAddress::operator bool() const { return *this != EtherAddress{}; }

namespace {

std::string ether_text(const uint8_t *b, const char *format) {
    char buffer[24];
    std::snprintf(buffer, sizeof buffer, format, b[0], b[1], b[2], b[3], b[4], b[5]);
    return buffer;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool parse_small(std::string_view text, uint32_t limit, uint32_t &out) {
    if (text.empty() || text.size() > 3) return false;
    out = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        out = out * 10 + static_cast<uint32_t>(c - '0');
    }
    return out <= limit;
}

} // namespace

std::string EtherAddress::text() const {
    return ether_text(bytes, "%02X-%02X-%02X-%02X-%02X-%02X");
}
std::string EtherAddress::text_colon() const {
    return ether_text(bytes, "%02X:%02X:%02X:%02X:%02X:%02X");
}

std::string IPPrefix::text() const {
    const int length = mask.mask_length();
    return address.text() + "/" + (length >= 0 ? std::to_string(length) : mask.text());
}

bool parse_address(std::string_view text, IPAddress &out) {
    uint32_t value = 0;
    for (int part = 0; part < 4; part += 1) {
        const size_t dot = part < 3 ? text.find('.') : text.size();
        uint32_t byte;
        if (dot == std::string_view::npos || !parse_small(text.substr(0, dot), 255, byte))
            return false;
        value = value << 8 | byte;
        text.remove_prefix(part < 3 ? dot + 1 : dot);
    }
    out = IPAddress::from_host(value);
    return true;
}

bool parse_address(std::string_view text, IP6Address &out) {
    return inet_pton(AF_INET6, std::string(text).c_str(), out.bytes) == 1;
}

bool parse_address(std::string_view text, EtherAddress &out) {
    EtherAddress found;
    char separator = 0;
    for (int part = 0; part < 6; part += 1) {
        int digits = 0, value = 0;
        while (!text.empty() && digits < 2 && hex_value(text[0]) >= 0) {
            value = value * 16 + hex_value(text[0]);
            text.remove_prefix(1);
            digits += 1;
        }
        if (digits == 0) return false;
        found.bytes[part] = static_cast<uint8_t>(value);
        if (part == 5) break;
        if (text.empty() || (text[0] != ':' && text[0] != '-')) return false;
        if (separator && text[0] != separator) return false;
        separator = text[0];
        text.remove_prefix(1);
    }
    if (!text.empty()) return false;
    out = found;
    return true;
}

bool parse_prefix(std::string_view text, IPPrefix &out, bool allow_bare) {
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        out.mask = {0xffffffff};
        return allow_bare && parse_address(text, out.address);
    }
    const std::string_view right = text.substr(slash + 1);
    uint32_t length;
    if (parse_small(right, 32, length)) {
        out.mask = IPAddress::prefix_mask(length);
        if (parse_address(text.substr(0, slash), out.address)) return true;
        // "10.1/16": missing parts are zero, as far as the length reaches.
        std::string padded(text.substr(0, slash));
        for (auto dots = std::count(padded.begin(), padded.end(), '.'); dots < 3; dots += 1)
            padded += ".0";
        return parse_address(padded, out.address);
    }
    return parse_address(text.substr(0, slash), out.address) && parse_address(right, out.mask);
}

bool parse_prefix(std::string_view text, IP6Prefix &out, bool allow_bare) {
    const size_t slash = text.find('/');
    out.length = 128;
    if (slash == std::string_view::npos) return allow_bare && parse_address(text, out.address);
    return parse_small(text.substr(slash + 1), 128, out.length) &&
           parse_address(text.substr(0, slash), out.address);
}

} // namespace click
