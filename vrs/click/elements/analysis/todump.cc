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
What packets start with: ETHER (the default), IP, FDDI, ATM, 802_11, SLL, AIRONET, HDLC, PPP_HDLC,
PPP, SUNATM, PRISM or NULL.
=k USE_ENCAP_FROM
Names of elements, such as FromDump, whose `encap` is taken. They must agree.
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
        std::string encap, ignored;
        bool has_encap = false;
        if (args.mandatory("FILENAME", Filename{}, file_name_)
                .positional("SNAPLEN", snap_)
                .positional("ENCAP", Word{}, encap, has_encap)
                .keyword("USE_ENCAP_FROM", Any{}, from_)
                .keyword("EXTRA_LENGTH", has_extra_length_)
                .keyword("UNBUFFERED", is_unbuffered_)
                .keyword("NANO", is_ns_)
                .keyword("PER_NODE", Any{}, ignored)
                .complete() < 0)
            return -1;
        if (has_encap && !from_.empty())
            return args.error("specify at most one of 'ENCAP' and 'USE_ENCAP_FROM'");
        for (char &c : encap)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        if (has_encap && !find_link_type(encap, link_type_))
            return args.error("bad encapsulation type");
        if (snap_ == 0) snap_ = 0xffffffff;
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        std::string before;
        for (const std::string &name : split_words(from_)) {
            HandlerCall call;
            if (!call.parse(name + ".encap", this, router(), false, errh)) return -1;
            const std::string encap = call.read(errh);
            if (!find_link_type(encap, link_type_) || (!before.empty() && encap != before))
                return errh.error("USE_ENCAP_FROM: %s: '%s' can't be written, or isn't that of "
                                  "those before it", name.c_str(), encap.c_str());
            before = encap;
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
