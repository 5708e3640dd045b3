// The pcap file format.
#pragma once

#include <cstdint>
#include <string_view>

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

/// Names of link types, for ENCAP and `encap`.
constexpr struct {
    std::string_view name;
    uint32_t type;
} link_names[] = {{"ETHER", link_ethernet}, {"IP", link_raw},   {"FDDI", 10},     {"ATM", 100},
                  {"802_11", 105},          {"SLL", link_sll},  {"AIRONET", 120}, {"HDLC", 104},
                  {"PPP_HDLC", 50},         {"PPP", 9},         {"SUNATM", 123},  {"PRISM", 119},
                  {"NULL", link_null}};

/// False when there is none of that name.
inline bool find_link_type(std::string_view name, uint32_t &type) {
    for (const auto &it : link_names)
        if (it.name == name) return type = it.type, true;
    return false;
}

} // namespace click
