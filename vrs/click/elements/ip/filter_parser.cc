// Grammar and tests of the pattern language; filter_values.cc reads values.
#include "elements/ip/filter_parser.hh"

#include "elements/ip/filter_names.hh"

namespace click {

namespace {

constexpr int max_depth = 200;

bool is_operator_char(char c) { return std::string_view("()!&|<>=?").find(c) != std::string::npos; }

} // namespace

void FilterParser::split(std::string_view text) {
    tokens_.clear();
    next_ = 0;
    for (size_t i = 0; i < text.size();) {
        if (is_space(text[i])) {
            i += 1;
            continue;
        }
        size_t end = i + 1;
        const char c = text[i];
        if (c == '[') {
            end = std::min(text.find(']', i), text.size() - 1) + 1;
        } else if (c == '&' || c == '|') {
            if (end < text.size() && text[end] == c) end += 1;
        } else if (c == '!' || c == '<' || c == '>' || c == '=') {
            if (end < text.size() && text[end] == '=') end += 1;
        } else if (!is_operator_char(c)) {
            while (end < text.size() && !is_space(text[end]) && !is_operator_char(text[end]) &&
                   text[end] != '[')
                end += 1;
        }
        tokens_.emplace_back(text.substr(i, end - i));
        i = end;
    }
}

int FilterParser::fail(const std::string &text) {
    errh_.error("%s", text.c_str());
    return -1;
}
int FilterParser::fail_near() {
    if (next_ >= tokens_.size()) return fail("syntax error at end of pattern");
    return fail("syntax error near '" + tokens_[next_] + "'");
}

int FilterParser::parse(std::string_view text) {
    split(text);
    previous_.reset();
    if (tokens_.empty()) return fail("empty pattern");
    const int root = expression();
    if (root >= 0 && next_ < tokens_.size()) return fail_near();
    return root;
}

int FilterParser::expression() {
    if (++depth_ > max_depth) return fail("pattern too deeply nested");
    int root = either();
    if (root >= 0 && take("?")) {
        const int yes = expression();
        if (yes < 0) return -1;
        if (!take(":")) return fail("expected ':' after '?'");
        const int no = expression();
        if (no < 0) return -1;
        root = tree_.make(FilterTree::choice, root, yes, no);
    }
    depth_ -= 1;
    return root;
}

int FilterParser::either() {
    int root = both();
    while (root >= 0 && (take("or") || take("||"))) {
        const int next = both();
        root = next < 0 ? -1 : tree_.make(FilterTree::either, root, next);
    }
    return root;
}

int FilterParser::both() {
    int root = factor();
    while (root >= 0) {
        if (!take("and") && !take("&&")) {
            const std::string next = peek();
            if (next.empty() || next == "or" || next == "||" || next == ")" || next == "?" ||
                next == ":")
                break;
            if (next != "(" && next != "!" && next != "not" && !is_qualifier(next)) break;
        }
        const int next = factor();
        root = next < 0 ? -1 : tree_.make(FilterTree::both, root, next);
    }
    return root;
}

int FilterParser::factor() {
    bool is_negated = false;
    while (take("not") || take("!")) is_negated = !is_negated;
    int root;
    if (take("(")) {
        root = expression();
        if (root >= 0 && !take(")")) return fail("missing ')'");
    } else {
        root = primitive();
    }
    return root >= 0 && is_negated ? tree_.make(FilterTree::negation, root) : root;
}

bool FilterParser::is_qualifier(const std::string &word) const {
    static constexpr std::string_view words[] = {
        "src", "dst", "ip", "tcp", "udp", "icmp", "transp", "host", "net", "port", "proto", "type",
        "code", "opt", "win", "frag", "unfrag", "ce", "ect", "ecn", "true", "false", "all", "any",
        "none", "-", "addr"};
    for (const auto it : words)
        if (it == word) return true;
    return filter_number_field(word) != nullptr;
}

/// "src", "dst", "src or dst", "src and dst".
bool FilterParser::take_direction(Primitive &out) {
    const std::string first = peek(), link = peek(1), second = peek(2);
    if (first != "src" && first != "dst") return false;
    if ((second == "src" || second == "dst") && second != first) {
        const bool is_or = link == "or" || link == "||";
        if (is_or || link == "and" || link == "&&") {
            out.direction = is_or ? Direction::either : Direction::both;
            next_ += 3;
            return true;
        }
    }
    out.direction = first == "src" ? Direction::source : Direction::destination;
    next_ += 1;
    return true;
}

bool FilterParser::take_slice(const std::string &bracket, FilterTest::Base base, Primitive &out) {
    const std::string inner = bracket.substr(1, bracket.size() - 2);
    const size_t colon = inner.find(':');
    uint64_t offset, bytes = 1;
    bool is_negative, overflows;
    const auto read = [&](std::string_view text, uint64_t &value) {
        return parse_integer(trim(text), value, is_negative, overflows) && !is_negative;
    };
    if (bracket.back() != ']' || !read(std::string_view(inner).substr(0, colon), offset) ||
        (colon != std::string::npos && !read(std::string_view(inner).substr(colon + 1), bytes)))
        return fail("syntax error after '['"), false;
    if (bytes != 1 && bytes != 2 && bytes != 4) return fail("length must be 1, 2 or 4"), false;
    if (offset > 65535 - bytes) return fail("offset out of range"), false;
    out.field = Field::data;
    const uint32_t bits = static_cast<uint32_t>(bytes) * 8;
    // The IP header is there; whether the bytes behind it are is seen when they are asked for.
    const bool is_near =
        base == FilterTest::ip && offset + bytes <= FilterProgram::near_bytes;
    const auto start = static_cast<uint16_t>(
        is_near ? std::min<uint64_t>(offset, FilterProgram::near_bytes - 4) : offset);
    out.slice.base = is_near ? base
                     : base == FilterTest::ip ? FilterTest::far_ip
                                              : FilterTest::far_transport;
    out.slice.offset = start;
    out.slice.shift = 32 - bits - static_cast<uint32_t>(offset - start) * 8;
    out.slice.largest = bits == 32 ? ~uint32_t{0} : (1u << bits) - 1;
    out.slice.mask = out.slice.largest << out.slice.shift;
    return true;
}

/// What is asked about. False after an error; a field stays `none` when a value follows at once.
bool FilterParser::take_subject(Primitive &out) {
    const std::string word = peek();
    const bool is_ip = word == "ip", is_transport = word == "transp";
    const int protocol = word == "tcp"    ? ip_proto_tcp
                         : word == "udp"  ? ip_proto_udp
                         : word == "icmp" ? ip_proto_icmp
                                          : -1;
    if (is_ip || is_transport || protocol >= 0) {
        next_ += 1;
        out.protocol = protocol;
        if (peek().starts_with("[")) {
            const std::string bracket = peek();
            next_ += 1;
            return take_slice(bracket, is_ip ? FilterTest::ip : FilterTest::transport, out);
        }
    }
    const std::string field = peek();
    static constexpr struct {
        std::string_view name;
        Field field;
    } fields[] = {
        {"host", Field::host},      {"addr", Field::host},      {"net", Field::net},
        {"port", Field::port},      {"proto", Field::protocol}, {"type", Field::icmp_type},
        {"code", Field::icmp_code}, {"opt", Field::tcp_option}, {"win", Field::tcp_window},
    };
    for (const auto &it : fields)
        if (field == it.name) {
            out.field = it.field;
            next_ += 1;
            return true;
        }
    const FilterNumberField *number = filter_number_field(field);
    if (!number || protocol >= 0) return true;
    out.field = Field::number;
    out.slice = {FilterTest::ip, number->offset, number->mask,
                 static_cast<uint32_t>(__builtin_ctz(number->mask)),
                 number->mask >> __builtin_ctz(number->mask)};
    next_ += 1;
    return true;
}

int FilterParser::primitive() {
    const std::string word = peek();
    if (word.empty() || (is_operator_char(word[0]) && word[0] != '=') || word == "and" ||
        word == "or")
        return fail_near();
    if (take("true") || take("all") || take("any") || take("-")) return tree_.make(true);
    if (take("false") || take("none")) return tree_.make(false);
    const size_t start = next_;
    const size_t skipped = at("ip") ? 1 : 0; // "ip frag" or "frag"
    for (const FilterFlag &it : filter_flags)
        if (peek(skipped) == it.name) {
            next_ += skipped + 1;
            return tree_.make(it.test);
        }
    Primitive it;
    const bool has_direction = take_direction(it);
    if (!take_subject(it)) return -1;
    if (next_ == start) { // a value alone
        if (!previous_) return fail_near();
        it = *previous_;
        return value(it);
    }
    if (it.field == Field::none && it.protocol >= 0 && !has_direction) {
        it.field = Field::protocol;
        previous_ = it;
        return protocol_is(it.protocol); // "tcp"
    }
    if (it.field == Field::none && next_ == start + 1 && word == "ip") return tree_.make(true);
    if (it.field == Field::none && !guess_field(it)) return -1;
    const bool has_ports = it.field == Field::port;
    if (has_direction && !has_ports && it.field != Field::host && it.field != Field::net)
        return fail("'src' and 'dst' don't go with '" + tokens_[next_ - 1] + "'");
    if (has_ports && it.protocol == ip_proto_icmp) return fail("ICMP has no ports");
    if ((it.field == Field::icmp_type || it.field == Field::icmp_code) && it.protocol >= 0 &&
        it.protocol != ip_proto_icmp)
        return fail("only ICMP has types and codes");
    if ((it.field == Field::tcp_option || it.field == Field::tcp_window) && it.protocol >= 0 &&
        it.protocol != ip_proto_tcp)
        return fail("only TCP has options and windows");
    previous_ = it;
    return value(it);
}

int FilterParser::protocol_is(int protocol) {
    const auto low = static_cast<uint32_t>(protocol) << 16;
    return tree_.make(FilterTest{FilterTest::ip, 8, 0xff0000, low, 0});
}

int FilterParser::first_fragment() {
    return tree_.make(FilterTest{FilterTest::ip, 4, 0x1fff, 0, 0});
}

int FilterParser::guarded(int protocol, int node) {
    const int is_first = tree_.make(FilterTree::both, first_fragment(), node);
    if (protocol < 0) {
        const int is_either = tree_.make(FilterTree::either, protocol_is(ip_proto_tcp),
                                         protocol_is(ip_proto_udp));
        return tree_.make(FilterTree::both, is_either, is_first);
    }
    return tree_.make(FilterTree::both, protocol_is(protocol), is_first);
}

int FilterParser::range(const Slice &slice, uint32_t extra_mask, const Comparison &it) {
    const uint32_t mask = slice.mask & (extra_mask << slice.shift);
    int node;
    if (it.low > it.high || mask == 0) {
        node = tree_.make(mask == 0 && it.low == 0);
    } else {
        node = tree_.make(FilterTest{slice.base, slice.offset, mask, it.low << slice.shift,
                                     (it.high - it.low) << slice.shift});
    }
    return it.is_negated ? tree_.make(FilterTree::negation, node) : node;
}

int FilterParser::directed(const Primitive &it, const Slice &source, const Slice &destination,
                           const Comparison &comparison) {
    const auto one = [&](const Slice &slice) { return range(slice, it.extra_mask, comparison); };
    switch (it.direction) {
    case Direction::source: return one(source);
    case Direction::destination: return one(destination);
    case Direction::both: return tree_.make(FilterTree::both, one(source), one(destination));
    default: break;
    }
    // "not equal to either" means that neither is.
    return tree_.make(comparison.is_negated ? FilterTree::both : FilterTree::either, one(source),
                      one(destination));
}

} // namespace click
