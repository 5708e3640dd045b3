// The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
#pragma once

#include <span>

#include "bytes.hh"

namespace cppvr {

/// Unfolded one's complement sum of big-endian 16-bit words; an odd last byte is padded with zero.
/// `sum` continues an earlier sum over an even number of bytes.
inline uint64_t sum_words(std::span<const uint8_t> bytes, uint64_t sum = 0) {
    size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) sum += load32(&bytes[at]);
    if (at + 2 <= bytes.size()) {
        sum += load16(&bytes[at]);
        at += 2;
    }
    if (at < bytes.size()) sum += static_cast<uint64_t>(bytes[at]) << 8;
    return sum;
}

/// Folds a sum to 16 bits.
inline uint16_t fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(sum);
}

/// The checksum to store in a header whose checksum field is zero.
inline uint16_t checksum(std::span<const uint8_t> bytes, uint64_t sum = 0) {
    return static_cast<uint16_t>(~fold(sum_words(bytes, sum)));
}

/// RFC 1624 equation 3: the checksum after one 16-bit word of what it covers changed. Unlike
/// RFC 1141's it never makes the wrong one of the two zeros.
inline uint16_t update_checksum(uint16_t old_checksum, uint16_t old_word, uint16_t new_word) {
    uint32_t sum = static_cast<uint16_t>(~old_checksum);
    sum += static_cast<uint16_t>(~old_word);
    sum += new_word;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

/// Whether an IPv4 header of `bytes` bytes (a multiple of 4, at least 20) sums to all ones. Byte
/// order does not matter to that, so it adds native words.
inline bool ipv4_checksum_holds(const uint8_t *header, size_t bytes) {
    uint64_t sum = load_native<uint64_t>(header) & 0xffffffff;
    sum += load_native<uint64_t>(header) >> 32;
    sum += load_native<uint32_t>(header + 8);
    sum += load_native<uint32_t>(header + 12);
    sum += load_native<uint32_t>(header + 16);
    for (size_t at = ipv4_bytes; at < bytes; at += 4) sum += load_native<uint32_t>(header + at);
    // At most 15 words of 32 bits: folded once, it is all ones or twice that, or the sum is wrong.
    const uint64_t folded = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    return folded == 0xffff || folded == 0x1fffe;
}

/// Decrements an IPv4 time to live, which is at least 1, and keeps the header checksum right.
inline void decrement_ttl(uint8_t *header) {
    // RFC 1624 equation 3, where ~m + m' is ~0x100 whatever m was. One fold does: the sum is at
    // most 0x1fefe.
    header[8] -= 1;
    uint32_t sum = static_cast<uint16_t>(~load16(header + 10));
    sum += 0xfeff;
    sum = (sum & 0xffff) + (sum >> 16);
    store16(header + 10, static_cast<uint16_t>(~sum));
}

} // namespace cppvr
