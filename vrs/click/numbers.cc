// The numbers of text.hh.
#include "text.hh"

#include <cmath>
#include <cstdlib>

namespace click {

bool parse_integer(std::string_view text, uint64_t &out, bool &is_negative, bool &overflows,
                   int base) {
    is_negative = overflows = false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        is_negative = text[0] == '-';
        text.remove_prefix(1);
    }
    if ((base == 0 || base == 16) && text.size() > 2 && text[0] == '0' &&
        (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text.remove_prefix(2);
    } else if (base == 0) {
        base = text.size() > 1 && text[0] == '0' ? 8 : 10;
    }
    if (text.empty()) return false;
    uint64_t value = 0;
    for (const char c : text) {
        const int digit = hex_digit(c);
        if (digit < 0 || digit >= base) return false;
        uint64_t scaled;
        overflows |= __builtin_mul_overflow(value, static_cast<uint64_t>(base), &scaled);
        overflows |= __builtin_add_overflow(scaled, static_cast<uint64_t>(digit), &value);
    }
    out = overflows ? ~uint64_t{0} : value;
    return true;
}

bool parse_real(std::string_view text, double &out) {
    if (text.empty() || is_space(text[0])) return false;
    for (const char c : text)
        if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-') return false;
    const std::string copy(text);
    char *end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (end != copy.c_str() + copy.size() || !std::isfinite(value)) return false;
    out = value;
    return true;
}

bool parse_bool(std::string_view text, bool &out) {
    for (const std::string_view it : {"true", "yes", "1", "t", "y"})
        if (text == it) return out = true;
    for (const std::string_view it : {"false", "no", "0", "f", "n"})
        if (text == it) return out = false, true;
    return false;
}

namespace {

/// Splits "1.5 ms" into a number and its unit.
bool split_unit(std::string_view text, double &number, std::string_view &unit) {
    size_t end = 0;
    while (end < text.size() &&
           (is_digit(text[end]) || text[end] == '.' || text[end] == '-' || text[end] == '+'))
        end += 1;
    // An exponent, but not the start of a unit.
    if (end + 1 < text.size() && (text[end] == 'e' || text[end] == 'E') &&
        (is_digit(text[end + 1]) || text[end + 1] == '-' || text[end + 1] == '+')) {
        end += 2;
        while (end < text.size() && is_digit(text[end])) end += 1;
    }
    unit = trim(text.substr(end));
    return parse_real(text.substr(0, end), number);
}

struct Unit {
    std::string_view name;
    double factor;
};

template <size_t n> bool scale(std::string_view unit, const Unit (&units)[n], double &number) {
    for (const Unit &it : units) {
        if (it.name != unit) continue;
        number *= it.factor;
        return true;
    }
    return false;
}

} // namespace

bool parse_seconds(std::string_view text, double &out) {
    static constexpr Unit units[] = {
        {"", 1},      {"s", 1},       {"sec", 1},   {"ms", 1e-3},   {"msec", 1e-3},
        {"us", 1e-6}, {"usec", 1e-6}, {"ns", 1e-9}, {"nsec", 1e-9}, {"m", 60},
        {"min", 60},  {"h", 3600},    {"hr", 3600}, {"d", 86400},   {"day", 86400},
    };
    std::string_view unit;
    double number;
    if (!split_unit(trim(text), number, unit) || !scale(unit, units, number)) return false;
    out = number;
    return true;
}

bool parse_bandwidth(std::string_view text, double &out) {
    std::string_view unit;
    double number;
    if (!split_unit(trim(text), number, unit) || number < 0) return false;
    if (!unit.empty()) {
        static constexpr Unit multiples[] = {{"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}};
        if (scale(unit.substr(0, 1), multiples, number)) unit.remove_prefix(1);
        static constexpr Unit units[] = {{"", 1},         {"bps", 0.125}, {"b/s", 0.125},
                                         {"baud", 0.125}, {"Bps", 1},     {"B/s", 1}};
        if (!scale(unit, units, number)) return false;
    }
    out = number;
    return true;
}

std::string bandwidth_text(double bytes_per_second) {
    const auto bits = static_cast<uint64_t>(bytes_per_second * 8 + 0.5);
    static constexpr std::pair<uint64_t, const char *> units[] = {
        {1'000'000'000, "Gbps"}, {1'000'000, "Mbps"}, {1'000, "kbps"}};
    for (const auto &[size, name] : units)
        if (bits >= size && bits % size == 0) return std::to_string(bits / size) + name;
    return std::to_string(bits) + "bps";
}

} // namespace click
