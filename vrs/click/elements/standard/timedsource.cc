/*
=c
TimedSource([INTERVAL, DATA, I<keywords> LIMIT, ACTIVE, STOP, HEADROOM])
=s basicsources
makes packets at intervals
=d
Makes a packet with DATA every INTERVAL, the first after one INTERVAL.
=k INTERVAL
Seconds, or a time with unit. Default 0.5.
=k DATA
Default: a text of 64 bytes.
=k LIMIT
Negative: no limit, the default.
=k ACTIVE
Default true.
=k STOP
Stop the driver when LIMIT is reached. Default false.
=k HEADROOM
Room before the data.
=h count r
=h reset w
=h interval rw
=h active rw
=h data rw
=h limit rw
*/
#include "elements/standard/source_data.hh"
#include "router.hh"

namespace click {

class TimedSource final : public Element {
  public:
    const char *class_name() const override { return "TimedSource"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "h/h"; }
    int configure(Args &args) override {
        data_ = default_source_data;
        return args.positional("INTERVAL", interval_)
            .positional("DATA", data_)
            .keyword("LIMIT", limit_)
            .keyword("ACTIVE", is_active_)
            .keyword("STOP", stops_)
            .keyword("HEADROOM", headroom_)
            .complete();
    }
    int initialize(ErrorHandler &) override {
        timer_.initialize();
        if (is_active_) timer_.schedule_after(interval_);
        return 0;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_write("reset", [this] {
            count_ = 0;
            wake();
        });
        add_data("interval", data_read, &interval_);
        add_write("interval", [this](const std::string &text, ErrorHandler &errh) {
            double seconds;
            if (!parse_seconds(trim(text), seconds)) return errh.error("syntax error");
            interval_ = Timestamp::seconds(seconds);
            if (timer_.is_scheduled()) timer_.schedule_after(interval_);
            return 0;
        });
        add_data("active", data_read, &is_active_);
        add_write("active", [this](const std::string &text, ErrorHandler &errh) {
            if (!parse_bool(trim(text), is_active_)) return errh.error("syntax error");
            wake();
            return 0;
        });
        add_data("data", data_both, &data_);
        add_data("limit", data_both, &limit_);
    }
    void run_timer(Timer *) override {
        if (!is_active_) return;
        if (limit_ < 0 || count_ < static_cast<uint64_t>(limit_)) {
            Packet *p = Packet::make(headroom_, data_.data(), static_cast<uint32_t>(data_.size()));
            p->set_timestamp(Timestamp::now());
            count_ += 1;
            timer_.reschedule_after(interval_);
            output(0).push(p);
        }
        if (limit_ < 0 || count_ < static_cast<uint64_t>(limit_)) return;
        timer_.unschedule();
        if (stops_) router().please_stop();
    }

  private:
    void wake() {
        if (is_active_ && !timer_.is_scheduled()) timer_.schedule_after(interval_);
    }
    Timestamp interval_ = Timestamp::ms(500);
    std::string data_;
    int64_t limit_ = -1;
    bool is_active_ = true, stops_ = false;
    uint32_t headroom_ = Packet::default_headroom;
    uint64_t count_ = 0;
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(TimedSource)
