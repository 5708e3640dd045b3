/*
=c
SetTimestamp([TIMESTAMP, I<keywords> FIRST])
=s timestamps
sets packets' timestamps
=k TIMESTAMP
Seconds since 1970. Default: the time when the packet passes.
=k FIRST
Set the first timestamp annotation instead. Default false.
=a DelayShaper, Print
*/
#include "element.hh"

namespace click {

class SetTimestamp final : public SimpleElement<SetTimestamp> {
  public:
    const char *class_name() const override { return "SetTimestamp"; }
    int configure(Args &args) override {
        return args.positional("TIMESTAMP", time_, has_time_)
            .keyword("FIRST", is_first_)
            .complete();
    }
    Packet *action(Packet *p) {
        const Timestamp time = has_time_ ? time_ : Timestamp::now();
        if (is_first_)
            p->set_anno(anno::first_timestamp, time.ns);
        else
            p->set_timestamp(time);
        return p;
    }

  private:
    Timestamp time_;
    bool has_time_ = false, is_first_ = false;
};

} // namespace click

EXPORT_ELEMENT(SetTimestamp)
