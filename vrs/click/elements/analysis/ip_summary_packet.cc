// What ip_summary_packet.hh declares.
#include "elements/analysis/ip_summary_packet.hh"

#include <algorithm>

#include "elements/ip/ip_tools.hh"
#include "random.hh"

namespace click {

namespace {

uint32_t transport_bytes(const SummaryRecord &r, uint8_t protocol) {
    if (r.fragment & click_ip_offset_mask) return 0;
    if (protocol == ip_proto_tcp)
        return static_cast<uint32_t>(sizeof(click_tcp) + r.tcp_options.size());
    return protocol == ip_proto_udp || protocol == ip_proto_icmp ? 8 : 0;
}

void write_tcp(const SummaryRecord &r, uint8_t *at, uint32_t header) {
    auto *tcp = reinterpret_cast<click_tcp *>(at);
    tcp->source = net16(r.source_port);
    tcp->destination = net16(r.destination_port);
    tcp->sequence = net32(r.sequence);
    tcp->acknowledgement = net32(r.acknowledgement);
    tcp->offset_words = static_cast<uint8_t>(header / 4 << 4 | (r.tcp_flags >> 8 & 1));
    tcp->flags = static_cast<uint8_t>(r.tcp_flags);
    tcp->window = net16(r.window);
    tcp->checksum = 0;
    tcp->urgent = net16(r.urgent);
    std::memcpy(at + sizeof *tcp, r.tcp_options.data(), r.tcp_options.size());
}

void write_icmp(const SummaryRecord &r, uint8_t *at) {
    auto *icmp = reinterpret_cast<click_icmp *>(at);
    icmp->type = r.icmp_type;
    icmp->code = r.icmp_code;
    icmp->checksum = 0;
    icmp->id = net16(r.icmp_id);
    icmp->sequence = net16(r.icmp_sequence);
    if (r.icmp_mtu) icmp->mtu = net16(r.icmp_mtu);
}

void set_checksums(Packet *p, uint8_t protocol, uint32_t bytes) {
    click_ip *ip = p->ip_header();
    set_ip_checksum(ip);
    if (!ip->is_first_fragment() || ip->is_fragment()) return;
    uint8_t *at = p->transport_header();
    const auto length = static_cast<uint16_t>(p->transport_length());
    if (length < bytes || bytes == 0) return;
    const uint32_t pseudo = pseudo_sum(ip->source, ip->destination, protocol, length);
    if (protocol == ip_proto_tcp) {
        p->tcp_header()->checksum = checksum(at, length, pseudo);
    } else if (protocol == ip_proto_udp) {
        const uint16_t sum = checksum(at, length, pseudo);
        p->udp_header()->checksum = sum ? sum : 0xffff;
    } else if (protocol == ip_proto_icmp) {
        p->icmp_header()->checksum = checksum(at, length);
    }
}

} // namespace

Packet *make_summary_packet(const SummaryRecord &r, const SummaryPacketOptions &how) {
    const uint8_t protocol = r.protocol.value_or(ip_proto_tcp);
    const auto header = static_cast<uint32_t>(sizeof(click_ip) + r.ip_options.size());
    const uint32_t transport = transport_bytes(r, protocol);
    const std::string payload = r.payload.value_or("");
    const auto payload_bytes = static_cast<uint32_t>(payload.size());
    uint64_t total = header + transport + r.payload_length.value_or(payload_bytes);
    if (r.udp_length && protocol == ip_proto_udp && transport)
        total = std::max<uint64_t>(total, header + *r.udp_length);
    if (r.ip_length) total = *r.ip_length;
    total = std::min<uint64_t>(total, 65535);
    // As much as there is to say, within the IP length; everything when checksums cover it.
    const uint32_t said = header + transport + payload_bytes;
    uint32_t bytes = std::max(header, std::min(said, static_cast<uint32_t>(total)));
    if (how.has_checksums) bytes = std::max(header, static_cast<uint32_t>(total));
    const uint32_t room = std::max(bytes, said);
    Packet *p = Packet::make(Packet::default_headroom, nullptr, room);
    if (how.is_zero)
        std::memset(p->data(), 0, room);
    else
        for (uint32_t i = 0; i < room; i += 1) p->data()[i] = static_cast<uint8_t>(random_32());
    auto *ip = reinterpret_cast<click_ip *>(p->data());
    ip->version_length = static_cast<uint8_t>(0x40 | header / 4);
    ip->tos = r.tos;
    ip->length = net16(static_cast<uint16_t>(total));
    ip->id = net16(r.id);
    ip->fragment = net16(r.fragment);
    ip->ttl = r.ttl;
    ip->protocol = protocol;
    ip->checksum = net16(r.ip_checksum.value_or(0));
    ip->source = r.source;
    ip->destination = r.destination;
    std::memcpy(p->data() + sizeof *ip, r.ip_options.data(), r.ip_options.size());
    uint8_t *at = p->data() + header;
    if (transport && protocol == ip_proto_tcp) write_tcp(r, at, transport);
    if (transport && protocol == ip_proto_icmp) write_icmp(r, at);
    if (transport && protocol == ip_proto_udp) {
        const uint16_t ports[4] = {
            net16(r.source_port), net16(r.destination_port),
            net16(r.udp_length.value_or(
                static_cast<uint16_t>(total > header ? total - header : transport))),
            0};
        std::memcpy(at, ports, sizeof ports);
    }
    std::memcpy(at + transport, payload.data(), payload_bytes);
    p->take(room - bytes);
    p->set_network_header(p->data(), header);
    p->set_dst_ip_anno(ip->destination);
    if (how.has_checksums) set_checksums(p, protocol, transport);
    if (total > bytes)
        p->set_anno<uint32_t>(anno::extra_length, static_cast<uint32_t>(total - bytes));
    p->set_timestamp(r.timestamp);
    if (r.first_timestamp) p->set_anno(anno::first_timestamp, r.first_timestamp.ns);
    p->set_anno<uint32_t>(anno::aggregate, r.aggregate);
    if (r.count > 1) p->set_anno<uint32_t>(anno::extra_packets, r.count - 1);
    if (r.paint) p->set_paint(*r.paint);
    if (r.ether_source || r.ether_destination) {
        auto *ether = reinterpret_cast<click_ether *>(p->push(sizeof(click_ether)));
        std::memset(ether, 0, sizeof *ether);
        if (r.ether_source) std::memcpy(ether->source, r.ether_source->bytes, 6);
        if (r.ether_destination) std::memcpy(ether->destination, r.ether_destination->bytes, 6);
        ether->type = net16(ether_type_ip);
        p->set_mac_header(p->data(), 14);
        p->set_network_header(p->data() + 14, header);
        p->pull(14);
    }
    return p;
}

} // namespace click
