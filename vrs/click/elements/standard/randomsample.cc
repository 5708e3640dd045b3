/*
=c
RandomSample([SAMPLE, I<keywords> DROP, ACTIVE])
=s classification
lets a random part of the packets pass
=d
A packet passes with probability SAMPLE; the others are pushed to output 1, or dropped when it isn't
connected. One of SAMPLE and DROP must be given.
=k SAMPLE, DROP
From 0 to 1; DROP is the other side of SAMPLE.
=k ACTIVE
When false, all packets pass. Default true.
=h sampling_prob, drop_prob rw
=h active rw
=h drops r
=a RED, RandomSwitch
*/
#include "element.hh"
#include "random.hh"

namespace click {

class RandomSample final : public SimpleElement<RandomSample> {
  public:
    const char *class_name() const override { return "RandomSample"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        double sample = 0, drop = 0;
        bool has_sample = false, has_drop = false, is_active = true;
        if (args.positional("SAMPLE", sample, has_sample)
                .keyword("DROP", drop, has_drop)
                .keyword("ACTIVE", is_active)
                .complete() < 0)
            return -1;
        if (has_sample == has_drop) return args.error("need exactly one of SAMPLE and DROP");
        if (has_drop) sample = 1 - drop;
        if (!(sample >= 0 && sample <= 1))
            return args.error("%s: must be between 0 and 1", has_drop ? "DROP" : "SAMPLE");
        sample_ = sample;
        is_active_ = is_active;
        return 0;
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override {
        add_read("sampling_prob", [this] { return sample_; });
        add_write("sampling_prob", [this](const std::string &text, ErrorHandler &errh) {
            return set(text, false, errh);
        });
        add_read("drop_prob", [this] { return 1 - sample_; });
        add_write("drop_prob", [this](const std::string &text, ErrorHandler &errh) {
            return set(text, true, errh);
        });
        add_data("active", data_both, &is_active_);
        add_data("drops", data_read, &drops_);
    }
    Packet *action(Packet *p) {
        if (!is_active_ || random_fraction() < sample_) return p;
        drops_ += 1;
        checked_push(1, p);
        return nullptr;
    }

  private:
    int set(const std::string &text, bool is_drop, ErrorHandler &errh) {
        double value;
        if (!parse_real(trim(text), value) || !(value >= 0 && value <= 1))
            return errh.error("must be between 0 and 1");
        sample_ = is_drop ? 1 - value : value;
        return 0;
    }
    double sample_ = 1;
    bool is_active_ = true;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(RandomSample)
