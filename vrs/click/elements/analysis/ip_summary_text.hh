// Numbers, times and names of IP summary dumps as text.
#pragma once

#include <algorithm>

#include "elements/analysis/ip_summary.hh"

namespace click {

template <class T> bool get(std::string_view text, T &out, uint64_t limit = ~uint64_t{0}) {
    uint64_t value;
    bool is_negative, overflows;
    if (!parse_integer(text, value, is_negative, overflows) || is_negative || overflows ||
        value > std::min<uint64_t>(limit, std::numeric_limits<T>::max()))
        return false;
    out = static_cast<T>(value);
    return true;
}
template <class T> bool get(std::string_view text, std::optional<T> &out) {
    T value;
    if (!get(text, value)) return false;
    out = value;
    return true;
}

/// "1.000000001" to the nanosecond.
inline bool get_time(std::string_view text, Timestamp &out) {
    const size_t dot = std::min(text.find('.'), text.size());
    uint64_t seconds, fraction = 0;
    if (!get(text.substr(0, dot), seconds, 1ull << 33)) return false;
    if (dot < text.size()) {
        std::string digits(text.substr(dot + 1));
        if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos)
            return false;
        digits.resize(9, '0');
        for (const char c : digits) fraction = fraction * 10 + static_cast<uint64_t>(c - '0');
    }
    out.ns = static_cast<int64_t>(seconds) * Timestamp::per_second + static_cast<int64_t>(fraction);
    return true;
}

inline const char *icmp_type_name(uint8_t type) {
    switch (type) {
    case 0: return "echo-reply";
    case 3: return "unreachable";
    case 4: return "sourcequench";
    case 5: return "redirect";
    case 8: return "echo";
    case 9: return "routeradvert";
    case 10: return "routersolicit";
    case 11: return "timeexceeded";
    case 12: return "parameterproblem";
    case 13: return "timestamp";
    case 14: return "timestamp-reply";
    case 15: return "inforeq";
    case 16: return "inforeq-reply";
    case 17: return "maskreq";
    case 18: return "maskreq-reply";
    default: return nullptr;
    }
}

} // namespace click
