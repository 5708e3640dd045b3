// Neighbour discovery messages (RFC 4861) with their Ethernet and IPv6 headers.
#pragma once

#include "element.hh"
#include "headers.hh"

namespace click {

struct [[gnu::packed]] NeighbourMessage {
    click_ether ether;
    click_ip6 ip;
    uint8_t type, code;
    uint16_t checksum;
    uint32_t flags; // solicitation: reserved
    uint8_t target[16];
    uint8_t option, option_words; // link-layer address: of the source 1, of the target 2
    uint8_t address[6];
};

constexpr uint8_t nd_solicitation = 135, nd_advertisement = 136;
constexpr uint32_t nd_router = 0x80000000, nd_solicited = 0x40000000, nd_override = 0x20000000;
/// Without the option.
constexpr uint32_t nd_least = sizeof(NeighbourMessage) - 8;

/// The checksum of what follows an IPv6 header.
inline uint16_t icmp6_checksum(const click_ip6 *ip, const void *data, uint32_t bytes) {
    uint32_t sum = checksum_add(ip->source, 32);
    const uint32_t words[2] = {net32(bytes), net32(ip_proto_icmp6)};
    sum = checksum_add(words, sizeof words, sum);
    return checksum(data, bytes, sum);
}

/// The message in a packet, or null when it isn't one of that type, is cut off or its checksum is
/// wrong.
inline NeighbourMessage *neighbour_message(Packet *p, uint8_t type) {
    if (p->length() < nd_least) return nullptr;
    auto *m = reinterpret_cast<NeighbourMessage *>(p->data());
    const uint32_t bytes = net16(m->ip.payload_length);
    const bool is_whole = bytes >= nd_least - 54 && p->length() >= 54 + bytes;
    if (m->ether.type != net16(ether_type_ip6) || p->data()[14] >> 4 != 6 || !is_whole ||
        m->ip.next_header != ip_proto_icmp6 || m->ip.hop_limit != 255 || m->type != type ||
        m->code != 0)
        return nullptr;
    return icmp6_checksum(&m->ip, &m->type, bytes) == 0 ? m : nullptr;
}

/// A message from `source` to `destination` about `target`, which tells `own`.
inline Packet *make_neighbour_message(uint8_t type, const EtherAddress &own,
                                      const EtherAddress &to, const IP6Address &source,
                                      const IP6Address &destination, const IP6Address &target,
                                      uint32_t flags) {
    Packet *p = Packet::make(nullptr, sizeof(NeighbourMessage));
    auto *m = reinterpret_cast<NeighbourMessage *>(p->data());
    std::memset(m, 0, sizeof *m);
    std::memcpy(m->ether.destination, to.bytes, 6);
    std::memcpy(m->ether.source, own.bytes, 6);
    m->ether.type = net16(ether_type_ip6);
    m->ip.flow = net32(0x60000000);
    m->ip.payload_length = net16(sizeof *m - 54);
    m->ip.next_header = ip_proto_icmp6;
    m->ip.hop_limit = 255;
    std::memcpy(m->ip.source, source.bytes, 16);
    std::memcpy(m->ip.destination, destination.bytes, 16);
    m->type = type;
    m->flags = net32(flags);
    std::memcpy(m->target, target.bytes, 16);
    m->option = type == nd_solicitation ? 1 : 2;
    m->option_words = 1;
    std::memcpy(m->address, own.bytes, 6);
    m->checksum = icmp6_checksum(&m->ip, &m->type, sizeof *m - 54);
    p->set_mac_header(p->data(), sizeof(click_ether));
    p->set_network_header(p->data() + sizeof(click_ether), sizeof(click_ip6));
    p->set_timestamp(Timestamp::now());
    return p;
}

/// The Ethernet address of an IPv6 multicast address: 33-33 and its last four bytes.
inline EtherAddress multicast_ether(const IP6Address &group) {
    const uint8_t mac[6] = {0x33,           0x33,           group.bytes[12],
                            group.bytes[13], group.bytes[14], group.bytes[15]};
    return EtherAddress(mac);
}

} // namespace click
