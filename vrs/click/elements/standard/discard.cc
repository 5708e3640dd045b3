/*
=c
Discard([I<keywords> ACTIVE, BURST])
=s basictransfer
drops all packets
=d
Drops all packets that it receives; on a pull path it pulls as long as there are any.
=k ACTIVE
Whether it pulls. Default true.
=k BURST
How many packets it pulls per task run. Default 1.
=h count r
=h reset_counts w
=h active rw
*/
#include <algorithm>

#include "router.hh"

namespace click {

class Discard final : public Element {
  public:
    const char *class_name() const override { return "Discard"; }
    const char *port_count() const override { return "1/0"; }
    const char *processing() const override { return "a/a"; }

    int configure(Args &args) override {
        return args.keyword("ACTIVE", is_active_)
            .keyword("BURST", Bounded<uint32_t>{1, 1 << 30}, burst_)
            .complete();
    }
    int initialize(ErrorHandler &) override {
        if (!input_is_pull(0)) return 0;
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize(is_active_);
        return 0;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_write("reset_counts", [this] { count_ = 0; });
        if (!input_is_pull(0)) return;
        add_read("active", [this] { return is_active_; });
        add_write("active", [this](const std::string &text, ErrorHandler &errh) {
            if (!parse_bool(trim(text), is_active_)) return errh.error("syntax error");
            is_active_ ? task_.reschedule() : task_.unschedule();
            return 0;
        });
        add_task_handlers(&task_);
    }
    void push(int, Packet *p) override {
        count_ += 1;
        p->kill();
    }
    void push_batch(int, Batch &batch) override {
        count_ += batch.size();
        batch.kill();
    }
    bool run_task(Task *task) override {
        if (!is_active_) return false;
        const uint64_t wanted = uint64_t{burst_} * task->runs_at_once(burst_);
        uint64_t left = wanted;
        Batch batch;
        while (left > 0) {
            const uint32_t count =
                input(0).pull(batch, static_cast<uint32_t>(std::min<uint64_t>(left, batch.room())));
            if (count == 0) break;
            count_ += count;
            left -= count;
            batch.kill();
        }
        const uint64_t pulled = wanted - left;
        const bool has_worked = pulled > 0;
        task->note_runs(static_cast<uint32_t>((pulled + burst_ - 1) / burst_));
        if (is_active_ && (has_worked || signal_)) task->fast_reschedule();
        return has_worked;
    }

  private:
    bool is_active_ = true;
    uint32_t burst_ = 1;
    uint64_t count_ = 0;
    Task task_{this};
    Signal signal_;
};

} // namespace click

EXPORT_ELEMENT(Discard)
