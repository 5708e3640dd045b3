// IPv4 options (RFC 791 3.1): found malformed, looked through for source routes, and copied into
// fragments. Few frames have any, so none of this is on the main path.
#pragma once

#include "bytes.hh"

namespace cppvr {

inline constexpr uint8_t option_end = 0;
inline constexpr uint8_t option_no_operation = 1;
inline constexpr uint8_t option_loose_source_route = 131;
inline constexpr uint8_t option_strict_source_route = 137;
inline constexpr uint8_t option_copied = 0x80; // flag: goes into every fragment

enum class Options { fine, malformed, source_route };

/// Calls `each(option, bytes)` for every option that has a length. False: malformed.
template <class Each> bool for_each_option(const uint8_t *header, size_t header_bytes, Each each) {
    size_t at = ipv4_bytes;
    while (at < header_bytes && header[at] != option_end) {
        if (header[at] == option_no_operation) {
            at += 1;
            continue;
        }
        if (at + 1 >= header_bytes) return false;
        const size_t bytes = header[at + 1];
        if (bytes < 2 || at + bytes > header_bytes) return false;
        each(header + at, bytes);
        at += bytes;
    }
    return true;
}

inline Options check_options(const uint8_t *header, size_t header_bytes) {
    bool has_source_route = false;
    const bool is_fine = for_each_option(header, header_bytes, [&](const uint8_t *option, size_t) {
        has_source_route |= option[0] == option_loose_source_route;
        has_source_route |= option[0] == option_strict_source_route;
    });
    if (!is_fine) return Options::malformed;
    return has_source_route ? Options::source_route : Options::fine;
}

/// Writes the options that belong into every fragment to `to` (40 bytes suffice), padded with
/// option_end to a multiple of 4. Returns the bytes written.
inline size_t copy_fragment_options(uint8_t *to, const uint8_t *header, size_t header_bytes) {
    size_t written = 0;
    for_each_option(header, header_bytes, [&](const uint8_t *option, size_t bytes) {
        if (!(option[0] & option_copied)) return;
        std::memcpy(to + written, option, bytes);
        written += bytes;
    });
    while (written % 4 != 0) to[written++] = option_end;
    return written;
}

} // namespace cppvr
