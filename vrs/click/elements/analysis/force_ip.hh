// FORCE_IP of FromDump and FromDevice: where the IP header is behind a link header.
#pragma once

#include "elements/analysis/pcap.hh"
#include "headers.hh"
#include "packet.hh"

namespace click {

inline bool is_raw_link(uint32_t type) {
    return type == link_raw || type == link_raw_bsd || type == link_raw_openbsd ||
           type == link_ipv4 || type == link_ipv6;
}
inline bool is_ip_link(uint32_t type) {
    return type == link_ethernet || type == link_null || type == link_sll || is_raw_link(type);
}

/// Marks the IP header; the link header stays. False when the packet isn't one of IP.
inline bool mark_ip(Packet &p, uint32_t link) {
    uint32_t skip = 0;
    uint16_t type = ether_type_ip;
    const auto type_at = [&](uint32_t at) {
        return p.length() >= at + 2 ? net16(load<uint16_t>(p.data() + at)) : uint16_t{0};
    };
    if (link == link_ethernet) {
        skip = 14;
        type = type_at(12);
        if (type == ether_type_vlan) type = type_at(16), skip = 18;
    } else if (link == link_null) {
        skip = 4;
    } else if (link == link_sll) {
        skip = 16;
        type = type_at(14);
    }
    if (p.length() < skip + 20 || (type != ether_type_ip && type != ether_type_ip6)) return false;
    const uint8_t *ip = p.data() + skip;
    const uint32_t version = ip[0] >> 4, left = p.length() - skip;
    const uint32_t header = version == 6 ? 40 : (ip[0] & 15u) * 4;
    if ((version != 4 && version != 6) || header < 20 || header > left) return false;
    p.set_network_header(ip, header);
    if (version == 4) p.set_dst_ip_anno(p.ip_header()->destination);
    return true;
}

} // namespace click
