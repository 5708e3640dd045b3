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
#include "elements/analysis/pcap.hh"
#include "elements/analysis/trace_sink.hh"

namespace click {

class ToDump final : public TraceSink {
  public:
    const char *class_name() const override { return "ToDump"; }

    int configure(Args &args) override {
        std::string encap = "ETHER", from;
        if (args.mandatory("FILENAME", Filename{}, file_name_)
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
            const std::string encap = call.read(errh);
            link_type_ = encap == "IP" ? link_raw : encap == "SLL" ? link_sll : link_ethernet;
        }
        return TraceSink::initialize(errh);
    }
    void add_handlers() override {
        TraceSink::add_handlers();
        add_read("count", [this] { return count_; });
        add_write("reset_counts", [this] { count_ = 0; });
    }

  private:
    std::string header() const override {
        const PcapHeader it{is_ns_ ? pcap_magic_ns : pcap_magic,        2,         4, 0, 0,
                            snap_ == 0xffffffff ? uint32_t{65535} : snap_, link_type_};
        return {reinterpret_cast<const char *>(&it), sizeof it};
    }
    void tell(Packet *p) override {
        const Timestamp t = p->timestamp() ? p->timestamp() : Timestamp::now();
        const uint32_t bytes = p->length() < snap_ ? p->length() : snap_;
        uint32_t original = p->length();
        if (has_extra_length_) original += p->anno_as<uint32_t>(anno::extra_length);
        const PcapRecord record{static_cast<uint32_t>(t.sec()), is_ns_ ? t.subsec_ns() : t.usec(),
                                bytes, original};
        if (!write(&record, sizeof record) || !write(p->data(), bytes)) return;
        count_ += 1;
        if (is_unbuffered_) flush();
    }

    std::string from_;
    uint32_t snap_ = 2000, link_type_ = link_ethernet;
    bool has_extra_length_ = true, is_unbuffered_ = false, is_ns_ = false;
    uint64_t count_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ToDump)
