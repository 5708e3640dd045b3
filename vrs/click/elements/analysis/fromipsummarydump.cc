/*
=c
FromIPSummaryDump(FILENAME [, I<keywords> STOP, TIMING, ACTIVE, ZERO, CHECKSUM, PROTO, MULTIPACKET,
SAMPLE, FIELDS, CONTENTS, FLOWID])
=s traces
makes packets of lines about them
=d
Reads a text file (- is standard input; it may be compressed by gzip or bzip2) as ToIPSummaryDump
writes it, and makes a packet of each line: IP header with options, and the header of TCP, UDP or
ICMP. Its IP header is marked; timestamp, aggregate, paint, EXTRA_PACKETS and EXTRA_LENGTH
annotations are set. Of lines that start with ! or #, these mean something: `!data FIELD...` (what
the lines after it consist of), `!flowid SRC SPORT DST DPORT [PROTO]`, `!aggregate N`, `!proto P`
(what packets have whose lines don't say). A dash is a field that isn't known.
=k STOP
Stop the driver at the end of the file. Default false.
=k TIMING
Keep the packets' distances in time. Default false.
=k ACTIVE
Default true.
=k ZERO
What no field says is zero, not random. Default true.
=k CHECKSUM
Set the checksums of IP, TCP, UDP and ICMP, and give packets all bytes of their IP length. Default
false: the EXTRA_LENGTH annotation says how many are missing.
=k PROTO
The protocol of lines that don't say theirs. Default TCP.
=k MULTIPACKET
Make as many packets as `count` says, each with the line's length. Default false: one packet, with
an EXTRA_PACKETS annotation.
=k SAMPLE
The probability with which a packet is made. Default 1.
=k FIELDS, CONTENTS
The fields of lines before the first `!data`.
=k FLOWID
As in a `!flowid` line.
=h sampling_prob r
=h active rw
=h encap r
=h filename r
=h stop w
=a ToIPSummaryDump, FromDump
*/
#include <cstdio>

#include "elements/analysis/ip_summary.hh"
#include "elements/analysis/ip_summary_packet.hh"
#include "elements/analysis/trace_source.hh"

namespace click {

class FromIPSummaryDump final : public TraceSource {
  public:
    const char *class_name() const override { return "FromIPSummaryDump"; }
    const char *port_count() const override { return "0/1"; }

    int configure(Args &args) override {
        std::string fields, flow;
        bool stops = false;
        if (args.mandatory("FILENAME", Filename{}, file_name_)
                .keyword("STOP", stops)
                .keyword("TIMING", is_timed_)
                .keyword("ACTIVE", is_active_)
                .keyword("ZERO", how_.is_zero)
                .keyword("CHECKSUM", how_.has_checksums)
                .keyword("PROTO", Any{}, protocol_)
                .keyword("MULTIPACKET", is_multipacket_)
                .keyword("SAMPLE", sample_)
                .keyword("FIELDS", Any{}, fields)
                .keyword("CONTENTS", Any{}, fields)
                .keyword("FLOWID", Any{}, flow)
                .complete() < 0)
            return -1;
        if (check_options(args, stops) < 0) return -1;
        if (!protocol_.empty() && !set_protocol(protocol_))
            return args.error("PROTO: syntax error");
        if (!flow.empty() && !set_flow(flow))
            return args.error("FLOWID: expected 'SRC SPORT DST DPORT [PROTO]'");
        PrefixErrorHandler errh(args.errh(), "FIELDS: ");
        return parse_summary_fields(fields, fields_, errh) ? 0 : -1;
    }

  private:
    std::string encap() const override { return "IP"; }
    bool set_protocol(std::string_view text) {
        return find_summary_field("ip_proto")->read(text, defaults_);
    }
    /// "SRC SPORT DST DPORT [PROTO]"
    bool set_flow(std::string_view text) {
        const std::vector<std::string> words = split_words(text);
        static constexpr const char *names[] = {"ip_src", "sport", "ip_dst", "dport", "ip_proto"};
        if (words.size() < 4 || words.size() > 5) return false;
        for (size_t i = 0; i < words.size(); i += 1)
            if (!find_summary_field(names[i])->read(words[i], defaults_)) return false;
        has_flow_ = true;
        return true;
    }
    bool read_line(std::string &line) {
        line.clear();
        for (int c; (c = std::fgetc(file_.get())) != EOF;) {
            if (c == '\n') return line_ += 1, true;
            if (line.size() < max_line) line += static_cast<char>(c);
        }
        return line_ += 1, !line.empty();
    }
    void complain(const char *what) {
        if (complaints_++ < max_complaints)
            chatter("%s:%llu: %s", file_name_.c_str(), static_cast<unsigned long long>(line_),
                    what);
    }
    void read_note(std::string_view line) {
        const std::string word = pop_word(line);
        FileErrorHandler errh;
        PrefixErrorHandler place(
            errh, file_name_ + ":" + std::to_string(line_) + ": ");
        if (word == "!data" || word == "!contents") {
            parse_summary_fields(line, fields_, place);
        } else if (word == "!proto") {
            if (!set_protocol(trim(line))) complain("bad protocol");
        } else if (word == "!flowid") {
            if (!set_flow(line)) complain("bad flow ID");
        } else if (word == "!aggregate") {
            if (!find_summary_field("aggregate")->read(trim(line), defaults_))
                complain("bad aggregate");
        } else if (word == "!binary") {
            complain("binary dumps are not supported, only text is");
            is_at_end_ = true;
        }
    }
    bool parse(std::string_view line, SummaryRecord &record) {
        const std::vector<std::string> words = split_words(line);
        if (fields_.empty()) return complain("no '!data' line yet"), false;
        record = defaults_;
        bool is_good = true;
        for (size_t i = 0; i < fields_.size() && i < words.size(); i += 1) {
            if (!fields_[i] || !fields_[i]->read || words[i] == "-") continue;
            is_good &= fields_[i]->read(words[i], record);
        }
        if (!is_good || words.size() < fields_.size()) complain("syntax error");
        if (has_flow_ && record.paint && (*record.paint & 1)) {
            std::swap(record.source, record.destination);
            std::swap(record.source_port, record.destination_port);
        }
        return true;
    }
    /// The next packet of the file, or null at its end.
    Packet *read() override {
        if (copies_ > 0) return copies_ -= 1, make_summary_packet(again_, how_);
        std::string line;
        while (!is_at_end_ && file_.get() && read_line(line)) {
            const std::string_view text = trim(line);
            if (text.empty() || text[0] == '#') continue;
            if (text[0] == '!') {
                read_note(text);
                continue;
            }
            SummaryRecord record;
            if (!parse(text, record)) continue;
            if (!is_sampled()) continue;
            if (is_multipacket_) {
                copies_ = record.count - 1;
                record.count = 1;
                again_ = record;
            }
            return make_summary_packet(record, how_);
        }
        finish();
        return nullptr;
    }

    static constexpr size_t max_line = 1 << 20;
    static constexpr int max_complaints = 10;
    std::string protocol_;
    SummaryPacketOptions how_;
    SummaryRecord defaults_, again_;
    std::vector<const SummaryField *> fields_;
    bool is_multipacket_ = false, has_flow_ = false;
    uint64_t line_ = 0;
    uint32_t copies_ = 0;
    int complaints_ = 0;
};

} // namespace click

EXPORT_ELEMENT(FromIPSummaryDump)
