// Words of the pattern language that mean a fixed place or value.
#pragma once

#include <string_view>

#include "elements/ip/filter_program.hh"

namespace click {

/// A number in the IP header: the bits of the word at `offset`.
struct FilterNumberField {
    std::string_view name;
    uint16_t offset;
    uint32_t mask;
};
inline constexpr FilterNumberField filter_number_fields[] = {
    {"vers", 0, 0xf0000000}, {"ihl", 0, 0x0f000000},  {"hl", 0, 0x0f000000},
    {"tos", 0, 0x00ff0000},  {"dscp", 0, 0x00fc0000}, {"len", 0, 0x0000ffff},
    {"id", 4, 0xffff0000},   {"ttl", 8, 0xff000000},
};
inline const FilterNumberField *filter_number_field(std::string_view name) {
    for (const FilterNumberField &it : filter_number_fields)
        if (it.name == name) return &it;
    return nullptr;
}

/// Primitives without a value.
struct FilterFlag {
    std::string_view name;
    FilterTest test;
};
inline constexpr FilterFlag filter_flags[] = {
    {"frag", {FilterTest::ip, 4, 0x3fff, 1, 0x3ffe}},
    {"unfrag", {FilterTest::ip, 4, 0x3fff, 0, 0}},
    {"ce", {FilterTest::ip, 0, 0x00030000, 0x00030000, 0}},
    {"ect", {FilterTest::ip, 0, 0x00030000, 0x00010000, 0x00020000}},
};

struct FilterWord {
    std::string_view name;
    uint8_t value;
};
inline constexpr FilterWord filter_icmp_types[] = {
    {"echo-reply", 0},  {"unreachable", 3},    {"unreach", 3},          {"sourcequench", 4},
    {"redirect", 5},    {"echo", 8},           {"routeradvert", 9},     {"routersolicit", 10},
    {"timex", 11},      {"time-exceeded", 11}, {"paramprob", 12},       {"parameter-problem", 12},
    {"timestamp", 13},  {"tstamp", 13},        {"timestamp-reply", 14}, {"tstamp-reply", 14},
    {"infreq", 15},     {"inforeq", 15},       {"infreq-reply", 16},    {"inforeq-reply", 16},
    {"maskreq", 17},    {"maskreq-reply", 18}, {"timeexceeded", 11},    {"timxceed", 11},
    {"parameterproblem", 12},
};
inline constexpr FilterWord filter_protocols[] = {
    {"icmp", 1}, {"igmp", 2},  {"ipip", 4},   {"tcp", 6},   {"udp", 17},   {"dccp", 33},
    {"gre", 47}, {"esp", 50},  {"ah", 51},    {"icmp6", 58}, {"ospf", 89}, {"pim", 103},
    {"vrrp", 112}, {"sctp", 132}, {"udplite", 136},
};
inline constexpr FilterWord filter_tcp_options[] = {
    {"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32},
};

} // namespace click
