/*
=c
Unqueue([BURST, I<keywords> ACTIVE, LIMIT])
=s shaping
pull-to-push converter
=d
Pulls packets whenever they are there, up to BURST per task run, and pushes them on. BURST below 0:
as many as there are.
=k BURST
Default 1.
=k ACTIVE
Default true.
=k LIMIT
Stops after so many packets in all. Negative: no limit, the default.
=h count r
=h reset w
=h active rw
=h limit rw
=h burst rw
*/
#include <algorithm>

#include "router.hh"

namespace click {

class Unqueue final : public Element {
  public:
    const char *class_name() const override { return "Unqueue"; }
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "l/h"; }
    int configure(Args &args) override {
        return args.positional("BURST", burst_)
            .keyword("ACTIVE", is_active_)
            .keyword("LIMIT", limit_)
            .complete();
    }
    int initialize(ErrorHandler &) override {
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize(is_active_);
        return 0;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_write("reset", [this] {
            count_ = 0;
            wake();
        });
        add_data("active", data_read, &is_active_);
        add_write("active", [this](const std::string &text, ErrorHandler &errh) {
            if (!parse_bool(trim(text), is_active_)) return errh.error("syntax error");
            wake();
            return 0;
        });
        add_data("limit", data_read, &limit_);
        add_write("limit", [this](const std::string &text, ErrorHandler &errh) {
            ArgContext context{this, errh, "limit"};
            if (!parse_arg(trim(text), limit_, context)) return -1;
            wake();
            return 0;
        });
        add_data("burst", data_both, &burst_);
        add_task_handlers(&task_);
    }
    bool run_task(Task *task) override {
        if (!is_active_) return false;
        const uint32_t burst = burst_ < 0 ? 0x7fffffff : static_cast<uint32_t>(burst_);
        uint64_t left = uint64_t{burst} * task->runs_at_once(burst);
        if (limit_ >= 0) {
            const uint64_t rest = static_cast<uint64_t>(limit_) > count_
                                      ? static_cast<uint64_t>(limit_) - count_
                                      : 0;
            if (rest < Driver::notice_packets) keep_step();
            left = std::min(left, rest);
        }
        const uint64_t before = count_;
        Batch batch;
        while (left > 0) {
            const uint32_t count =
                input(0).pull(batch, static_cast<uint32_t>(std::min<uint64_t>(left, batch.room())));
            if (count == 0) break;
            left -= count;
            count_ += count;
            if (count == 1) {
                output(0).push(batch[0]);
                batch.clear();
            } else {
                output(0).push(batch);
            }
        }
        task->note_runs(static_cast<uint32_t>((count_ - before + burst - 1) / std::max(burst, 1u)));
        const bool is_limited = limit_ >= 0 && count_ >= static_cast<uint64_t>(limit_);
        if (!is_limited && (count_ > before || signal_)) task->fast_reschedule();
        return count_ > before;
    }

  private:
    void wake() {
        if (is_active_) task_.reschedule();
    }
    int burst_ = 1;
    bool is_active_ = true;
    int64_t limit_ = -1;
    uint64_t count_ = 0;
    Task task_{this};
    Signal signal_;
};

} // namespace click

EXPORT_ELEMENT(Unqueue)
