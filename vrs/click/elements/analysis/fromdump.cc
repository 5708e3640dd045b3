/*
=c
FromDump(FILENAME [, I<keywords> STOP, TIMING, SAMPLE, FORCE_IP, START, START_AFTER, END, END_AFTER,
INTERVAL, END_CALL, ACTIVE, FILEPOS, MMAP, HEADROOM])
=s traces
reads packets from a tcpdump file
=d
Reads packets from a pcap file (- is standard input; it may be compressed by gzip or bzip2), of
either byte order, with times in micro- or nanoseconds, and pushes them, or gives them to pullers.
They get the file's times as timestamps, and
the EXTRA_LENGTH annotation says how many bytes the file lacks of them.
=k STOP
Stop the driver at the end of the file. Default false.
=k TIMING
Keep the packets' distances in time. Default false: as fast as possible.
=k SAMPLE
The probability with which a packet is taken. Default 1.
=k FORCE_IP
Take only IP packets, with their IP header marked; a link header stays. Others leave by the second
output, if there is one. Default false.
=k START, START_AFTER, END, END_AFTER, INTERVAL
Times of the first packet and of the end: absolute, after the first packet, or after START.
=k END_CALL
A write handler, called at END or at the end of the file, in place of STOP.
=k ACTIVE
Default true.
=k HEADROOM
Room in front of the data. Default 128.
=k FILEPOS, MMAP
Accepted; FILEPOS is where to start in the file, MMAP changes nothing.
=h count r
=h reset_counts w
=h reset_timing w
=h extend_interval w
Moves the end by so many seconds, and goes on.
=h active rw
=h stop w
=h encap r
=h filename r
=h filesize r
=h filepos r
=h sampling_prob r
=h packet_filepos r
=a ToDump
*/
#include <cerrno>
#include <cstdio>
#include <sys/stat.h>

#include "elements/analysis/force_ip.hh"
#include "elements/analysis/trace_source.hh"

namespace click {

class FromDump final : public TraceSource {
  public:
    const char *class_name() const override { return "FromDump"; }
    const char *port_count() const override { return "0/1-2"; }
    const char *processing() const override { return "a/ah"; }

    int configure(Args &args) override {
        bool stops = false, has_start_after = false, has_end_after = false, has_interval = false;
        bool has_end = false, has_start = false;
        std::string ignored;
        Timestamp interval;
        if (args.mandatory("FILENAME", Filename{}, file_name_)
                .keyword("STOP", stops)
                .keyword("TIMING", is_timed_)
                .keyword("SAMPLE", sample_)
                .keyword("FORCE_IP", only_ip_)
                .keyword("START", start_, has_start)
                .keyword("START_AFTER", Seconds{}, start_after_, has_start_after)
                .keyword("END", end_, has_end)
                .keyword("END_AFTER", Seconds{}, end_after_, has_end_after)
                .keyword("INTERVAL", Seconds{}, interval, has_interval)
                .keyword("END_CALL", Any{}, end_text_)
                .keyword("ACTIVE", is_active_)
                .keyword("HEADROOM", Bounded<uint32_t>{0, 8190}, headroom_)
                .keyword("FILEPOS", position_)
                .keyword("MMAP", Any{}, ignored)
                .complete() < 0)
            return -1;
        if (has_end + has_end_after + has_interval > 1)
            return args.error("at most one of END, END_AFTER, and INTERVAL may be given");
        if (has_interval) end_after_start_ = interval;
        return check_options(args, stops);
    }
    int initialize(ErrorHandler &errh) override {
        if (TraceSource::initialize(errh) < 0 || read_header(errh) < 0) return -1;
        if (position_ && std::fseek(file_.get(), static_cast<long>(position_), SEEK_SET) != 0)
            return errh.error("%s: FILEPOS: %s", file_name_.c_str(), std::strerror(errno));
        return 0;
    }
    void add_handlers() override {
        TraceSource::add_handlers();
        add_read("count", [this] { return count_; });
        add_write("reset_counts", [this] { count_ = 0; });
        add_write("extend_interval", [this](const std::string &text, ErrorHandler &errh) {
            double seconds;
            if (!parse_seconds(trim(text), seconds)) return errh.error("expected time interval");
            if (!end_) return 0;
            end_ = end_ + Timestamp::seconds(seconds);
            is_at_end_ = is_finished_ = false;
            is_active_ = true;
            wake();
            return 0;
        });
        add_read("filesize", [this] {
            struct stat info;
            const bool is_file = file_.get() && ::fstat(fileno(file_.get()), &info) == 0 &&
                                 S_ISREG(info.st_mode);
            return is_file ? std::to_string(info.st_size) : std::string("-");
        });
        add_read("filepos", [this] { return file_.get() ? std::ftell(file_.get()) : 0L; });
        add_read("packet_filepos", [this] { return packet_position_; });
    }

  private:
    uint32_t u32(uint32_t v) const { return is_swapped_ ? swap32(v) : v; }
    std::string encap() const override {
        if (is_raw_link(link_type_)) return "IP";
        for (const auto &it : link_names)
            if (it.type == link_type_) return std::string(it.name);
        return std::to_string(link_type_);
    }

    int read_header(ErrorHandler &errh) {
        PcapHeader header;
        if (std::fread(&header, sizeof header, 1, file_.get()) != 1)
            return errh.error("%s: not a tcpdump file (too short)", file_name_.c_str());
        is_swapped_ = header.magic == swap32(pcap_magic) || header.magic == swap32(pcap_magic_ns);
        const uint32_t magic = u32(header.magic);
        if (magic != pcap_magic && magic != pcap_magic_ns)
            return errh.error("%s: not a tcpdump file (bad magic number)", file_name_.c_str());
        is_ns_ = magic == pcap_magic_ns;
        link_type_ = u32(header.link_type) & 0xffff;
        if (only_ip_ && !is_ip_link(link_type_))
            return errh.error("%s: unknown linktype %u; can't force IP packets", file_name_.c_str(),
                              link_type_);
        if (!only_ip_ && is_raw_link(link_type_))
            errh.warning("%s: strange data link type %u, FORCE_IP is advised", file_name_.c_str(),
                         link_type_);
        return 0;
    }
    Packet *read() override {
        while (Packet *p = read_record()) {
            if (fits(p)) {
                if (!only_ip_ || mark_ip(*p, link_type_)) return p;
                checked_push(1, p);
                continue;
            }
            p->kill();
        }
        return nullptr;
    }
    /// START, END and SAMPLE.
    bool fits(const Packet *p) {
        const Timestamp t = p->timestamp();
        if (!has_first_) {
            has_first_ = true;
            if (start_after_) start_ = t + start_after_;
            if (end_after_) end_ = t + end_after_;
            if (end_after_start_) end_ = (start_ ? start_ : t) + end_after_start_;
        }
        if (start_ && t < start_) return false;
        if (end_ && !(t < end_)) {
            // It is read again when the end moves, which its call may do.
            if (std::fseek(file_.get(), packet_position_, SEEK_SET) != 0) clearerr(file_.get());
            finish();
            return false;
        }
        return is_sampled();
    }
    Packet *read_record() {
        if (!file_.get() || is_at_end_) return nullptr;
        packet_position_ = std::ftell(file_.get());
        PcapRecord record;
        const size_t got = std::fread(&record, 1, sizeof record, file_.get());
        const uint32_t bytes = u32(record.bytes);
        if (got != sizeof record || bytes > max_bytes) {
            if (got != 0) chatter("%s: bad packet header; giving up", file_name_.c_str());
            return finish(), nullptr;
        }
        Packet *p = Packet::make(headroom_, nullptr, bytes);
        if (std::fread(p->data(), 1, bytes, file_.get()) != bytes) {
            chatter("%s: short packet", file_name_.c_str());
            p->kill();
            return finish(), nullptr;
        }
        p->set_timestamp({int64_t{u32(record.seconds)} * Timestamp::per_second +
                          int64_t{u32(record.fraction)} * (is_ns_ ? 1 : 1000)});
        const uint32_t original = u32(record.original_bytes);
        if (original > bytes) p->set_anno<uint32_t>(anno::extra_length, original - bytes);
        if (link_type_ == link_ethernet && bytes >= 14) {
            p->set_mac_header(p->data(), 14);
            if (p->data()[0] & 1)
                p->set_packet_type(EtherAddress(p->data()).is_broadcast() ? PacketType::broadcast
                                                                          : PacketType::multicast);
        }
        return p;
    }
    static constexpr uint32_t max_bytes = 1 << 20;
    bool only_ip_ = false, is_swapped_ = false, is_ns_ = false, has_first_ = false;
    Timestamp start_, start_after_, end_, end_after_, end_after_start_;
    uint32_t headroom_ = Packet::default_headroom, link_type_ = 0;
    uint64_t position_ = 0;
    long packet_position_ = 0;
};

} // namespace click

EXPORT_ELEMENT(FromDump)
