// How values are read: the parse_arg() of args.hh.
#include <cstdlib>
#include <netdb.h>

#include "element.hh"
#include "headers.hh"
#include "router.hh"

namespace click {

bool parse_limited(std::string_view text, int64_t low, uint64_t high, uint64_t &out,
                   ArgContext &context, int base) {
    bool is_negative, overflows;
    uint64_t value;
    if (!parse_integer(trim(text), value, is_negative, overflows, base)) return false;
    if (is_negative && value > 0) {
        if (low >= 0) return context.error("must be >= %lld", static_cast<long long>(low));
        const uint64_t limit = ~static_cast<uint64_t>(low) + 1;
        if (overflows || value > limit)
            return context.error("out of range, bound %lld", static_cast<long long>(low));
        out = ~value + 1;
        return true;
    }
    if (overflows || value > high)
        return context.error("out of range, bound %llu", static_cast<unsigned long long>(high));
    if (low > 0 && value < static_cast<uint64_t>(low))
        return context.error("out of range, bound %lld", static_cast<long long>(low));
    out = value;
    return true;
}

bool parse_arg(std::string_view text, bool &out, ArgContext &) { return parse_bool(text, out); }
bool parse_arg(std::string_view text, double &out, ArgContext &) { return parse_real(text, out); }
bool parse_arg(std::string_view text, std::string &out, ArgContext &) {
    out = unquote(text);
    return true;
}
bool parse_arg(std::string_view text, Timestamp &out, ArgContext &context) {
    return Seconds{}(text, out, context);
}

namespace {

/// A value by name: of AddressInfo, else an interface's own ("eth0", "eth0:eth", "eth0:ip").
template <class T>
bool by_name(NameKind kind, std::string_view text, T &out, const ArgContext &context) {
    if (text.empty() || !(is_word_char(text[0]))) return false;
    const std::string_view around = context.element ? context.element->name() : std::string_view();
    if (context.element && context.element->router().names().find(kind, around, text, out))
        return true;
    if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        const std::string_view suffix = text.substr(colon + 1), name = text.substr(0, colon);
        const bool fits =
            (kind == NameKind::ether && (suffix == "eth" || suffix == "ether")) ||
            ((kind == NameKind::ip) && (suffix == "ip" || suffix == "ip4")) ||
            (kind == NameKind::ip_prefix && (suffix == "ipnet" || suffix == "ip4net")) ||
            (kind == NameKind::ip6 && suffix == "ip6") ||
            (kind == NameKind::ip6_prefix && suffix == "ip6net");
        return fits && by_name(kind, name, out, context);
    }
    return device_address(kind, text, &out);
}

} // namespace

bool parse_arg(std::string_view text, IPAddress &out, ArgContext &context) {
    return parse_address(text, out) || by_name(NameKind::ip, text, out, context);
}
bool parse_arg(std::string_view text, IP6Address &out, ArgContext &context) {
    return parse_address(text, out) || by_name(NameKind::ip6, text, out, context);
}
bool parse_arg(std::string_view text, EtherAddress &out, ArgContext &context) {
    return parse_address(text, out) || by_name(NameKind::ether, text, out, context);
}
bool parse_arg(std::string_view text, IPPrefix &out, ArgContext &context) {
    return PrefixArg{true}(text, out, context);
}
bool PrefixArg::operator()(std::string_view text, IPPrefix &out, ArgContext &context) const {
    if (parse_prefix(text, out, allow_bare) || by_name(NameKind::ip_prefix, text, out, context))
        return true;
    out.mask = {0xffffffff};
    return allow_bare && by_name(NameKind::ip, text, out.address, context);
}
bool parse_arg(std::string_view text, IP6Prefix &out, ArgContext &context) {
    return parse_prefix(text, out, true) || by_name(NameKind::ip6_prefix, text, out, context);
}

bool parse_arg(std::string_view text, Element *&out, ArgContext &context) {
    const std::string name = unquote(text);
    out = context.element ? context.element->router().find(name, context.element) : nullptr;
    if (out) return true;
    return context.error("no element named '%s'", name.c_str());
}

bool parse_arg(std::string_view text, std::vector<IPAddress> &out, ArgContext &context) {
    out.clear();
    for (const std::string &word : split_words(text)) {
        out.emplace_back();
        if (!parse_arg(word, out.back(), context)) return false;
    }
    return true;
}

bool Word::operator()(std::string_view text, std::string &out, ArgContext &) const {
    if (split_words(text).size() != 1) return false;
    out = unquote(text);
    return true;
}

bool Filename::operator()(std::string_view text, std::string &out, ArgContext &) const {
    out = unquote(text);
    if (out.empty()) return false;
    if (out.starts_with("~/"))
        if (const char *home = std::getenv("HOME")) out = home + out.substr(1);
    return true;
}

bool Bandwidth::operator()(std::string_view text, double &out, ArgContext &) const {
    return parse_bandwidth(text, out);
}
bool Bandwidth::operator()(std::string_view text, uint32_t &out, ArgContext &context) const {
    double rate;
    if (!parse_bandwidth(text, rate)) return false;
    if (rate > 4294967295.0) return context.error("out of range, bound 4294967295");
    out = static_cast<uint32_t>(rate + 0.5);
    return true;
}

bool Seconds::operator()(std::string_view text, double &out, ArgContext &) const {
    return parse_seconds(text, out);
}
bool Seconds::operator()(std::string_view text, Timestamp &out, ArgContext &context) const {
    double seconds;
    if (!parse_seconds(text, seconds)) return false;
    if (seconds > 9e9 || seconds < -9e9) return context.error("out of range");
    out = Timestamp::seconds(seconds);
    return true;
}

bool Fraction::operator()(std::string_view text, uint32_t &out, ArgContext &context) const {
    double value;
    if (!parse_real(text, value)) return false;
    if (value < 0 || value > 1) return context.error("must be between 0 and 1");
    out = static_cast<uint32_t>(value * static_cast<double>(uint64_t{1} << bits) + 0.5);
    return true;
}

bool AnnoArg::operator()(std::string_view text, uint8_t &offset, ArgContext &context) const {
    static constexpr struct {
        std::string_view name;
        Anno where;
    } known[] = {
        {"DST_IP", anno::dst_ip},
        {"DST_IP6", anno::dst_ip6},
        {"PAINT", anno::paint},
        {"ICMP_PARAMPROB", anno::icmp_paramprob},
        {"FIX_IP_SRC", anno::fix_ip_src},
        {"MISC_IP", anno::misc_ip},
        {"AGGREGATE", anno::aggregate},
        {"EXTRA_PACKETS", anno::extra_packets},
        {"EXTRA_LENGTH", anno::extra_length},
        {"FIRST_TIMESTAMP", anno::first_timestamp},
        {"PACKET_NUMBER", anno::packet_number},
        {"SEQUENCE_NUMBER", anno::sequence_number},
        {"VLAN_TCI", anno::vlan_tci},
        {"VLAN", anno::vlan_tci},
        {"REV_RATE", anno::rev_rate},
    };
    uint8_t size = 0;
    bool is_found = false;
    for (const auto &it : known)
        if (it.name == text || std::string(it.name) + "_ANNO" == text)
            offset = it.where.offset, size = it.where.bytes, is_found = true;
    if (!is_found) {
        const size_t slash = text.find('/');
        uint64_t value, width = 0;
        if (!parse_limited(text.substr(0, slash), 0, anno::size, value, context)) return false;
        if (slash != std::string_view::npos &&
            !parse_limited(text.substr(slash + 1), 0, anno::size, width, context))
            return false;
        offset = static_cast<uint8_t>(value);
        size = static_cast<uint8_t>(width);
    }
    if (size && bytes && size != bytes)
        return context.error("bad annotation size %d, expected %d", size, bytes);
    if (offset + bytes > anno::size || (bytes > 1 && offset % (bytes < 4 ? bytes : 4)))
        return context.error("annotation offset out of range");
    return true;
}

bool OneOf::operator()(std::string_view text, int &out, ArgContext &context) const {
    std::string list;
    for (size_t i = 0; i < words.size(); i += 1) {
        if (text == words[i]) return out = static_cast<int>(i), true;
        list += (list.empty() ? "" : ", ") + std::string(words[i]);
    }
    return context.error("expected one of %s", list.c_str());
}

bool PortArg::operator()(std::string_view text, uint16_t &out, ArgContext &context) const {
    if (!text.empty() && is_digit(text[0])) return parse_arg(text, out, context);
    const bool is_tcp = protocol == ip_proto_tcp;
    if (by_name(is_tcp ? NameKind::tcp_port : NameKind::udp_port, text, out, context)) return true;
    const servent *service = getservbyname(std::string(text).c_str(), is_tcp ? "tcp" : "udp");
    if (!service) return false;
    out = net16(static_cast<uint16_t>(service->s_port));
    return true;
}

} // namespace click
