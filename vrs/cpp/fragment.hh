// IPv4 fragmentation (RFC 791 3.2): the arithmetic, on bytes alone. The router finds the slots.
#pragma once

#include "checksum.hh"
#include "ipv4_options.hh"

namespace cppvr {

/// How a datagram that is too long is cut; `count` 0: it can't be.
struct FragmentPlan {
    size_t count = 0;
    size_t chunk_bytes = 0; // of payload in all but the last; a multiple of 8
};

/// `header` is a checked IPv4 header, `mtu` less than its total length.
inline FragmentPlan plan_fragments(const uint8_t *header, size_t header_bytes, size_t mtu) {
    if (mtu < header_bytes + 8) return {};
    const size_t payload_bytes = load16(header + 2) - header_bytes;
    const size_t chunk_bytes = (mtu - header_bytes) & ~size_t{7};
    const size_t count = (payload_bytes + chunk_bytes - 1) / chunk_bytes;
    const size_t offset_units = load16(header + 6) & ipv4_offset_mask;
    // The field for offsets ends at 65528; what reaches beyond is no datagram.
    if (offset_units + (count - 1) * (chunk_bytes / 8) > ipv4_offset_mask) return {};
    return {count, chunk_bytes};
}

/// Writes lengths, offset, flags and checksum of one fragment into its copied header.
inline void finish_fragment(uint8_t *header, size_t header_bytes, size_t payload_bytes,
                            uint16_t flags_and_offset) {
    header[0] = static_cast<uint8_t>(0x40 | header_bytes / 4);
    store16(header + 2, static_cast<uint16_t>(header_bytes + payload_bytes));
    store16(header + 6, flags_and_offset);
    store16(header + 10, 0);
    store16(header + 10, checksum({header, header_bytes}));
}

/// Writes fragment `index` (1..count-1) to `to`, which has room for `mtu` bytes, from the whole
/// datagram at `header`. Returns its total length.
inline size_t write_fragment(uint8_t *to, const uint8_t *header, size_t header_bytes,
                             const FragmentPlan &plan, size_t index) {
    const size_t payload_bytes = load16(header + 2) - header_bytes;
    const size_t start = index * plan.chunk_bytes;
    const bool is_last = index + 1 == plan.count;
    const size_t bytes = is_last ? payload_bytes - start : plan.chunk_bytes;
    std::memcpy(to, header, ipv4_bytes);
    const size_t own_header_bytes =
        ipv4_bytes + copy_fragment_options(to + ipv4_bytes, header, header_bytes);
    std::memcpy(to + own_header_bytes, header + header_bytes + start, bytes);
    uint16_t field = static_cast<uint16_t>(load16(header + 6) + start / 8);
    if (!is_last) field |= ipv4_more_fragments;
    finish_fragment(to, own_header_bytes, bytes, field);
    return own_header_bytes + bytes;
}

/// Makes the datagram its own first fragment; do it last. Returns its total length.
inline size_t cut_first_fragment(uint8_t *header, size_t header_bytes, const FragmentPlan &plan) {
    const uint16_t field = static_cast<uint16_t>(load16(header + 6) | ipv4_more_fragments);
    finish_fragment(header, header_bytes, plan.chunk_bytes, field);
    return header_bytes + plan.chunk_bytes;
}

} // namespace cppvr
