/*
=c
TimeFilter([I<keywords> START, START_AFTER, START_DELAY, END, END_AFTER, END_DELAY, INTERVAL, STOP,
END_CALL])
=s timestamps
lets packets of a time pass
=d
Packets whose timestamp is at least the start and before the end leave by output 0, others by output
1 when there is one; else they are dropped.
=k START, END
Times in seconds since 1970.
=k START_AFTER, END_AFTER
Times after the first packet's timestamp.
=k START_DELAY, END_DELAY
Times after the router was started.
=k INTERVAL
The end, counted from the start.
=k STOP
Stop the driver at the first packet after the end. Default false.
=k END_CALL
A write handler, called at the first packet after the end; $t in its value is that packet's
timestamp. Not together with STOP.
=h start rw
=h end rw
=h interval rw
=h extend_interval w
Moves the end by so much.
=a SetTimestamp, FromDump
*/
#include "router.hh"
#include "substitute.hh"

namespace click {

class TimeFilter final : public SimpleElement<TimeFilter> {
  public:
    const char *class_name() const override { return "TimeFilter"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    bool is_observer() const override { return !call_text_.empty(); }

    int configure(Args &args) override {
        Limit &s = start_, &e = end_;
        Timestamp interval;
        bool stops = false, has_interval = false;
        if (args.keyword("START", s.absolute, s.is_absolute)
                .keyword("START_AFTER", Seconds{}, s.after, s.is_after)
                .keyword("START_DELAY", Seconds{}, s.delay, s.is_delay)
                .keyword("END", e.absolute, e.is_absolute)
                .keyword("END_AFTER", Seconds{}, e.after, e.is_after)
                .keyword("END_DELAY", Seconds{}, e.delay, e.is_delay)
                .keyword("INTERVAL", Seconds{}, interval, has_interval)
                .keyword("STOP", stops)
                .keyword("END_CALL", Any{}, call_text_)
                .complete() < 0)
            return -1;
        if (s.count() > 1)
            return args.error("supply at most one of START, START_AFTER, and START_DELAY");
        if (e.count() + has_interval > 1)
            return args.error("supply at most one of END, END_AFTER, END_DELAY, and INTERVAL");
        if (stops && !call_text_.empty()) return args.error("supply at most one of STOP, END_CALL");
        if (stops) call_text_ = "stop";
        if (has_interval) interval_ = interval;
        has_interval_ = has_interval;
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        const Timestamp now = Timestamp::now();
        for (Limit *it : {&start_, &end_})
            if (it->is_delay) it->absolute = now + it->delay, it->is_absolute = true;
        if (call_text_.empty()) return 0;
        return call_.parse(call_text_, this, router(), true, errh) ? 0 : -1;
    }
    void add_handlers() override {
        add_read("start", [this] { return start_.absolute; });
        add_read("end", [this] { return end_.absolute; });
        add_read("interval", [this] { return end_.absolute - start_.absolute; });
        add_time("start", [this](Timestamp t) { start_.set(t); });
        add_time("end", [this](Timestamp t) { end_.set(t); });
        add_time("interval", [this](Timestamp t) { end_.set(start_.absolute + t); });
        add_time("extend_interval", [this](Timestamp t) { end_.set(end_.absolute + t); });
    }
    Packet *action(Packet *p) {
        const Timestamp t = p->timestamp();
        if (!has_first_) [[unlikely]]
            settle(t);
        if (start_.is_absolute && t < start_.absolute) return refuse(p);
        if (!end_.is_absolute || t < end_.absolute) return p;
        if (!is_told_ && call_) {
            is_told_ = true;
            FileErrorHandler errh;
            call_.write(substitute(call_.value,
                                   [&](std::string_view name, std::string &value) {
                                       value = t.text();
                                       return name == "t";
                                   }),
                        errh);
        }
        return refuse(p);
    }

  private:
    struct Limit {
        Timestamp absolute, after, delay;
        bool is_absolute = false, is_after = false, is_delay = false;
        int count() const { return is_absolute + is_after + is_delay; }
        void set(Timestamp t) { absolute = t, is_absolute = true; }
    };
    template <class F> void add_time(const char *name, F set) {
        add_write(name, [this, name, set](const std::string &text, ErrorHandler &errh) {
            Timestamp t;
            ArgContext context{this, errh, name};
            if (!Seconds{}(trim(text), t, context))
                return context.has_failed ? -1 : errh.error("syntax error");
            set(t);
            is_told_ = false;
            return 0;
        });
    }
    /// What counts from the first packet.
    void settle(Timestamp first) {
        has_first_ = true;
        for (Limit *it : {&start_, &end_})
            if (it->is_after) it->set(first + it->after);
        if (has_interval_) end_.set((start_.is_absolute ? start_.absolute : first) + interval_);
    }
    Packet *refuse(Packet *p) {
        checked_push(1, p);
        return nullptr;
    }

    Limit start_, end_;
    Timestamp interval_;
    bool has_interval_ = false, has_first_ = false, is_told_ = false;
    std::string call_text_;
    HandlerCall call_;
};

} // namespace click

EXPORT_ELEMENT(TimeFilter)
