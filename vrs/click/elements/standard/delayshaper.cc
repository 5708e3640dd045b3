/*
=c
DelayShaper(DELAY)
=s shaping
shapes a pull path so that packets leave some time after their timestamps
=d
A packet can be pulled when at least DELAY has gone since its timestamp, or since it came here when
it has none. Its timestamp is then the current time. One packet waits here at most; the others wait
upstream.
=h delay rw
=a DelayUnqueue, LinkUnqueue, SetTimestamp
*/
#include <utility>

#include "router.hh"

namespace click {

class DelayShaper final : public Element {
  public:
    const char *class_name() const override { return "DelayShaper"; }
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "l/l"; }
    int configure(Args &args) override { return args.mandatory("DELAY", delay_).complete(); }
    int initialize(ErrorHandler &) override {
        signal_ = Signal::upstream_empty(this, 0, &open_);
        timer_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (waiting_) waiting_->kill();
        waiting_ = nullptr;
    }
    void take_state(Element *old, ErrorHandler &) override {
        waiting_ = std::exchange(static_cast<DelayShaper *>(old)->waiting_, nullptr);
        open_.wake();
    }
    void add_handlers() override { add_data("delay", data_both, &delay_); }
    Notifier *empty_notifier(int) override { return &open_; }
    void run_timer(Timer *) override { open_.wake(); }
    Packet *pull(int) override {
        if (!waiting_ && !(waiting_ = input(0).pull())) {
            if (!signal_) open_.sleep();
            return nullptr;
        }
        const Timestamp now = Timestamp::now();
        if (!waiting_->timestamp()) waiting_->set_timestamp(now);
        const Timestamp left = waiting_->timestamp() + delay_ - now;
        if (left.ns > 0) {
            open_.sleep();
            timer_.schedule_after(left);
            return nullptr;
        }
        Packet *p = std::exchange(waiting_, nullptr);
        p->set_timestamp(now);
        return p;
    }

  private:
    Timestamp delay_;
    Packet *waiting_ = nullptr;
    Signal signal_;
    Notifier open_;
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(DelayShaper)
