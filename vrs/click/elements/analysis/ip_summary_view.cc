// Where the fields of IP summary dumps look: headers, as far as a packet has them.
#include <algorithm>

#include "elements/analysis/ip_summary.hh"

namespace click {

SummaryView::SummaryView(const Packet &p) : packet(p) {
    if (!p.has_network_header() || p.network_header_offset() < 0) {
        bad = "no IP header";
        return;
    }
    const uint32_t left = p.network_length();
    const click_ip *header = p.ip_header();
    if (left > p.length() || left < sizeof(click_ip)) {
        bad = "truncated IP header";
    } else if (header->version() != 4) {
        bad = "IP version " + std::to_string(header->version());
    } else if (header->header_length() < sizeof(click_ip)) {
        bad = "IP header length " + std::to_string(header->header_length());
    } else if (header->header_length() > left) {
        bad = "truncated IP header";
    } else if (net16(header->length) < header->header_length()) {
        bad = "IP length " + std::to_string(net16(header->length));
    } else {
        ip = header;
        is_truncated = net16(ip->length) > left + p.anno_as<uint32_t>(anno::extra_length);
    }
    if (!ip || !ip->is_first_fragment()) return;
    const uint32_t rest = left - ip->header_length();
    if (ip->protocol == ip_proto_tcp && rest < sizeof(click_tcp)) bad = "truncated TCP header";
    if (ip->protocol == ip_proto_udp && rest < sizeof(click_udp)) bad = "truncated UDP header";
    if (ip->protocol == ip_proto_icmp && rest < sizeof(click_icmp)) bad = "truncated ICMP header";
}

const uint8_t *SummaryView::transport(uint8_t protocol, uint32_t bytes) const {
    if (!ip || !ip->is_first_fragment() || (protocol && ip->protocol != protocol)) return nullptr;
    if (packet.network_length() < ip->header_length() + bytes) return nullptr;
    return reinterpret_cast<const uint8_t *>(ip) + ip->header_length();
}

const uint8_t *SummaryView::payload(uint32_t &there, uint32_t &total) const {
    if (!ip) return nullptr;
    uint32_t header = ip->header_length();
    if (ip->is_first_fragment()) {
        if (const uint8_t *tcp = transport(ip_proto_tcp, sizeof(click_tcp)))
            header += reinterpret_cast<const click_tcp *>(tcp)->header_length();
        else if (transport(ip_proto_udp, sizeof(click_udp)) ||
                 transport(ip_proto_icmp, sizeof(click_icmp)))
            header += 8;
    }
    const uint32_t length = net16(ip->length), left = packet.network_length();
    total = length > header ? length - header : 0;
    there = left > header ? std::min(left - header, total) : 0;
    return reinterpret_cast<const uint8_t *>(ip) + std::min(header, left);
}

} // namespace click
