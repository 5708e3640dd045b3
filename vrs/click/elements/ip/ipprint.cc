/*
=c
IPPrint([LABEL, I<keywords> CONTENTS, PAYLOAD, MAXLENGTH, NBYTES, ETHER, LENGTH, ID, TTL, TOS,
TIMESTAMP, PAINT, AGGREGATE, VLAN, SWAP, OUTFILE, ACTIVE])
=s ip
prints IP packets
=d
Expects IP packets with their header marked. Prints a line for each on stderr: LABEL, timestamp,
addresses, and what the transport protocol's header says.
=k CONTENTS
The packet's bytes too: NONE, HEX or ASCII. PAYLOAD: the same for what follows the transport header.
Default NONE.
=k MAXLENGTH
Bytes to print at most, -1: all. Default 1500. NBYTES is another name.
=k LENGTH
The IP packet's length. Default false, as ETHER (the Ethernet addresses), ID (identification), TTL,
TOS, and PAINT, AGGREGATE and VLAN (the annotations).
=k SWAP
Swap the bytes of ICMP identifiers and sequence numbers before they are printed: some systems send
them the other way round. Default false.
=k TIMESTAMP
Default true.
=k OUTFILE
A file to write to instead of stderr.
=k ACTIVE
Default true.
=h active rw
=a Print, ToIPSummaryDump
*/
#include <cstdio>

#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

namespace {

/// NONE, HEX, ASCII, or a bool.
struct ContentsArg {
    bool operator()(std::string_view text, char &out, ArgContext &context) const {
        std::string word(text);
        for (char &c : word)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        bool is_on;
        if (word == "NONE" || (parse_bool(text, is_on) && !is_on))
            out = 'n';
        else if (word == "HEX" || parse_bool(text, is_on))
            out = 'h';
        else if (word == "ASCII")
            out = 'a';
        else
            return context.error("should be 'NONE', 'HEX', or 'ASCII'");
        return true;
    }
};

std::string ends(const click_ip *ip, const std::string &from, const std::string &to) {
    return IPAddress(ip->source).text() + from + " > " + IPAddress(ip->destination).text() + to;
}

std::string tcp_text(const click_tcp *tcp, uint32_t payload, uint32_t ip_bytes,
                     uint32_t frame_bytes) {
    static constexpr char letters[] = "FSRPAU";
    std::string flags;
    for (int i = 0; i < 6; i += 1)
        if (tcp->flags >> i & 1 && i != 4) flags += letters[i];
    // As old tcpdumps: SYN and FIN count in no length. The three are those of the payload, of the
    // IP packet and of the frame.
    const uint32_t sequence = net32(tcp->sequence);
    std::string out = format(": %s %u:%u(%u,%u,%u)", flags.empty() ? "." : flags.c_str(), sequence,
                             sequence + payload, payload, ip_bytes, frame_bytes);
    if (tcp->flags & 16) out += format(" ack %u", net32(tcp->acknowledgement));
    out += format(" win %u", net16(tcp->window));
    if (tcp->flags & 32) out += format(" urg %u", net16(tcp->urgent));
    return out;
}

std::string icmp_text(const click_icmp *icmp, bool swaps) {
    const auto number = [&](uint16_t v) { return swaps ? v : net16(v); };
    const auto echo = [&](const char *name) {
        return format(": icmp %s (id %u, seq %u)", name, number(icmp->id), number(icmp->sequence));
    };
    switch (icmp->type) {
    case 0: return echo("echo-reply");
    case 8: return echo("echo");
    case 3:
        if (icmp->code == 4)
            return format(": icmp unreachable needfrag (mtu %u)", net16(icmp->mtu));
        return format(": icmp unreachable code %u", icmp->code);
    case 4: return ": icmp sourcequench";
    case 5: return ": icmp redirect to " + IPAddress(icmp->rest).text();
    case 11: return format(": icmp time-exceeded code %u", icmp->code);
    case 12: return format(": icmp parameter-problem at %u", icmp->pointer);
    default: return format(": icmp type %u code %u", icmp->type, icmp->code);
    }
}

std::string bytes_text(const uint8_t *data, uint32_t count, char how) {
    std::string out;
    for (uint32_t i = 0; i < count; i += 1) {
        if (i % (how == 'h' ? 16 : 64) == 0) out += "\n  ";
        if (how == 'h')
            out += format(i % 4 == 3 ? "%02x " : "%02x", data[i]);
        else
            out += data[i] >= ' ' && data[i] < 127 ? static_cast<char>(data[i]) : '.';
    }
    return out;
}

} // namespace

class IPPrint final : public SimpleElement<IPPrint> {
  public:
    const char *class_name() const override { return "IPPrint"; }
    bool is_observer() const override { return true; }
    ~IPPrint() override {
        if (file_) std::fclose(file_);
    }
    int configure(Args &args) override {
        return args.positional("LABEL", label_)
            .keyword("CONTENTS", ContentsArg{}, contents_)
            .keyword("PAYLOAD", ContentsArg{}, payload_)
            .keyword("MAXLENGTH", max_)
            .keyword("NBYTES", max_)
            .keyword("ETHER", has_ether_)
            .keyword("VLAN", has_vlan_)
            .keyword("LENGTH", has_length_)
            .keyword("ID", has_id_)
            .keyword("TTL", has_ttl_)
            .keyword("TOS", has_tos_)
            .keyword("TIMESTAMP", has_timestamp_)
            .keyword("PAINT", has_paint_)
            .keyword("AGGREGATE", has_aggregate_)
            .keyword("SWAP", is_swapped_)
            .keyword("OUTFILE", Filename{}, file_name_)
            .keyword("ACTIVE", is_active_)
            .complete();
    }
    int initialize(ErrorHandler &errh) override {
        if (file_name_.empty() || file_name_ == "-") return 0;
        file_ = std::fopen(file_name_.c_str(), "wb");
        return file_ ? 0 : errh.error("%s: can't write", file_name_.c_str());
    }
    void add_handlers() override { add_data("active", data_both, &is_active_); }
    Packet *action(Packet *p) {
        if (!is_active_) return p;
        const std::string text = line(*p);
        if (!file_) {
            FileErrorHandler(2).message("%s", text.c_str());
        } else {
            std::fputs((text + "\n").c_str(), file_);
            std::fflush(file_);
        }
        return p;
    }

  private:
    std::string line(const Packet &p) const {
        std::string out = label_;
        const auto add = [&out](const std::string &text) {
            out += (out.empty() ? "" : ": ") + text;
        };
        if (has_timestamp_) add(p.timestamp().text());
        if (has_paint_) add(format("paint %u", p.paint()));
        if (has_aggregate_) add(format("agg %u", p.anno_as<uint32_t>(anno::aggregate)));
        if (has_vlan_) add(format("vlan %u", net16(p.anno_as<uint16_t>(anno::vlan_tci)) & 0xfff));
        if (has_ether_ && p.has_mac_header())
            add(EtherAddress(p.mac_header() + 6).text() + " > " +
                EtherAddress(p.mac_header()).text());
        if (!has_ip_header(&p)) {
            add("(not an IP packet)");
            return out;
        }
        const click_ip *ip = p.ip_header();
        if (has_id_) add(format("id %u", net16(ip->id)));
        if (has_ttl_) add(format("ttl %u", ip->ttl));
        if (has_tos_) add(format("tos %u", ip->tos));
        if (has_length_) add(format("length %u", net16(ip->length)));
        uint32_t header = 0;
        add(transport(p, header));
        if (ip->is_fragment())
            out += format(" (frag %u:%u@%u%s)", net16(ip->id),
                          net16(ip->length) - ip->header_length(),
                          (net16(ip->fragment) & click_ip_offset_mask) * 8u,
                          net16(ip->fragment) & click_ip_mf ? "+" : "");
        if (contents_ != 'n')
            out += bytes_text(p.network_header(), limit(p.network_length()), contents_);
        if (payload_ != 'n' && p.transport_length() > header)
            out += bytes_text(p.transport_header() + header, limit(p.transport_length() - header),
                              payload_);
        return out;
    }
    uint32_t limit(uint32_t bytes) const {
        return max_ >= 0 && static_cast<uint32_t>(max_) < bytes ? static_cast<uint32_t>(max_)
                                                                 : bytes;
    }
    /// Addresses, ports and what the transport header says; `header`: its length.
    std::string transport(const Packet &p, uint32_t &header) const {
        const click_ip *ip = p.ip_header();
        const uint32_t left = p.transport_length();
        const auto port = [](uint16_t v) { return format(".%u", net16(v)); };
        if (ip->is_first_fragment() && ip->protocol == ip_proto_tcp && left >= sizeof(click_tcp)) {
            const click_tcp *tcp = p.tcp_header();
            header = std::min(tcp->header_length(), left);
            const uint32_t total = net16(ip->length), before = ip->header_length() + header;
            return ends(ip, port(tcp->source), port(tcp->destination)) +
                   tcp_text(tcp, total > before ? total - before : 0, total, p.length());
        }
        if (ip->is_first_fragment() && ip->protocol == ip_proto_udp && left >= sizeof(click_udp)) {
            const click_udp *udp = p.udp_header();
            header = sizeof *udp;
            return ends(ip, port(udp->source), port(udp->destination)) +
                   format(": udp %u", net16(udp->length));
        }
        if (ip->is_first_fragment() && ip->protocol == ip_proto_icmp &&
            left >= sizeof(click_icmp)) {
            header = sizeof(click_icmp);
            return ends(ip, "", "") + icmp_text(p.icmp_header(), is_swapped_);
        }
        return ends(ip, "", "") + format(": ip-proto-%u", ip->protocol);
    }

    std::string label_, file_name_;
    char contents_ = 'n', payload_ = 'n';
    int max_ = 1500;
    bool has_length_ = false, has_id_ = false, has_ttl_ = false, has_tos_ = false;
    bool has_timestamp_ = true, has_paint_ = false, has_aggregate_ = false, is_swapped_ = false;
    bool is_active_ = true, has_ether_ = false, has_vlan_ = false;
    FILE *file_ = nullptr;
};

} // namespace click

EXPORT_ELEMENT(IPPrint)
