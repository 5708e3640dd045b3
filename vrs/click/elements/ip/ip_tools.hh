// What several IP elements do to headers.
#pragma once

#include "headers.hh"
#include "packet.hh"

namespace click {

/// Where the checksum of the transport header is: null without one, in later fragments, or when the
/// header isn't all there. It covers the addresses (TCP and UDP; a UDP checksum of 0 is none).
inline uint16_t *transport_checksum(Packet *p) {
    const click_ip *ip = p->ip_header();
    if (!ip->is_first_fragment()) return nullptr;
    const uint32_t left = p->transport_length();
    if (ip->protocol == ip_proto_tcp && left >= sizeof(click_tcp))
        return reinterpret_cast<uint16_t *>(p->transport_header() + 16);
    if (ip->protocol == ip_proto_udp && left >= sizeof(click_udp)) {
        auto *sum = reinterpret_cast<uint16_t *>(p->transport_header() + 6);
        return load<uint16_t>(sum) ? sum : nullptr;
    }
    return nullptr;
}

/// Changes an address, and the checksums of IP, TCP and UDP with it.
inline void change_address(Packet *p, bool is_source, uint32_t address) {
    click_ip *ip = p->ip_header();
    const uint32_t before = is_source ? ip->source : ip->destination;
    ip->checksum = checksum_update32(ip->checksum, before, address);
    if (uint16_t *sum = transport_checksum(p)) {
        uint16_t changed = checksum_update32(load<uint16_t>(sum), before, address);
        if (ip->protocol == ip_proto_udp && changed == 0) changed = 0xffff;
        store(sum, changed);
    }
    (is_source ? ip->source : ip->destination) = address;
}

inline void set_ip_checksum(click_ip *ip) {
    ip->checksum = 0;
    ip->checksum = checksum(ip, ip->header_length());
}

/// Whether the fields that every IP header has end within the data: who marked it may not have
/// looked (MarkIPHeader), or the packet was cut since.
inline bool has_ip_fields(const Packet *p) {
    return p->has_network_header() &&
           p->network_header_offset() + static_cast<int32_t>(sizeof(click_ip)) <=
               static_cast<int32_t>(p->length());
}

/// Whether a marked IP header with all its options is in the data.
inline bool has_ip_header(const Packet *p) {
    if (!p->has_network_header() || !p->has_transport_header() || p->network_header_offset() < 0)
        return false;
    const uint32_t left = p->network_length();
    return left <= p->length() && left >= sizeof(click_ip) &&
           p->ip_header()->header_length() >= sizeof(click_ip) &&
           p->ip_header()->header_length() <= left;
}

} // namespace click
