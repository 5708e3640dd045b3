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
Take only IP packets, without their link header, their IP header marked. Default false.
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
=h active rw
=h stop w
=h encap r
=h filename r
=h filepos r
=h sampling_prob r
=h packet_filepos r
=a ToDump
*/
#include <cerrno>
#include <cstdio>

#include "elements/analysis/pcap.hh"
#include "elements/analysis/trace_file.hh"
#include "headers.hh"
#include "random.hh"
#include "router.hh"

namespace click {

class FromDump final : public Element {
  public:
    const char *class_name() const override { return "FromDump"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "a/a"; }

    int configure(Args &args) override {
        bool stops = false, has_start_after = false, has_end_after = false, has_interval = false;
        bool has_end = false, has_start = false;
        std::string ignored;
        Timestamp interval;
        if (args.mandatory("FILENAME", Filename{}, file_)
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
        if (sample_ < 0 || sample_ > 1) return args.error("SAMPLE: must be between 0 and 1");
        if (stops && !end_text_.empty()) return args.error("conflicting STOP and END_CALL");
        if (has_end + has_end_after + has_interval > 1)
            return args.error("at most one of END, END_AFTER, and INTERVAL may be given");
        if (stops) end_text_ = "stop";
        if (has_interval) end_after_start_ = interval;
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (!end_text_.empty() && !end_call_.parse(end_text_, this, router(), true, errh))
            return -1;
        if (!trace_.open(file_, errh)) return -1;
        f_ = trace_.get();
        if (read_header(errh) < 0) return -1;
        if (position_ && std::fseek(f_, static_cast<long>(position_), SEEK_SET) != 0)
            return errh.error("%s: FILEPOS: %s", file_.c_str(), std::strerror(errno));
        timer_.initialize();
        if (output_is_push(0)) task_.initialize(is_active_);
        return 0;
    }
    void cleanup(CleanupStage) override {
        trace_.close();
        f_ = nullptr;
        if (next_) next_->kill();
        next_ = nullptr;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_write("reset_counts", [this] { count_ = 0; });
        add_data("active", data_read, &is_active_);
        add_write("active", [this](const std::string &text, ErrorHandler &errh) {
            if (!parse_bool(trim(text), is_active_)) return errh.error("syntax error");
            wake();
            return 0;
        });
        add_write("stop", [this] {
            is_active_ = false;
            router().please_stop();
        });
        add_read("filename", [this] { return file_; });
        add_read("sampling_prob", [this] { return sample_; });
        add_read("encap", [this] { return link_type_ == link_ethernet ? "ETHER" : "IP"; });
        add_read("filepos", [this] { return f_ ? std::ftell(f_) : 0L; });
        add_read("packet_filepos", [this] { return packet_position_; });
        add_task_handlers(&task_);
    }
    bool run_task(Task *task) override {
        if (!is_active_) return false;
        Packet *p = take();
        if (!p) return false;
        if (!timer_.is_scheduled()) task->fast_reschedule();
        output(0).push(p);
        return true;
    }
    void run_timer(Timer *) override {
        nonempty_.wake();
        if (output_is_push(0)) task_.reschedule();
    }
    Packet *pull(int) override { return is_active_ ? take() : nullptr; }
    Notifier *empty_notifier(int) override { return &nonempty_; }

  private:
    uint32_t u32(uint32_t v) const { return is_swapped_ ? swap32(v) : v; }

    int read_header(ErrorHandler &errh) {
        PcapHeader header;
        if (std::fread(&header, sizeof header, 1, f_) != 1)
            return errh.error("%s: not a tcpdump file (too short)", file_.c_str());
        is_swapped_ = header.magic == swap32(pcap_magic) || header.magic == swap32(pcap_magic_ns);
        const uint32_t magic = u32(header.magic);
        if (magic != pcap_magic && magic != pcap_magic_ns)
            return errh.error("%s: not a tcpdump file (bad magic number)", file_.c_str());
        is_ns_ = magic == pcap_magic_ns;
        link_type_ = u32(header.link_type) & 0xffff;
        const bool is_known = link_type_ == link_ethernet || is_raw() || link_type_ == link_null ||
                              link_type_ == link_sll;
        if (only_ip_ && !is_known)
            return errh.error("%s: unknown linktype %u; can't force IP packets", file_.c_str(),
                              link_type_);
        if (!only_ip_ && is_raw())
            errh.warning("%s: strange data link type %u, FORCE_IP is advised", file_.c_str(),
                         link_type_);
        return 0;
    }
    bool is_raw() const {
        return link_type_ == link_raw || link_type_ == link_raw_bsd ||
               link_type_ == link_raw_openbsd || link_type_ == link_ipv4 || link_type_ == link_ipv6;
    }
    /// The next packet that is to leave now, or null: the end, or it isn't time yet.
    Packet *take() {
        while (!next_) {
            next_ = read();
            if (!next_) return nullptr;
            if (!fits(next_)) {
                next_->kill();
                next_ = nullptr;
                if (is_at_end_) return nullptr;
            }
        }
        if (is_timed_ && !is_due(next_)) return nullptr;
        Packet *p = next_;
        next_ = nullptr;
        count_ += 1;
        return p;
    }
    bool is_due(const Packet *p) {
        const int64_t now = steady_ns();
        if (!has_offset_) offset_ns_ = now - p->timestamp().ns;
        has_offset_ = true;
        if (p->timestamp().ns + offset_ns_ <= now) return true;
        nonempty_.sleep();
        timer_.schedule_at({p->timestamp().ns + offset_ns_});
        return false;
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
        if (end_ && !(t < end_)) return finish(), false;
        if (sample_ < 1 && random_fraction() >= sample_)
            return false;
        return !only_ip_ || mark_ip(const_cast<Packet *>(p));
    }
    bool mark_ip(Packet *p) {
        uint32_t skip = 0;
        uint16_t type = ether_type_ip;
        if (link_type_ == link_ethernet) {
            skip = 14;
            if (p->length() >= 14) type = net16(load<uint16_t>(p->data() + 12));
            if (type == ether_type_vlan && p->length() >= 18)
                type = net16(load<uint16_t>(p->data() + 16)), skip = 18;
        } else if (link_type_ == link_null) {
            skip = 4;
        } else if (link_type_ == link_sll) {
            skip = 16;
            if (p->length() >= 16) type = net16(load<uint16_t>(p->data() + 14));
        }
        if (p->length() < skip + 20 || (type != ether_type_ip && type != ether_type_ip6))
            return false;
        p->pull(skip);
        const uint8_t version = p->data()[0] >> 4;
        if (version == 6) {
            p->set_network_header(p->data(), 40);
            return p->length() >= 40;
        }
        const uint32_t header = (p->data()[0] & 15u) * 4;
        if (version != 4 || header < 20 || header > p->length()) return false;
        p->set_network_header(p->data(), header);
        p->set_dst_ip_anno(p->ip_header()->destination);
        return true;
    }
    Packet *read() {
        if (!f_ || is_at_end_) return nullptr;
        packet_position_ = std::ftell(f_);
        PcapRecord record;
        const size_t got = std::fread(&record, 1, sizeof record, f_);
        const uint32_t bytes = u32(record.bytes);
        if (got != sizeof record || bytes > max_bytes) {
            if (got != 0) chatter("%s: bad packet header; giving up", file_.c_str());
            return finish(), nullptr;
        }
        Packet *p = Packet::make(headroom_, nullptr, bytes);
        if (std::fread(p->data(), 1, bytes, f_) != bytes) {
            chatter("%s: short packet", file_.c_str());
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
    void finish() {
        is_at_end_ = true;
        nonempty_.sleep();
        if (!end_call_ || is_finished_) return;
        is_finished_ = true;
        FileErrorHandler errh;
        end_call_.write(errh);
    }
    void wake() {
        if (!is_active_) return;
        if (!is_at_end_) nonempty_.wake();
        if (output_is_push(0)) task_.reschedule();
    }

    static constexpr uint32_t max_bytes = 1 << 20;
    std::string file_, end_text_;
    TraceFile trace_;
    FILE *f_ = nullptr; // of trace_
    bool is_timed_ = false, only_ip_ = false, is_active_ = true, is_swapped_ = false,
         is_ns_ = false;
    bool is_at_end_ = false, is_finished_ = false, has_first_ = false, has_offset_ = false;
    double sample_ = 1;
    Timestamp start_, start_after_, end_, end_after_, end_after_start_;
    uint32_t headroom_ = Packet::default_headroom, link_type_ = 0;
    uint64_t count_ = 0, position_ = 0;
    long packet_position_ = 0;
    int64_t offset_ns_ = 0;
    Packet *next_ = nullptr;
    HandlerCall end_call_;
    Task task_{this};
    Timer timer_{this};
    Notifier nonempty_;
};

} // namespace click

EXPORT_ELEMENT(FromDump)
