/*
=c
SetTimestampDelta([I<keywords> TYPE])
=s timestamps
replaces timestamps by differences
=d
A packet without timestamp stays as it is.
=k TYPE
RANGE (the default): the time since the first packet with a timestamp. NOW: from the packet's
timestamp to now. FIRST: from its FIRST_TIMESTAMP annotation to its timestamp.
=h first r
The first packet's timestamp.
=h reset w
The next packet counts as the first one.
=a SetTimestamp, AdjustTimestamp, TimeFilter
*/
#include "element.hh"

namespace click {

class SetTimestampDelta final : public SimpleElement<SetTimestampDelta> {
  public:
    const char *class_name() const override { return "SetTimestampDelta"; }
    int configure(Args &args) override {
        int type = 0;
        if (args.positional("TYPE", OneOf{{"RANGE", "NOW", "FIRST"}}, type).complete() < 0)
            return -1;
        type_ = static_cast<Type>(type);
        return 0;
    }
    void add_handlers() override {
        add_read("first", [this] { return first_; });
        add_write("reset", [this] { first_ = {}; });
    }
    Packet *action(Packet *p) {
        const Timestamp t = p->timestamp();
        if (!t) return p;
        if (!first_) first_ = t;
        Timestamp delta = t - first_;
        if (type_ == Type::now) delta = Timestamp::now() - t;
        if (type_ == Type::first) delta = t - Timestamp{p->anno_as<int64_t>(anno::first_timestamp)};
        p->set_timestamp(delta);
        return p;
    }

  private:
    enum class Type { range, now, first };
    Type type_ = Type::range;
    Timestamp first_;
};

} // namespace click

EXPORT_ELEMENT(SetTimestampDelta)
