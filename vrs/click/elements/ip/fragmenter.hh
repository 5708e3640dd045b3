// Cutting IP packets into fragments (RFC 791): IPFragmenter.
#pragma once

#include <algorithm>

#include "elements/ip/ip_tools.hh"

namespace click {

/// The header of later fragments: options that aren't to be copied left out. Returns its length.
inline uint32_t later_fragment_header(const click_ip *ip, uint8_t *out) {
    const auto *in = reinterpret_cast<const uint8_t *>(ip);
    std::memcpy(out, in, sizeof(click_ip));
    uint32_t length = sizeof(click_ip);
    for (uint32_t at = sizeof(click_ip), end = ip->header_length(); at < end;) {
        const uint8_t type = in[at];
        if (type == 0) break;
        if (type == 1) {
            at += 1;
            continue;
        }
        if (at + 1 >= end || in[at + 1] < 2 || at + in[at + 1] > end) break;
        if (type & 0x80) {
            std::memcpy(out + length, in + at, in[at + 1]);
            length += in[at + 1];
        }
        at += in[at + 1];
    }
    while (length % 4) out[length++] = 0;
    return length;
}

/// Calls f(Packet *) with each fragment of at most `mtu` bytes, in order, and ends `p`. Returns how
/// many there were. can_fragment() must hold.
template <class F> uint32_t fragment_packet(Packet *p, uint32_t mtu, uint32_t headroom, F f) {
    const click_ip *ip = p->ip_header();
    const uint32_t header = ip->header_length();
    const uint32_t total = std::min<uint32_t>(net16(ip->length), p->network_length());
    const uint8_t *body = p->network_header() + header;
    const uint32_t bytes = total - header;
    const uint16_t field = net16(ip->fragment);
    const uint32_t start = (field & click_ip_offset_mask) * 8u;
    uint8_t later[60];
    const uint32_t later_length = later_fragment_header(ip, later);
    uint32_t count = 0;
    for (uint32_t done = 0; done < bytes; count += 1) {
        const uint32_t length = done == 0 ? header : later_length;
        uint32_t piece = (mtu - length) & ~7u;
        const bool is_last = bytes - done <= mtu - length;
        if (is_last) piece = bytes - done;
        Packet *q = Packet::make(headroom, nullptr, length + piece);
        std::memcpy(q->data(), done == 0 ? reinterpret_cast<const uint8_t *>(ip) : later, length);
        std::memcpy(q->data() + length, body + done, piece);
        q->copy_annotations(p);
        q->clear_mac_header();
        q->set_network_header(q->data(), length);
        click_ip *to = q->ip_header();
        to->version_length = static_cast<uint8_t>(0x40 | length / 4);
        to->length = net16(static_cast<uint16_t>(length + piece));
        uint32_t word = (field & (click_ip_df | 0x8000)) | (start + done) / 8;
        if (!is_last || (field & click_ip_mf)) word |= click_ip_mf;
        to->fragment = net16(static_cast<uint16_t>(word));
        set_ip_checksum(to);
        done += piece;
        f(q);
    }
    p->kill();
    return count;
}

/// Whether a packet must be cut, and can: `mtu` leaves room for a header and 8 bytes.
inline bool can_fragment(const Packet *p, uint32_t mtu) {
    return has_ip_header(p) && mtu >= p->ip_header()->header_length() + 8 &&
           net16(p->ip_header()->length) > p->ip_header()->header_length();
}

} // namespace click
