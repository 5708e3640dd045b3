// What shapers have in common: RATE with its burst arguments, in packets or bytes.
#pragma once

#include "elements/standard/rate_limit.hh"
#include "router.hh"

namespace click {

/// RATE [, BURST_DURATION | BURST_SIZE], and the bucket that they make.
class RateArgument {
  public:
    enum Unit { packets, bytes };
    explicit RateArgument(Unit unit) : unit_(unit) {}

    int configure(Args &args) {
        double rate = 0, seconds = 0;
        uint32_t size = 0;
        bool has_seconds = false, has_size = false;
        if (unit_ == bytes)
            args.mandatory("RATE", Bandwidth{}, rate);
        else
            args.mandatory("RATE", rate);
        bool has_bytes = false;
        if (unit_ == bytes) args.keyword("BURST_BYTES", size, has_bytes);
        if (args.keyword("BURST_DURATION", Seconds{}, seconds, has_seconds)
                .keyword("BURST_SIZE", size, has_size)
                .complete() < 0)
            return -1;
        if (rate < 0) return args.error("RATE: must be >= 0");
        has_size |= has_bytes;
        if (has_seconds && has_size)
            return args.error("cannot specify both BURST_DURATION and BURST_SIZE");
        seconds_ = has_seconds ? seconds : default_burst_s;
        size_ = has_size ? size : 0;
        set(rate);
        return 0;
    }
    void start() { bucket_.start_with(1); }
    bool is_due() { return bucket_.has(); }
    void sent(const Packet *p) { bucket_.take(unit_ == bytes ? p->length() : 1); }
    Timestamp delay() const { return bucket_.delay(); }
    /// Packets per second, or a bandwidth with its unit: "8Mbps".
    std::string rate() const {
        return unit_ == bytes ? bandwidth_text(bucket_.rate()) : to_text(bucket_.rate());
    }
    int set_rate(const std::string &text, ErrorHandler &errh) {
        double rate;
        const bool is_good =
            unit_ == bytes ? parse_bandwidth(trim(text), rate) : parse_real(trim(text), rate);
        if (!is_good || rate < 0) return errh.error("syntax error");
        set(rate);
        return 0;
    }

  private:
    static constexpr double default_burst_s = 0.02, least_bytes = 1500;
    void set(double rate) {
        const double least = unit_ == bytes ? least_bytes : 1;
        bucket_.set(rate, size_ ? size_ : std::max(least, rate * seconds_));
    }
    Unit unit_;
    double seconds_ = default_burst_s, size_ = 0;
    TokenBucket bucket_;
};

/// Pull to pull: nothing comes out while the rate is used up, and who pulls sleeps until then.
class ShaperBase : public Element {
  public:
    explicit ShaperBase(RateArgument::Unit unit) : limit_(unit) {}
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "l/l"; }
    int configure(Args &args) override { return limit_.configure(args); }
    bool can_live_reconfigure() const override { return true; }
    int live_reconfigure(Args &args) override {
        const int result = configure(args);
        if (result >= 0) open_.wake();
        return result;
    }
    int initialize(ErrorHandler &) override {
        signal_ = Signal::upstream_empty(this, 0, &open_);
        timer_.initialize();
        limit_.start();
        return 0;
    }
    void add_handlers() override {
        add_read("rate", [this] { return limit_.rate(); });
        add_write("rate", [this](const std::string &text, ErrorHandler &errh) {
            const int result = limit_.set_rate(text, errh);
            if (result >= 0) open_.wake();
            return result;
        });
    }
    Notifier *empty_notifier(int) override { return &open_; }
    void run_timer(Timer *) override { open_.wake(); }
    Packet *pull(int) override {
        if (!limit_.is_due()) {
            open_.sleep();
            timer_.schedule_after(limit_.delay());
            return nullptr;
        }
        Packet *p = input(0).pull();
        if (p)
            limit_.sent(p);
        else if (!signal_)
            open_.sleep();
        return p;
    }

  private:
    RateArgument limit_;
    Signal signal_;
    Notifier open_;
    Timer timer_{this};
};

/// Pull to push, by a task of its own.
class RatedUnqueueBase : public Element {
  public:
    explicit RatedUnqueueBase(RateArgument::Unit unit) : limit_(unit) {}
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "l/h"; }
    int configure(Args &args) override { return limit_.configure(args); }
    bool can_live_reconfigure() const override { return true; }
    int live_reconfigure(Args &args) override {
        const int result = configure(args);
        if (result >= 0) task_.reschedule();
        return result;
    }
    int initialize(ErrorHandler &) override {
        signal_ = Signal::upstream_empty(this, 0, &task_);
        timer_.initialize();
        task_.initialize();
        limit_.start();
        return 0;
    }
    void add_handlers() override {
        add_read("rate", [this] { return limit_.rate(); });
        add_write("rate", [this](const std::string &text, ErrorHandler &errh) {
            const int result = limit_.set_rate(text, errh);
            if (result >= 0) task_.reschedule();
            return result;
        });
        add_read("count", [this] { return count_; });
        add_task_handlers(&task_);
    }
    bool run_task(Task *task) override {
        uint32_t left = task->runs_at_once(1);
        const uint64_t before = count_;
        for (; left > 0; left -= 1) {
            if (!limit_.is_due()) {
                timer_.schedule_after(limit_.delay());
                return count_ > before;
            }
            Packet *p = input(0).pull();
            if (!p) break;
            limit_.sent(p);
            count_ += 1;
            output(0).push(p);
        }
        if (left == 0 || signal_) task->fast_reschedule();
        return count_ > before;
    }
    void run_timer(Timer *) override { task_.reschedule(); }

  private:
    RateArgument limit_;
    uint64_t count_ = 0;
    Signal signal_;
    Task task_{this};
    Timer timer_{this};
};

/// Push: output 0 within the rate, else output 1.
class RatedSplitterBase : public SortElement<RatedSplitterBase> {
  public:
    explicit RatedSplitterBase(RateArgument::Unit unit) : limit_(unit) {}
    const char *port_count() const override { return "1/2"; }
    int configure(Args &args) override { return limit_.configure(args); }
    bool can_live_reconfigure() const override { return true; }
    int initialize(ErrorHandler &) override {
        limit_.start();
        return 0;
    }
    void add_handlers() override {
        add_read("rate", [this] { return limit_.rate(); });
        add_write("rate", [this](const std::string &text, ErrorHandler &errh) {
            return limit_.set_rate(text, errh);
        });
    }
    int sort(int, Packet *p) {
        if (!limit_.is_due()) return 1;
        limit_.sent(p);
        return 0;
    }

  private:
    RateArgument limit_;
};

} // namespace click
