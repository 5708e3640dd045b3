/*
=c
Print([LABEL, MAXLENGTH, I<keywords> LENGTH, TIMESTAMP, CONTENTS, PRINTANNO, HEADROOM, BCAST, CPU,
ACTIVE])
=s basictransfer
prints packet contents
=d
Prints a line for each packet on stderr: LABEL, the packet's length, and its first MAXLENGTH bytes
in hexadecimal, in groups of four bytes.
=k MAXLENGTH
Bytes to print at most. Default 24; negative: all.
=k TIMESTAMP
Print the packet's timestamp first. Default false.
=k CONTENTS
What to print of the bytes: NONE (or false), HEX (or true), ASCII. Default HEX.
=k PRINTANNO
Print the annotations. Default false.
=k HEADROOM
Print the room before and after the data. Default false.
=k BCAST
Print whether it was broadcast or multicast at the link. Default false.
=k CPU
Print the processor's number. Default false.
=k ACTIVE
Default true.
=h active rw
*/
#include <sched.h>

#include "element.hh"

namespace click {

class Print final : public SimpleElement<Print> {
  public:
    const char *class_name() const override { return "Print"; }
    bool is_observer() const override { return true; }
    int configure(Args &args) override {
        std::string contents = "HEX";
        if (args.positional("LABEL", label_)
                .positional("MAXLENGTH", max_)
                .keyword("LENGTH", max_)
                .keyword("ACTIVE", is_active_)
                .keyword("TIMESTAMP", has_timestamp_)
                .keyword("CONTENTS", Word{}, contents)
                .keyword("PRINTANNO", has_annotations_)
                .keyword("HEADROOM", has_headroom_)
                .keyword("BCAST", has_type_)
                .keyword("CPU", has_cpu_)
                .complete() < 0)
            return -1;
        for (char &c : contents)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        if (contents == "NONE" || contents == "FALSE" || contents == "NO" || contents == "0")
            contents_ = Contents::none;
        else if (contents == "HEX" || contents == "TRUE" || contents == "YES" || contents == "1")
            contents_ = Contents::hex;
        else if (contents == "ASCII")
            contents_ = Contents::ascii;
        else
            return args.error("bad contents value '%s'; should be 'NONE', 'HEX', or 'ASCII'",
                              contents.c_str());
        return 0;
    }
    void add_handlers() override { add_data("active", data_both, &is_active_); }
    Packet *action(Packet *p) {
        if (is_active_) FileErrorHandler(2).message("%s", line(*p).c_str());
        return p;
    }

  private:
    enum class Contents { none, hex, ascii };

    std::string line(const Packet &p) const {
        std::string out;
        if (has_cpu_) out += format("(%d) ", sched_getcpu());
        out += label_;
        if (has_timestamp_) out += (out.empty() ? "" : ": ") + p.timestamp().text();
        if (!out.empty()) out += ": ";
        if (has_type_) {
            static constexpr const char *types[] = {"me", "bcast", "mcast", "other", "out", "loop"};
            out += format("%5s ", types[static_cast<int>(p.packet_type())]);
        }
        out += format("%4u", p.length());
        if (has_headroom_) out += format(" (h%u t%u)", p.headroom(), p.tailroom());
        uint32_t count = p.length();
        if (max_ >= 0 && static_cast<uint32_t>(max_) < count) count = static_cast<uint32_t>(max_);
        if (has_annotations_) out += " | " + hex(p.anno(), anno::size);
        if (contents_ == Contents::hex) out += " | " + hex(p.data(), count);
        if (contents_ == Contents::ascii) {
            out += " | ";
            for (uint32_t i = 0; i < count; i += 1) {
                if (i > 0 && i % 8 == 0) out += ' ';
                const char c = static_cast<char>(p.data()[i]);
                out += c >= ' ' && c < 127 ? c : '.';
            }
        }
        return out;
    }
    static std::string hex(const uint8_t *data, uint32_t count) {
        static constexpr char digits[] = "0123456789abcdef";
        std::string out;
        for (uint32_t i = 0; i < count; i += 1) {
            if (i > 0 && i % 4 == 0) out += ' ';
            out += digits[data[i] >> 4];
            out += digits[data[i] & 15];
        }
        return out;
    }

    std::string label_;
    int max_ = 24;
    bool is_active_ = true, has_timestamp_ = false, has_annotations_ = false;
    bool has_headroom_ = false, has_type_ = false, has_cpu_ = false;
    Contents contents_ = Contents::hex;
};

} // namespace click

EXPORT_ELEMENT(Print)
