/*
=c
TimedSink([INTERVAL])
=s basicsources
pulls and drops a packet at intervals
=k INTERVAL
Default 500 ms.
=h interval rw
=a TimedSource, Discard
*/
#include "element.hh"

namespace click {

class TimedSink final : public Element {
  public:
    const char *class_name() const override { return "TimedSink"; }
    const char *port_count() const override { return "1/0"; }
    const char *processing() const override { return "l/l"; }
    int configure(Args &args) override {
        if (args.positional("INTERVAL", interval_).complete() < 0) return -1;
        if (interval_.ns <= 0) return args.error("INTERVAL: must be > 0");
        return 0;
    }
    int initialize(ErrorHandler &) override {
        timer_.initialize();
        timer_.schedule_after(interval_);
        return 0;
    }
    void add_handlers() override {
        add_read("interval", [this] { return interval_; });
        add_write("interval", [this](const std::string &text, ErrorHandler &errh) {
            double seconds;
            if (!parse_seconds(trim(text), seconds) || !(seconds > 0))
                return errh.error("syntax error");
            interval_ = Timestamp::seconds(seconds);
            timer_.schedule_after(interval_);
            return 0;
        });
    }
    void run_timer(Timer *) override {
        timer_.reschedule_after(interval_);
        if (Packet *p = input(0).pull()) p->kill();
    }

  private:
    Timestamp interval_ = Timestamp::ms(500);
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(TimedSink)
