/*
=c
AverageCounter([IGNORE])
=s counters
counts packets, and averages their rate over all time
=d
The rate is that between the first packet and the last.
=k IGNORE
Seconds after the first packet that don't count. Default 0.
=h count, byte_count r
=h rate, byte_rate r
Per second.
=h reset w
=a Counter
*/
#include "element.hh"

namespace click {

class AverageCounter final : public SimpleElement<AverageCounter> {
  public:
    const char *class_name() const override { return "AverageCounter"; }
    int configure(Args &args) override {
        return args.positional("IGNORE", Seconds{}, ignore_).complete();
    }
    void add_handlers() override {
        add_data("count", data_read, &count_);
        add_data("byte_count", data_read, &bytes_);
        add_read("rate", [this] { return per_second(count_); });
        add_read("byte_rate", [this] { return per_second(bytes_); });
        add_write("reset", [this] {
            count_ = bytes_ = 0;
            first_ns_ = last_ns_ = 0;
        });
    }
    Packet *action(Packet *p) {
        const int64_t now = steady_ns();
        if (first_ns_ == 0) first_ns_ = now;
        if (now - first_ns_ < ignore_.ns) return p;
        count_ += 1;
        bytes_ += p->length();
        last_ns_ = now;
        return p;
    }

  private:
    double per_second(uint64_t amount) const {
        const int64_t passed = last_ns_ - first_ns_ - ignore_.ns;
        return passed > 0 ? static_cast<double>(amount) * 1e9 / static_cast<double>(passed) : 0;
    }
    Timestamp ignore_;
    uint64_t count_ = 0, bytes_ = 0;
    int64_t first_ns_ = 0, last_ns_ = 0;
};

} // namespace click

EXPORT_ELEMENT(AverageCounter)
