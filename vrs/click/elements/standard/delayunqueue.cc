/*
=c
DelayUnqueue(DELAY)
=s shaping
pull-to-push converter that delays packets
=d
Pulls packets, and pushes each when at least DELAY has gone since its timestamp, or since it came
here when it has none. Its timestamp is then the current time. One packet waits here at most.
=h delay rw
=a DelayShaper, LinkUnqueue, SetTimestamp
*/
#include <utility>

#include "router.hh"

namespace click {

class DelayUnqueue final : public Element {
  public:
    const char *class_name() const override { return "DelayUnqueue"; }
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "l/h"; }
    int configure(Args &args) override { return args.mandatory("DELAY", delay_).complete(); }
    int initialize(ErrorHandler &) override {
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize();
        timer_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (waiting_) waiting_->kill();
        waiting_ = nullptr;
    }
    void take_state(Element *old, ErrorHandler &) override {
        waiting_ = std::exchange(static_cast<DelayUnqueue *>(old)->waiting_, nullptr);
        task_.reschedule();
    }
    void add_handlers() override {
        add_data("delay", data_both, &delay_);
        add_task_handlers(&task_);
    }
    void run_timer(Timer *) override { task_.reschedule(); }
    bool run_task(Task *task) override {
        if (!waiting_ && !(waiting_ = input(0).pull())) {
            if (signal_) task->fast_reschedule();
            return false;
        }
        const Timestamp now = Timestamp::now();
        if (!waiting_->timestamp()) waiting_->set_timestamp(now);
        const Timestamp left = waiting_->timestamp() + delay_ - now;
        if (left.ns > 0) {
            timer_.schedule_after(left);
            return false;
        }
        Packet *p = std::exchange(waiting_, nullptr);
        p->set_timestamp(now);
        output(0).push(p);
        task->fast_reschedule();
        return true;
    }

  private:
    Timestamp delay_;
    Packet *waiting_ = nullptr;
    Signal signal_;
    Task task_{this};
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(DelayUnqueue)
