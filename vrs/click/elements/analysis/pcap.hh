// The pcap file format.
#pragma once

#include <cstdint>

namespace click {

constexpr uint32_t pcap_magic = 0xa1b2c3d4, pcap_magic_ns = 0xa1b23c4d;

struct PcapHeader {
    uint32_t magic;
    uint16_t major, minor;
    int32_t zone;
    uint32_t accuracy;
    uint32_t snap_bytes;
    uint32_t link_type;
};
struct PcapRecord {
    uint32_t seconds, fraction;
    uint32_t bytes, original_bytes;
};

constexpr uint32_t link_ethernet = 1, link_raw = 101, link_raw_bsd = 12, link_raw_openbsd = 14;
constexpr uint32_t link_null = 0, link_sll = 113, link_ipv4 = 228, link_ipv6 = 229;

} // namespace click
