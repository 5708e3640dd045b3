/*
=c
AdjustTimestamp([I<keywords> FIRST, FIRST_DELAY])
=s timestamps
moves all packets' timestamps by the same time
=d
The first packet gets the timestamp that was asked for; those after it are moved by as much, so that
the times between packets stay. Without a keyword timestamps stay as they are.
=k FIRST
The first packet's timestamp, in seconds since 1970.
=k FIRST_DELAY
The first packet's timestamp, counted from the moment at which the router was started.
=h reset w
The next packet counts as the first one.
=a SetTimestamp, SetTimestampDelta, TimeFilter
*/
#include "element.hh"

namespace click {

class AdjustTimestamp final : public SimpleElement<AdjustTimestamp> {
  public:
    const char *class_name() const override { return "AdjustTimestamp"; }
    int configure(Args &args) override {
        bool has_first = false;
        if (args.keyword("FIRST", first_, has_first)
                .keyword("FIRST_DELAY", Seconds{}, delay_, has_delay_)
                .complete() < 0)
            return -1;
        if (has_first && has_delay_) return args.error("supply at most one of FIRST, FIRST_DELAY");
        is_adjusting_ = has_first || has_delay_;
        return 0;
    }
    int initialize(ErrorHandler &) override {
        if (has_delay_) first_ = Timestamp::now() + delay_;
        return 0;
    }
    void add_handlers() override {
        add_write("reset", [this] { has_shift_ = false; });
    }
    Packet *action(Packet *p) {
        if (!is_adjusting_) return p;
        if (!has_shift_) shift_ = first_ - p->timestamp();
        has_shift_ = true;
        p->set_timestamp(p->timestamp() + shift_);
        return p;
    }

  private:
    Timestamp first_, delay_, shift_;
    bool has_delay_ = false, is_adjusting_ = false, has_shift_ = false;
};

} // namespace click

EXPORT_ELEMENT(AdjustTimestamp)
