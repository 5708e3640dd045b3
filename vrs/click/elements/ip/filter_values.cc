// The values of patterns: addresses, ports, numbers and their comparisons.
#include "elements/ip/filter_names.hh"
#include "elements/ip/filter_parser.hh"
#include "router.hh"

namespace click {

namespace {

template <size_t N>
bool find_word(const FilterWord (&words)[N], std::string_view name, uint32_t &out) {
    for (const FilterWord &it : words)
        if (it.name == name) return out = it.value, true;
    return false;
}

constexpr FilterParser::Slice source_host{FilterTest::ip, 12, ~0u, 0, ~0u};
constexpr FilterParser::Slice destination_host{FilterTest::ip, 16, ~0u, 0, ~0u};
constexpr FilterParser::Slice source_port{FilterTest::transport, 0, 0xffff0000, 16, 0xffff};
constexpr FilterParser::Slice destination_port{FilterTest::transport, 0, 0x0000ffff, 0, 0xffff};

} // namespace

/// "1.2.3.4": host; "1.0.0.0/8": net; "80", "www": port.
bool FilterParser::guess_field(Primitive &it) {
    const std::string word = peek();
    StringErrorHandler silent;
    ArgContext context{element_, silent, ""};
    IPAddress address;
    IPPrefix prefix;
    if (word.empty() || is_qualifier(word)) return fail_near(), false;
    if (parse_arg(word, address, context) && it.protocol < 0)
        it.field = Field::host;
    else if (PrefixArg{false}(word, prefix, context) && it.protocol < 0)
        it.field = Field::net;
    else if (it.direction != Direction::any)
        it.field = Field::port;
    else
        return fail_near(), false;
    return true;
}

int FilterParser::value(const Primitive &it) {
    switch (it.field) {
    case Field::host: return host_value(it, false);
    case Field::net: return host_value(it, true);
    case Field::tcp_option: return option_value(it);
    default: return number_value(it);
    }
}

int FilterParser::host_value(const Primitive &it, bool is_net) {
    Comparison comparison;
    if (take("!="))
        comparison.is_negated = true;
    else if (!take("==") && !take("=") && !peek().empty() &&
             (peek()[0] == '<' || peek()[0] == '>'))
        return fail("addresses have no order: '" + peek() + "'");
    const std::string word = peek();
    if (word.empty()) return fail_near();
    StringErrorHandler silent;
    ArgContext quiet{element_, silent, ""};
    IPPrefix prefix;
    if (!is_net) {
        if (!parse_arg(word, prefix.address, quiet))
            return fail("bad host '" + word + "'");
    } else if (peek(1) == "mask") {
        if (!parse_arg(word, prefix.address, quiet) || !parse_arg(peek(2), prefix.mask, quiet))
            return fail("bad network or mask near '" + word + "'");
        next_ += 2;
    } else if (!PrefixArg{false}(word, prefix, quiet)) {
        return fail("bad network '" + word + "'");
    }
    next_ += 1;
    Primitive masked = it;
    masked.extra_mask = prefix.mask.host();
    comparison.low = comparison.high = prefix.address.host() & prefix.mask.host();
    return directed(masked, source_host, destination_host, comparison);
}

int FilterParser::option_value(const Primitive &) {
    uint32_t bit;
    const bool is_not = take("!=");
    if (!is_not && !take("==")) take("=");
    if (!find_word(filter_tcp_options, peek(), bit))
        return peek().empty() ? fail_near() : fail("unknown TCP option '" + peek() + "'");
    next_ += 1;
    const uint32_t mask = bit << 16;
    int node = tree_.make(FilterTest{FilterTest::transport, 12, mask, is_not ? 0 : mask, 0});
    return guarded(ip_proto_tcp, node);
}

bool FilterParser::parse_number(const std::string &word, const Primitive &it, uint32_t &out) {
    StringErrorHandler silent;
    ArgContext quiet{element_, silent, ""};
    if (it.field == Field::port) {
        uint16_t port;
        const bool is_udp = it.protocol == ip_proto_udp;
        if (!PortArg{is_udp ? ip_proto_udp : ip_proto_tcp}(word, port, quiet) &&
            (it.protocol >= 0 || !PortArg{ip_proto_udp}(word, port, quiet)))
            return false;
        out = port;
        return true;
    }
    if (it.field == Field::protocol && find_word(filter_protocols, word, out)) return true;
    if (it.field == Field::icmp_type && find_word(filter_icmp_types, word, out)) return true;
    uint8_t protocol;
    if (it.field == Field::protocol && element_->router().names().find(
                                           NameKind::ip_protocol, element_->name(), word, protocol))
        return out = protocol, true;
    return parse_arg(word, out, quiet);
}

/// "[& MASK] [OPERATOR] VALUE" or "LOW-HIGH".
bool FilterParser::take_numbers(const Primitive &it, uint32_t largest, Comparison &out) {
    std::string op = "==";
    for (const char *known : {"==", "=", "!=", "<=", ">=", "<", ">"})
        if (take(known)) {
            op = known;
            break;
        }
    const std::string word = peek();
    if (word.empty() || word == ")" || word == "and" || word == "or") return fail_near(), false;
    const size_t dash = word.find('-');
    if (parse_number(word, it, out.low)) {
        out.high = out.low;
    } else if (dash == std::string::npos || dash == 0 ||
               !parse_number(word.substr(0, dash), it, out.low) ||
               !parse_number(word.substr(dash + 1), it, out.high)) {
        static constexpr const char *kinds[] = {"value", "host", "net",  "port",  "IP protocol",
                                                "ICMP type", "ICMP code", "TCP option",
                                                "TCP window", "value", "value"};
        return fail("bad " + std::string(kinds[static_cast<int>(it.field)]) + " '" + word + "'"),
               false;
    } else if (op != "==" && op != "=" && op != "!=") {
        return fail("'" + op + "' and a range don't go together"), false;
    }
    next_ += 1;
    if (out.low > out.high) return fail("bad range '" + word + "'"), false;
    if (out.high > largest)
        return fail("value " + std::to_string(out.high) + " out of range (0-" +
                    std::to_string(largest) + ")"),
               false;
    out.is_negated = op == "!=";
    if (op[0] == '<') {
        // Nothing is below 0: a range that is empty.
        if (op == "<" && out.low == 0) return out = {1, 0, false}, true;
        out = {0, op == "<" ? out.high - 1 : out.high, false};
    } else if (op[0] == '>') {
        if (op == ">" && out.low == largest) return out = {1, 0, false}, true;
        out = {op == ">" ? out.low + 1 : out.low, largest, false};
    }
    return true;
}

int FilterParser::number_value(const Primitive &given) {
    static constexpr Slice protocol{FilterTest::ip, 8, 0x00ff0000, 16, 0xff};
    static constexpr Slice type{FilterTest::transport, 0, 0xff000000, 24, 0xff};
    static constexpr Slice code{FilterTest::transport, 0, 0x00ff0000, 16, 0xff};
    static constexpr Slice window{FilterTest::transport, 12, 0x0000ffff, 0, 0xffff};
    Primitive it = given;
    const Slice &slice = it.field == Field::protocol     ? protocol
                         : it.field == Field::icmp_type  ? type
                         : it.field == Field::icmp_code  ? code
                         : it.field == Field::tcp_window ? window
                         : it.field == Field::port       ? source_port
                                                         : it.slice;
    if (take("&")) {
        StringErrorHandler silent;
        ArgContext quiet{element_, silent, ""};
        if (!parse_arg(peek(), it.extra_mask, quiet) || it.extra_mask == 0)
            return fail("bad mask '" + peek() + "'");
        next_ += 1;
    }
    Comparison comparison;
    if (it.field == Field::protocol && take("tcpudp"))
        return tree_.make(FilterTree::either, protocol_is(ip_proto_tcp), protocol_is(ip_proto_udp));
    if (!take_numbers(it, slice.largest, comparison)) return -1;
    if (it.field == Field::port)
        return guarded(it.protocol, directed(it, source_port, destination_port, comparison));
    const int node = range(slice, it.extra_mask, comparison);
    switch (it.field) {
    case Field::icmp_type:
    case Field::icmp_code: return guarded(ip_proto_icmp, node);
    case Field::tcp_window: return guarded(ip_proto_tcp, node);
    case Field::data:
        if (it.slice.base == FilterTest::ip || it.slice.base == FilterTest::far_ip) return node;
        if (it.protocol >= 0) return guarded(it.protocol, node);
        return tree_.make(FilterTree::both, first_fragment(), node);
    default: return node;
    }
}

} // namespace click
