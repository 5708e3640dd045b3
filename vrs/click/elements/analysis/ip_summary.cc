// The fields of IP summary dumps: how each is written and read.
#include <algorithm>

#include "elements/analysis/ip_summary_text.hh"

namespace click {

namespace {

using View = SummaryView;
using Record = SummaryRecord;

constexpr char flag_letters[] = "FSRPAUECN";

void none(std::string &out) { out += '-'; }
void put(std::string &out, uint64_t value) { out += std::to_string(value); }

/// A number in the IP header; `Get` reads it.
template <auto Get> void of_ip(const View &v, std::string &out) {
    v.ip ? put(out, Get(*v.ip)) : none(out);
}
/// A number in a transport header of `protocol` that takes `bytes` bytes to be there.
template <class T, uint8_t protocol, uint32_t bytes, auto Get>
void of_transport(const View &v, std::string &out) {
    const uint8_t *at = v.transport(protocol, bytes);
    at ? put(out, Get(*reinterpret_cast<const T *>(at))) : none(out);
}
template <uint32_t offset> void port(const View &v, std::string &out) {
    const uint8_t *at = v.transport(0, 4);
    const bool has_ports = at && (v.ip->protocol == ip_proto_tcp || v.ip->protocol == ip_proto_udp);
    has_ports ? put(out, net16(load<uint16_t>(at + offset))) : none(out);
}
template <auto Get> void icmp(const View &v, std::string &out) {
    of_transport<click_icmp, ip_proto_icmp, 8, Get>(v, out);
}
bool is_query(const click_icmp &it) {
    return it.type == 0 || it.type == 8 || (it.type >= 13 && it.type <= 18);
}

void write_protocol(const View &v, std::string &out) {
    if (!v.ip) return none(out);
    switch (v.ip->protocol) {
    case ip_proto_tcp: out += 'T'; break;
    case ip_proto_udp: out += 'U'; break;
    case ip_proto_icmp: out += 'I'; break;
    default: put(out, v.ip->protocol);
    }
}
bool read_protocol(std::string_view text, Record &r) {
    if (text == "T" || text == "tcp") return r.protocol = ip_proto_tcp, true;
    if (text == "U" || text == "udp") return r.protocol = ip_proto_udp, true;
    if (text == "I" || text == "icmp") return r.protocol = ip_proto_icmp, true;
    return get(text, r.protocol);
}

void write_fragment(const View &v, std::string &out) {
    if (!v.ip) return none(out);
    const uint16_t f = net16(v.ip->fragment);
    if (!(f & click_ip_offset_mask))
        out += f & click_ip_mf ? 'F' : f & click_ip_df ? '!' : '.';
    else
        out += 'f';
}
bool read_fragment(std::string_view text, Record &r) {
    if (text == "F") r.fragment |= click_ip_mf;
    else if (text == "f") r.fragment |= 100; // somewhere behind the first
    else if (text == "!") r.fragment |= click_ip_df;
    else return text == ".";
    return true;
}
void write_offset(const View &v, std::string &out) {
    if (!v.ip) return none(out);
    const uint16_t f = net16(v.ip->fragment);
    put(out, (f & click_ip_offset_mask) * 8u);
    if (f & click_ip_mf) out += '+';
    if (f & click_ip_df) out += '!';
}
bool read_offset(std::string_view text, Record &r) {
    r.fragment = 0;
    while (!text.empty() && (text.back() == '+' || text.back() == '!')) {
        r.fragment |= text.back() == '+' ? click_ip_mf : click_ip_df;
        text.remove_suffix(1);
    }
    uint32_t offset;
    if (!get(text, offset, 65528) || offset % 8) return false;
    r.fragment |= static_cast<uint16_t>(offset / 8);
    return true;
}

constexpr const char *ecn_names[] = {"no", "ect1", "ect2", "ce"};
constexpr uint8_t ecn_bits[] = {0, 1, 2, 3};
bool read_ecn(std::string_view text, Record &r) {
    for (int i = 0; i < 4; i += 1)
        if (text == ecn_names[i])
            return r.tos = static_cast<uint8_t>((r.tos & ~3) | ecn_bits[i]), true;
    return false;
}

void write_flags(const View &v, std::string &out) {
    const uint8_t *at = v.transport(ip_proto_tcp, 14);
    if (!at) return none(out);
    const unsigned flags = at[13] | (at[12] & 1u) << 8;
    if (flags == 0) out += '.';
    for (unsigned i = 0; i < 9; i += 1)
        if (flags >> i & 1) out += flag_letters[i];
}
bool read_flags(std::string_view text, Record &r) {
    r.tcp_flags = 0;
    if (text == ".") return true;
    if (!text.empty() && is_digit(text[0])) return get(text, r.tcp_flags, 511);
    for (const char c : text) {
        const size_t at = std::string_view(flag_letters).find(c);
        if (at == std::string_view::npos) return false;
        r.tcp_flags |= static_cast<uint16_t>(1u << at);
    }
    return true;
}

template <char which> void write_tcp_options(const View &v, std::string &out) {
    const uint8_t *at = v.transport(ip_proto_tcp, sizeof(click_tcp));
    if (!at) return none(out);
    const uint32_t header = reinterpret_cast<const click_tcp *>(at)->header_length();
    if (header <= sizeof(click_tcp)) return void(out += '.');
    const uint8_t *whole = v.transport(ip_proto_tcp, header);
    out += whole ? tcp_options_text(at + 20, header - 20, which) : "?";
}
bool read_tcp_options(std::string_view text, Record &r) {
    r.tcp_options.clear();
    return parse_tcp_options(text, r.tcp_options);
}

void write_payload(const View &v, std::string &out) {
    uint32_t there, total;
    const uint8_t *at = v.payload(there, total);
    if (!at) return none(out);
    out += '"';
    for (uint32_t i = 0; i < there; i += 1) {
        const char c = static_cast<char>(at[i]);
        if (c == '"' || c == '\\') out += '\\', out += c;
        else if (c == '\n') out += "\\n";
        else if (c == '\r') out += "\\r";
        else if (c == '\t') out += "\\t";
        else if (c >= ' ' && c < 127) out += c;
        else out += format("\\%03o", at[i]);
    }
    out += '"';
}

void write_direction(const View &v, std::string &out) {
    const uint8_t paint = v.packet.paint();
    if (paint < 4) out += "><LR"[paint];
    else put(out, paint);
}
bool read_direction(std::string_view text, Record &r) {
    if (text == ">" || text == "L") return r.paint = 0, true;
    if (text == "<" || text == "R" || text == "X") return r.paint = 1, true;
    return get(text, r.paint);
}

template <bool source> void write_ether(const View &v, std::string &out) {
    const Packet &p = v.packet;
    const int32_t offset = p.mac_header_offset();
    const bool is_there = p.has_mac_header() && (offset >= 0 || p.network_header_offset() >= 0) &&
                          static_cast<int64_t>(p.end_data() - p.mac_header()) >= 14;
    is_there ? void(out += EtherAddress(p.mac_header() + (source ? 6 : 0)).text()) : none(out);
}

#define IP(expression) of_ip<[](const click_ip &h) -> uint64_t { return expression; }>
#define TCP(bytes, expression)                                                                     \
    of_transport<click_tcp, ip_proto_tcp, bytes,                                                   \
                 [](const click_tcp &h) -> uint64_t { return expression; }>
#define ICMP(expression) icmp<[](const click_icmp &h) -> uint64_t { return expression; }>
#define WRITE [](const View &v, std::string &out)
#define READ(expression) [](std::string_view t, Record &r) -> bool { return expression; }

const SummaryField fields[] = {
    {"timestamp", WRITE { out += v.packet.timestamp().text(); }, READ(get_time(t, r.timestamp))},
    {"ntimestamp",
     WRITE {
         const Timestamp t = v.packet.timestamp();
         out += format("%lld.%09u", static_cast<long long>(t.sec()), t.subsec_ns());
     },
     READ(get_time(t, r.timestamp))},
    {"ts_sec", WRITE { put(out, static_cast<uint64_t>(v.packet.timestamp().sec())); },
     [](std::string_view t, Record &r) {
         uint64_t s;
         if (!get(t, s, 1ull << 33)) return false;
         r.timestamp.ns = static_cast<int64_t>(s) * Timestamp::per_second + r.timestamp.subsec_ns();
         return true;
     }},
    {"ts_usec", WRITE { put(out, v.packet.timestamp().usec()); },
     [](std::string_view t, Record &r) {
         uint32_t us;
         if (!get(t, us, 999'999)) return false;
         r.timestamp.ns = r.timestamp.sec() * Timestamp::per_second + int64_t{us} * 1000;
         return true;
     }},
    {"ts_usec1", WRITE { put(out, static_cast<uint64_t>(v.packet.timestamp().ns / 1000)); },
     [](std::string_view t, Record &r) {
         uint64_t us;
         if (!get(t, us, 1ull << 52)) return false;
         r.timestamp = Timestamp::us(static_cast<int64_t>(us));
         return true;
     }},
    {"first_timestamp",
     WRITE { out += Timestamp{v.packet.anno_as<int64_t>(anno::first_timestamp)}.text(); },
     READ(get_time(t, r.first_timestamp))},
    {"ip_src", WRITE { v.ip ? void(out += IPAddress(v.ip->source).text()) : none(out); },
     [](std::string_view t, Record &r) {
         IPAddress a;
         return parse_address(t, a) && (r.source = a.addr, true);
     }},
    {"ip_dst", WRITE { v.ip ? void(out += IPAddress(v.ip->destination).text()) : none(out); },
     [](std::string_view t, Record &r) {
         IPAddress a;
         return parse_address(t, a) && (r.destination = a.addr, true);
     }},
    {"ip_frag", write_fragment, read_fragment},
    {"ip_fragoff", write_offset, read_offset},
    {"ip_len",
     WRITE {
         v.ip ? put(out, net16(v.ip->length))
              : put(out, v.packet.length() + v.packet.anno_as<uint32_t>(anno::extra_length));
     },
     READ(get(t, r.ip_length))},
    {"ip_proto", write_protocol, read_protocol},
    {"ip_hl", IP(h.header_length()), nullptr},
    {"ip_id", IP(net16(h.id)), READ(get(t, r.id))},
    {"ip_tos", IP(h.tos), READ(get(t, r.tos))},
    {"ip_dscp", IP(h.tos >> 2),
     [](std::string_view t, Record &r) {
         uint8_t dscp;
         return get(t, dscp, 63) &&
                (r.tos = static_cast<uint8_t>(dscp << 2 | (r.tos & 3)), true);
     }},
    {"ip_ecn", WRITE { v.ip ? void(out += ecn_names[v.ip->tos & 3]) : none(out); }, read_ecn},
    {"ip_ttl", IP(h.ttl), READ(get(t, r.ttl))},
    {"ip_sum", IP(net16(h.checksum)), READ(get(t, r.ip_checksum))},
    {"ip_opt",
     WRITE {
         if (!v.ip) return none(out);
         out += ip_options_text(reinterpret_cast<const uint8_t *>(v.ip + 1),
                                v.ip->header_length() - 20);
     },
     [](std::string_view t, Record &r) {
         r.ip_options.clear();
         return parse_ip_options(t, r.ip_options);
     }},
    {"ip_capture_len",
     WRITE {
         if (!v.ip) return none(out);
         put(out, std::min<uint32_t>(v.packet.network_length(), net16(v.ip->length)));
     },
     nullptr},
    {"sport", port<0>, READ(get(t, r.source_port))},
    {"dport", port<2>, READ(get(t, r.destination_port))},
    {"tcp_seq", TCP(8, net32(h.sequence)), READ(get(t, r.sequence))},
    {"tcp_ack", TCP(12, net32(h.acknowledgement)), READ(get(t, r.acknowledgement))},
    {"tcp_off", TCP(13, h.header_length()), nullptr},
    {"tcp_flags", write_flags, read_flags},
    {"tcp_window", TCP(16, net16(h.window)), READ(get(t, r.window))},
    {"tcp_urp", TCP(20, net16(h.urgent)), READ(get(t, r.urgent))},
    {"tcp_opt", write_tcp_options<'a'>, read_tcp_options},
    {"tcp_ntopt", write_tcp_options<'n'>, read_tcp_options},
    {"tcp_sack", write_tcp_options<'s'>, read_tcp_options},
    {"udp_len",
     WRITE {
         const uint8_t *at = v.transport(ip_proto_udp, 6);
         at ? put(out, net16(load<uint16_t>(at + 4))) : none(out);
     },
     READ(get(t, r.udp_length))},
    {"icmp_type", ICMP(h.type), READ(get(t, r.icmp_type))},
    {"icmp_code", ICMP(h.code), READ(get(t, r.icmp_code))},
    {"icmp_type_name",
     WRITE {
         const uint8_t *at = v.transport(ip_proto_icmp, 8);
         if (!at) return none(out);
         const char *name = icmp_type_name(at[0]);
         name ? void(out += name) : put(out, at[0]);
     },
     [](std::string_view t, Record &r) {
         for (int type = 0; type < 256; type += 1) {
             const char *name = icmp_type_name(static_cast<uint8_t>(type));
             if (name && t == name) return r.icmp_type = static_cast<uint8_t>(type), true;
         }
         return get(t, r.icmp_type);
     }},
    {"icmp_flowid",
     WRITE {
         const uint8_t *at = v.transport(ip_proto_icmp, 8);
         const auto *h = reinterpret_cast<const click_icmp *>(at);
         at && is_query(*h) ? put(out, net16(h->id)) : none(out);
     },
     READ(get(t, r.icmp_id))},
    {"icmp_seqno",
     WRITE {
         const uint8_t *at = v.transport(ip_proto_icmp, 8);
         const auto *h = reinterpret_cast<const click_icmp *>(at);
         at && is_query(*h) ? put(out, net16(h->sequence)) : none(out);
     },
     READ(get(t, r.icmp_sequence))},
    {"icmp_nextmtu",
     WRITE {
         const uint8_t *at = v.transport(ip_proto_icmp, 8);
         const auto *h = reinterpret_cast<const click_icmp *>(at);
         at && h->type == 3 && h->code == 4 ? put(out, net16(h->mtu)) : none(out);
     },
     READ(get(t, r.icmp_mtu))},
    {"payload_len",
     WRITE {
         uint32_t there, total;
         v.payload(there, total) ? put(out, total) : none(out);
     },
     READ(get(t, r.payload_length))},
    {"payload", write_payload, READ((r.payload = unquote(t), true))},
    {"link", WRITE { put(out, v.packet.paint()); }, read_direction},
    {"direction", write_direction, read_direction},
    {"aggregate", WRITE { put(out, v.packet.anno_as<uint32_t>(anno::aggregate)); },
     READ(get(t, r.aggregate))},
    {"count", WRITE { put(out, 1 + v.packet.anno_as<uint32_t>(anno::extra_packets)); },
     READ(get(t, r.count) && r.count > 0)},
    {"wire_len",
     WRITE { put(out, v.packet.length() + v.packet.anno_as<uint32_t>(anno::extra_length)); },
     nullptr},
    {"eth_src", write_ether<true>,
     [](std::string_view t, Record &r) {
         EtherAddress a;
         return parse_address(t, a) && (r.ether_source = a, true);
     }},
    {"eth_dst", write_ether<false>,
     [](std::string_view t, Record &r) {
         EtherAddress a;
         return parse_address(t, a) && (r.ether_destination = a, true);
     }},
};

constexpr std::pair<std::string_view, std::string_view> synonyms[] = {
    {"ts", "timestamp"},       {"sec", "ts_sec"},        {"usec", "ts_usec"},
    {"usec1", "ts_usec1"},     {"utimestamp", "timestamp"}, {"src", "ip_src"},
    {"dst", "ip_dst"},         {"frag", "ip_frag"},      {"fragoff", "ip_fragoff"},
    {"len", "ip_len"},         {"length", "ip_len"},     {"proto", "ip_proto"},
    {"id", "ip_id"},           {"tos", "ip_tos"},        {"ttl", "ip_ttl"},
    {"udp_sport", "sport"},    {"tcp_sport", "sport"},   {"udp_dport", "dport"},
    {"tcp_dport", "dport"},    {"packets", "count"},     {"agg", "aggregate"},
    {"dir", "direction"},      {"tcp_win", "tcp_window"}, {"pkt_count", "count"},
    {"capture_len", "ip_capture_len"}, {"tcp_hl", "tcp_off"}, {"ts_first", "first_timestamp"},
};

} // namespace

const SummaryField *find_summary_field(std::string_view name) {
    std::string plain(name);
    std::replace(plain.begin(), plain.end(), ' ', '_');
    for (const auto &[other, one] : synonyms)
        if (plain == other) plain = one;
    for (const SummaryField &it : fields)
        if (plain == it.name) return &it;
    return nullptr;
}

bool parse_summary_fields(std::string_view text, std::vector<const SummaryField *> &out,
                          ErrorHandler &errh) {
    out.clear();
    bool is_good = true;
    for (const std::string &word : split_words(text)) {
        const std::string name = unquote(word);
        const SummaryField *found = find_summary_field(name);
        if (!found && name != "none") {
            errh.error("unknown content type '%s'", name.c_str());
            is_good = false;
        }
        out.push_back(found);
    }
    return is_good;
}

} // namespace click
