// IP and TCP options as text: "rr{10.0.0.1,10.0.0.2}+5", "mss1460;sackok;ts1:2;wscale7".
#include <algorithm>

#include "elements/analysis/ip_summary.hh"

namespace click {

namespace {

void add(std::string &out, const std::string &text) { out += (out.empty() ? "" : ";") + text; }

/// "136=5:0": its kind and bytes.
std::string other(const uint8_t *option, uint32_t bytes) {
    std::string out = std::to_string(option[0]);
    for (uint32_t i = 2; i < bytes; i += 1)
        out += (i == 2 ? "=" : ":") + std::to_string(option[i]);
    return out;
}

/// Record route and source routes; "^" stands before the next hop, "+N" for room for N more.
std::string route(const uint8_t *option, uint32_t bytes) {
    const char *name = option[0] == 7 ? "rr" : option[0] == 131 ? "lsrr" : "ssrr";
    if (bytes < 3) return "?";
    const uint32_t next = option[2] >= 4 ? option[2] - 1u : 3;
    std::string out = std::string(name) + "{";
    for (uint32_t at = 3; at + 4 <= bytes; at += 4) {
        if (option[0] == 7 && at >= next) break;
        if (at > 3) out += at == next ? "^" : ",";
        else if (at == next && option[0] != 7) out += "^";
        out += IPAddress(load<uint32_t>(option + at)).text();
    }
    out += "}";
    if (option[0] == 7 && next + 4 <= bytes) out += "+" + std::to_string((bytes - next) / 4);
    return out;
}

std::string times(const uint8_t *option, uint32_t bytes) {
    if (bytes < 4 || option[2] < 5) return "?";
    const uint32_t flag = option[3] & 15, step = flag == 0 ? 4 : 8, next = option[2] - 1u;
    std::string out = flag == 0 ? "ts{" : flag == 1 ? "ts.ip{" : "ts.preip{";
    for (uint32_t at = 4; at + step <= bytes && (flag == 3 || at < next); at += step) {
        if (at > 4) out += at == next ? "^" : ",";
        if (flag) out += IPAddress(load<uint32_t>(option + at)).text();
        if (at >= next) continue;
        const uint32_t time = net32(load<uint32_t>(option + at + step - 4));
        out += (flag ? "=" : "") + std::string(time >> 31 ? "!" : "") +
               std::to_string(time & 0x7fffffff);
    }
    out += "}";
    if (flag != 3 && next + step <= bytes) out += "+" + std::to_string((bytes - next) / step);
    if (option[3] >> 4) out += "++" + std::to_string(option[3] >> 4);
    return out;
}

bool number(std::string_view text, uint64_t limit, uint64_t &out) {
    bool is_negative, overflows;
    return parse_integer(text, out, is_negative, overflows, 10) && !is_negative && !overflows &&
           out <= limit;
}

void put32(std::string &out, uint64_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const size_t end = std::min(text.find(separator), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// "N=B:B": false when it is none.
bool parse_other(std::string_view word, std::string &out) {
    const size_t equals = std::min(word.find('='), word.size());
    uint64_t value;
    if (!number(word.substr(0, equals), 255, value)) return false;
    std::string bytes;
    if (equals < word.size())
        for (const std::string_view it : split(word.substr(equals + 1), ':')) {
            uint64_t byte;
            if (!number(it, 255, byte)) return false;
            bytes += static_cast<char>(byte);
        }
    out += static_cast<char>(value);
    out += static_cast<char>(bytes.size() + 2);
    out += bytes;
    return true;
}

bool parse_route(std::string_view word, std::string &out) {
    const size_t open = word.find('{'), close = word.find('}');
    if (open == std::string_view::npos || close == std::string_view::npos) return false;
    const std::string_view name = word.substr(0, open);
    const int kind = name == "rr" ? 7 : name == "lsrr" ? 131 : name == "ssrr" ? 137 : 0;
    if (kind == 0) return false;
    std::string bytes, list(word.substr(open + 1, close - open - 1));
    size_t pointer = 0;
    for (size_t at = 0; at < list.size();) {
        if (list[at] == '^') pointer = bytes.size() + 4, at += 1;
        const size_t end = std::min(list.find_first_of(",^", at), list.size());
        IPAddress address;
        if (!parse_address(std::string_view(list).substr(at, end - at), address)) return false;
        bytes.append(reinterpret_cast<const char *>(&address.addr), 4);
        at = end + (end < list.size() && list[end] == ',');
    }
    if (pointer == 0) pointer = bytes.size() + 4;
    const std::string_view rest = word.substr(close + 1);
    uint64_t more = 0;
    if (!rest.empty() && (rest[0] != '+' || !number(rest.substr(1), 9, more))) return false;
    bytes.append(more * 4, '\0');
    out += static_cast<char>(kind);
    out += static_cast<char>(bytes.size() + 3);
    out += static_cast<char>(pointer);
    out += bytes;
    return true;
}

bool parse_tcp_option(std::string_view word, std::string &out) {
    uint64_t a, b;
    const auto two = [&](std::string_view text, char between) {
        const size_t at = text.find(between);
        return at != std::string_view::npos && number(text.substr(0, at), 0xffffffff, a) &&
               number(text.substr(at + 1), 0xffffffff, b);
    };
    if (word == "nop") return out += '\1', true;
    if (word == "eol") return out += '\0', true;
    if (word == "sackok") return out += std::string("\4\2", 2), true;
    if (word.starts_with("mss") && number(word.substr(3), 0xffff, a)) {
        out += std::string("\2\4", 2) + static_cast<char>(a >> 8) + static_cast<char>(a);
        return true;
    }
    if (word.starts_with("wscale") && number(word.substr(6), 255, a))
        return out += std::string("\3\3", 2) + static_cast<char>(a), true;
    if (word.starts_with("ts") && two(word.substr(2), ':')) {
        out += std::string("\10\12", 2);
        put32(out, a), put32(out, b);
        return true;
    }
    if (word.starts_with("sack") && two(word.substr(4), '-')) {
        out += std::string("\5\12", 2);
        put32(out, a), put32(out, b);
        return true;
    }
    return parse_other(word, out);
}

} // namespace

std::string ip_options_text(const uint8_t *options, uint32_t bytes) {
    std::string out;
    for (uint32_t at = 0; at < bytes && options[at] != 0;) {
        if (options[at] == 1) {
            add(out, "nop");
            at += 1;
            continue;
        }
        const uint32_t length = at + 1 < bytes ? options[at + 1] : 0;
        if (length < 2 || at + length > bytes) return "?";
        const uint8_t kind = options[at];
        if (kind == 7 || kind == 131 || kind == 137)
            add(out, route(options + at, length));
        else
            add(out, kind == 68 ? times(options + at, length) : other(options + at, length));
        at += length;
    }
    return out.empty() ? "." : out;
}

bool parse_ip_options(std::string_view text, std::string &out) {
    if (text == "." || text == "-") return true;
    for (const std::string_view word : split(text, ';')) {
        if (word == "nop" || word == "eol")
            out += word == "nop" ? '\1' : '\0';
        else if (!parse_route(word, out) && !parse_other(word, out))
            return false;
    }
    out.resize((out.size() + 3) / 4 * 4, '\0');
    return out.size() <= 40;
}

std::string tcp_options_text(const uint8_t *options, uint32_t bytes, char which) {
    std::string out;
    const auto u32 = [&](uint32_t at) { return net32(load<uint32_t>(options + at)); };
    for (uint32_t at = 0; at < bytes && options[at] != 0;) {
        if (options[at] == 1) {
            at += 1;
            continue;
        }
        const uint32_t length = at + 1 < bytes ? options[at + 1] : 0;
        if (length < 2 || at + length > bytes) return "?";
        const uint8_t kind = options[at];
        if (kind == 5 && length % 8 == 2) {
            for (uint32_t block = at + 2; block < at + length; block += 8)
                add(out, format("sack%u-%u", u32(block), u32(block + 4)));
        } else if (which == 's') {
            // Others don't count.
        } else if (kind == 2 && length == 4) {
            add(out, format("mss%u", net16(load<uint16_t>(options + at + 2))));
        } else if (kind == 3 && length == 3) {
            add(out, format("wscale%u", options[at + 2]));
        } else if (kind == 4 && length == 2) {
            add(out, "sackok");
        } else if (kind == 8 && length == 10) {
            if (which == 'a') add(out, format("ts%u:%u", u32(at + 2), u32(at + 6)));
        } else {
            add(out, other(options + at, length));
        }
        at += length;
    }
    return out.empty() ? "." : out;
}

bool parse_tcp_options(std::string_view text, std::string &out) {
    if (text == "." || text == "-") return true;
    for (const std::string_view word : split(text, ';'))
        if (!parse_tcp_option(word, out)) return false;
    out.resize((out.size() + 3) / 4 * 4, '\0');
    return out.size() <= 40;
}

} // namespace click
