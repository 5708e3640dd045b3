// Names of ICMP types and codes, and the argument parsers for them.
#pragma once

#include "element.hh"

namespace click {

enum IcmpType : uint8_t {
    icmp_echo_reply = 0,
    icmp_unreachable = 3,
    icmp_source_quench = 4,
    icmp_redirect = 5,
    icmp_echo = 8,
    icmp_time_exceeded = 11,
    icmp_parameter_problem = 12,
};

struct IcmpTypeArg {
    bool operator()(std::string_view text, uint8_t &out, ArgContext &context) const {
        static constexpr struct {
            std::string_view name;
            uint8_t value;
        } names[] = {{"unreachable", 3},  {"sourcequench", 4},      {"redirect", 5},
                     {"timeexceeded", 11}, {"time-exceeded", 11},    {"timex", 11},
                     {"parameterproblem", 12}, {"parameter-problem", 12}, {"paramprob", 12},
                     {"echo", 8},         {"echo-reply", 0}};
        for (const auto &it : names)
            if (it.name == text) return out = it.value, true;
        return parse_arg(text, out, context);
    }
};

struct IcmpCodeArg {
    uint8_t type;
    bool operator()(std::string_view text, uint8_t &out, ArgContext &context) const {
        static constexpr struct {
            uint8_t type;
            std::string_view name;
            uint8_t value;
        } names[] = {
            {3, "net", 0},          {3, "host", 1},          {3, "protocol", 2},
            {3, "port", 3},         {3, "needfrag", 4},      {3, "srcroutefail", 5},
            {3, "netunknown", 6},   {3, "hostunknown", 7},   {3, "isolated", 8},
            {3, "netprohib", 9},    {3, "hostprohib", 10},   {3, "nettos", 11},
            {3, "hosttos", 12},     {3, "filterprohib", 13}, {3, "hostprecedence", 14},
            {3, "precedencecutoff", 15}, {5, "net", 0},      {5, "host", 1},
            {5, "tosnet", 2},       {5, "toshost", 3},       {11, "transit", 0},
            {11, "reassembly", 1},  {12, "erroratptr", 0},   {12, "missingopt", 1},
            {12, "length", 2},
        };
        for (const auto &it : names)
            if (it.type == type && it.name == text) return out = it.value, true;
        return parse_arg(text, out, context);
    }
};

} // namespace click
