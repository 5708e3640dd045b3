/*
=c
ToIPSummaryDump(FILENAME [, I<keywords> FIELDS, CONTENTS, HEADER, VERBOSE, BANNER, MULTIPACKET,
BAD_PACKETS, CAREFUL_TRUNC, EXTRA_LENGTH])
=s traces
writes a line about each packet
=d
Writes a text file (- is standard output) with a line of fields for each packet; a field that a
packet doesn't have is a dash. Packets go on by its output when it has one, else they are dropped.
Its input may be push or pull.
=k FIELDS, CONTENTS
The fields, separated by spaces. Default `ip_src ip_dst`. timestamp, ntimestamp, ts_sec, ts_usec,
ts_usec1, first_timestamp; ip_src, ip_dst, ip_frag, ip_fragoff, ip_len, ip_proto, ip_hl, ip_id,
ip_tos, ip_dscp, ip_ecn, ip_ttl, ip_sum, ip_opt, ip_capture_len; sport, dport; tcp_seq, tcp_ack,
tcp_off, tcp_flags, tcp_window, tcp_urp, tcp_opt, tcp_ntopt, tcp_sack; udp_len; icmp_type,
icmp_code, icmp_type_name, icmp_flowid, icmp_seqno, icmp_nextmtu; payload_len, payload; link,
direction, aggregate, count, wire_len; eth_src, eth_dst.
=k HEADER
Begin with lines that say what the file is. Default true.
=k VERBOSE
Say also where and when it was made. Default false.
=k BANNER
A text for the `!creator` line.
=k MULTIPACKET
Write as many lines as the EXTRA_PACKETS annotation says. Default false.
=k BAD_PACKETS
Write a line `!bad REASON` before those with bad headers. Default false.
=k CAREFUL_TRUNC
Write `!bad truncated IP length` before packets that are shorter than their IP length says. Default
true.
=k EXTRA_LENGTH
Accepted, and changes nothing: the annotation is part of a packet's length.
=h filename r
=h flush w
=h stop w
=a FromIPSummaryDump, ToDump
*/
#include <ctime>
#include <unistd.h>

#include "elements/analysis/ip_summary.hh"
#include "elements/analysis/trace_sink.hh"

namespace click {

class ToIPSummaryDump final : public TraceSink {
  public:
    const char *class_name() const override { return "ToIPSummaryDump"; }

    int configure(Args &args) override {
        std::string fields = "ip_src ip_dst";
        bool is_binary = false, ignored;
        if (args.mandatory("FILENAME", Filename{}, file_name_)
                .keyword("FIELDS", Any{}, fields)
                .keyword("CONTENTS", Any{}, fields)
                .keyword("DATA", Any{}, fields)
                .keyword("HEADER", has_header_)
                .keyword("VERBOSE", is_verbose_)
                .keyword("BANNER", banner_)
                .keyword("MULTIPACKET", is_multipacket_)
                .keyword("BAD_PACKETS", tells_bad_)
                .keyword("CAREFUL_TRUNC", tells_truncated_)
                .keyword("EXTRA_LENGTH", ignored)
                .keyword("BINARY", is_binary)
                .complete() < 0)
            return -1;
        if (is_binary) return args.error("BINARY: not supported, only text is");
        PrefixErrorHandler errh(args.errh(), "FIELDS: ");
        if (!parse_summary_fields(fields, fields_, errh)) return -1;
        return fields_.empty() ? args.error("no contents specified") : 0;
    }
    void add_handlers() override {
        TraceSink::add_handlers();
        add_write("stop", [this] {
            flush();
            is_stopped_ = true;
            router().please_stop();
        });
    }

  private:
    std::string header() const override {
        if (!has_header_) return "";
        std::string out = "!IPSummaryDump 1.3\n";
        if (!banner_.empty()) out += "!creator \"" + banner_ + "\"\n";
        if (is_verbose_) {
            char host[256] = {}, date[64] = {};
            ::gethostname(host, sizeof host - 1);
            const Timestamp now = Timestamp::now();
            const std::time_t seconds = now.sec();
            std::tm local{};
            localtime_r(&seconds, &local);
            std::strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &local);
            if (host[0]) out += std::string("!host ") + host + "\n";
            out += "!runtime " + now.text() + " (" + date + ")\n";
        }
        out += "!data";
        for (const SummaryField *it : fields_) out += std::string(" ") + (it ? it->name : "none");
        return out + "\n";
    }
    void tell(Packet *p) override {
        if (is_stopped_) return;
        const SummaryView view(*p);
        std::string out;
        if (tells_bad_ && !view.bad.empty())
            out += "!bad " + view.bad + "\n";
        else if (tells_truncated_ && view.is_truncated)
            out += "!bad truncated IP length\n";
        const auto extra = p->anno_as<uint32_t>(anno::extra_packets);
        if (is_multipacket_ && extra > 0) p->set_anno<uint32_t>(anno::extra_packets, 0);
        const size_t start = out.size();
        for (const SummaryField *it : fields_) {
            if (out.size() > start) out += ' ';
            it ? it->write(view, out) : void(out += '-');
        }
        out += '\n';
        const std::string line = out.substr(start);
        if (is_multipacket_ && extra > 0) {
            for (uint32_t i = 0; i < extra && i < max_lines; i += 1) out += line;
            p->set_anno<uint32_t>(anno::extra_packets, extra);
        }
        write(out.data(), out.size());
    }

    static constexpr uint32_t max_lines = 1 << 16;
    std::string banner_;
    std::vector<const SummaryField *> fields_;
    bool has_header_ = true, is_verbose_ = false, is_multipacket_ = false, tells_bad_ = false;
    bool tells_truncated_ = true, is_stopped_ = false;
};

} // namespace click

EXPORT_ELEMENT(ToIPSummaryDump)
