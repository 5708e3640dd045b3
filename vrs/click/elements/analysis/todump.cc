/*
=c
ToDump(FILENAME [, I<keywords> SNAPLEN, ENCAP, USE_ENCAP_FROM, EXTRA_LENGTH, UNBUFFERED, NANO])
=s traces
writes packets to a tcpdump file
=d
Writes packets to a pcap file (- is standard output). Packets without timestamp get the time. When
it
has an output packets go on there, else they are dropped. Its input may be push or pull.
=k SNAPLEN
Bytes of a packet at most. Default 2000; 0: all.
=k ENCAP
What packets start with: ETHER (the default), IP or SLL.
=k USE_ENCAP_FROM
Names of FromDump elements whose link type is taken.
=k EXTRA_LENGTH
Count the EXTRA_LENGTH annotation as part of a packet's length. Default true.
=k UNBUFFERED
Write each packet at once. Default false.
=k NANO
Times in nanoseconds. Default false.
=h count r
=h reset_counts w
=h filename r
=h flush w
=a FromDump
*/
#include <cerrno>
#include <cstdio>

#include "elements/analysis/pcap.hh"
#include "router.hh"

namespace click {

class ToDump final : public Element {
  public:
    const char *class_name() const override { return "ToDump"; }
    const char *port_count() const override { return "1/0-1"; }
    const char *processing() const override { return "a/a"; }
    bool is_observer() const override { return true; }

    int configure(Args &args) override {
        std::string encap = "ETHER", from;
        if (args.mandatory("FILENAME", Filename{}, file_)
                .positional("SNAPLEN", snap_)
                .positional("ENCAP", Word{}, encap)
                .keyword("USE_ENCAP_FROM", Any{}, from_)
                .keyword("EXTRA_LENGTH", has_extra_length_)
                .keyword("UNBUFFERED", is_unbuffered_)
                .keyword("NANO", is_ns_)
                .keyword("PER_NODE", Any{}, from)
                .complete() < 0)
            return -1;
        if (encap == "ETHER" || encap == "ether")
            link_type_ = link_ethernet;
        else if (encap == "IP" || encap == "ip")
            link_type_ = link_raw;
        else if (encap == "SLL" || encap == "sll")
            link_type_ = link_sll;
        else
            return args.error("bad encapsulation type");
        if (snap_ == 0) snap_ = 0xffffffff;
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        for (const std::string &name : split_words(from_)) {
            HandlerCall call;
            if (!call.parse(name + ".encap", this, router(), false, errh)) return -1;
            link_type_ = call.read(errh) == "IP" ? link_raw : link_ethernet;
        }
        f_ = file_ == "-" ? stdout : std::fopen(file_.c_str(), "wb");
        if (!f_) return errh.error("%s: %s", file_.c_str(), std::strerror(errno));
        const PcapHeader header{is_ns_ ? pcap_magic_ns : pcap_magic, 2,         4, 0, 0,
                                snap_ == 0xffffffff ? 65535 : snap_, link_type_};
        if (std::fwrite(&header, sizeof header, 1, f_) != 1)
            return errh.error("%s: %s", file_.c_str(), std::strerror(errno));
        if (!input_is_pull(0) || noutputs() > 0) return 0;
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (f_) f_ == stdout ? std::fflush(f_) : std::fclose(f_);
        f_ = nullptr;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_write("reset_counts", [this] { count_ = 0; });
        add_read("filename", [this] { return file_; });
        add_write("flush", [this] {
            if (f_) std::fflush(f_);
        });
        if (input_is_pull(0) && noutputs() == 0) add_task_handlers(&task_);
    }
    void push(int, Packet *p) override {
        write(p);
        checked_push(0, p);
    }
    Packet *pull(int) override {
        Packet *p = input(0).pull();
        if (p) write(p);
        return p;
    }
    bool run_task(Task *task) override {
        Packet *p = input(0).pull();
        if (p) {
            write(p);
            p->kill();
        }
        if (p || signal_) task->fast_reschedule();
        return p != nullptr;
    }

  private:
    void write(const Packet *p) {
        if (!f_) return;
        const Timestamp t = p->timestamp() ? p->timestamp() : Timestamp::now();
        const uint32_t bytes = p->length() < snap_ ? p->length() : snap_;
        uint32_t original = p->length();
        if (has_extra_length_) original += p->anno_as<uint32_t>(anno::extra_length);
        const PcapRecord record{static_cast<uint32_t>(t.sec()), is_ns_ ? t.subsec_ns() : t.usec(),
                                bytes, original};
        const bool is_written = std::fwrite(&record, sizeof record, 1, f_) == 1 &&
                                std::fwrite(p->data(), 1, bytes, f_) == bytes;
        count_ += is_written;
        if (!is_written) {
            chatter("%s: %s", file_.c_str(), std::strerror(errno));
            if (f_ != stdout) std::fclose(f_);
            f_ = nullptr;
        } else if (is_unbuffered_) {
            std::fflush(f_);
        }
    }

    std::string file_, from_;
    FILE *f_ = nullptr;
    uint32_t snap_ = 2000, link_type_ = link_ethernet;
    bool has_extra_length_ = true, is_unbuffered_ = false, is_ns_ = false;
    uint64_t count_ = 0;
    Task task_{this};
    Signal signal_;
};

} // namespace click

EXPORT_ELEMENT(ToDump)
