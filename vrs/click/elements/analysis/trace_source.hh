// What FromDump and FromIPSummaryDump share: packets of a file, at once or at their times, until
// its end.
#pragma once

#include "elements/analysis/trace_file.hh"
#include "random.hh"
#include "router.hh"

namespace click {

class TraceSource : public Element {
  public:
    int initialize(ErrorHandler &errh) override {
        if (!end_text_.empty() && !end_call_.parse(end_text_, this, router(), true, errh))
            return -1;
        if (!file_.open(file_name_, errh)) return -1;
        timer_.initialize();
        if (output_is_push(0)) task_.initialize(is_active_);
        return 0;
    }
    void cleanup(CleanupStage) override {
        file_.close();
        if (next_) next_->kill();
        next_ = nullptr;
    }
    void add_handlers() override {
        add_read("sampling_prob", [this] { return sample_; });
        add_read("encap", [this] { return encap(); });
        add_read("filename", [this] { return file_name_; });
        add_data("active", data_read, &is_active_);
        add_write("active", [this](const std::string &text, ErrorHandler &errh) {
            if (!parse_bool(trim(text), is_active_)) return errh.error("syntax error");
            wake();
            return 0;
        });
        add_write("stop", [this] {
            is_active_ = false;
            router().please_stop();
        });
        add_write("reset_timing", [this] { has_offset_ = false; });
        add_task_handlers(&task_);
    }
    bool run_task(Task *task) override {
        if (!is_active_) return false;
        Packet *p = take();
        if (!p) return false;
        if (!timer_.is_scheduled()) task->fast_reschedule();
        output(0).push(p);
        return true;
    }
    void run_timer(Timer *) override {
        nonempty_.wake();
        if (output_is_push(0)) task_.reschedule();
    }
    Packet *pull(int) override { return is_active_ ? take() : nullptr; }
    Notifier *empty_notifier(int) override { return &nonempty_; }

  protected:
    /// The next packet that is to leave, or null, after finish().
    virtual Packet *read() = 0;
    virtual std::string encap() const = 0;
    int check_options(Args &args, bool stops) {
        if (sample_ < 0 || sample_ > 1) return args.error("SAMPLE: must be between 0 and 1");
        if (!stops) return 0;
        if (!end_text_.empty()) return args.error("conflicting STOP and END_CALL");
        end_text_ = "stop";
        return 0;
    }
    bool is_sampled() const { return sample_ >= 1 || random_fraction() < sample_; }
    /// The file, or what is wanted of it, has ended.
    void finish() {
        is_at_end_ = true;
        nonempty_.sleep();
        if (!end_call_ || is_finished_) return;
        is_finished_ = true;
        FileErrorHandler errh;
        end_call_.write(errh);
    }
    void wake() {
        if (!is_active_) return;
        if (!is_at_end_) nonempty_.wake();
        if (output_is_push(0)) task_.reschedule();
    }

    std::string file_name_, end_text_;
    TraceFile file_;
    double sample_ = 1;
    bool is_timed_ = false, is_active_ = true, is_at_end_ = false, is_finished_ = false;
    uint64_t count_ = 0;

  private:
    /// The next packet, or null: the end, or it isn't time yet.
    Packet *take() {
        if (!next_ && !(next_ = read())) return nullptr;
        if (is_timed_ && !is_due(next_)) return nullptr;
        Packet *p = next_;
        next_ = nullptr;
        count_ += 1;
        return p;
    }
    bool is_due(const Packet *p) {
        const int64_t now = steady_ns();
        if (!has_offset_) offset_ns_ = now - p->timestamp().ns;
        has_offset_ = true;
        if (p->timestamp().ns + offset_ns_ <= now) return true;
        nonempty_.sleep();
        timer_.schedule_at({p->timestamp().ns + offset_ns_});
        return false;
    }

    bool has_offset_ = false;
    int64_t offset_ns_ = 0;
    Packet *next_ = nullptr;
    HandlerCall end_call_;
    Task task_{this};
    Timer timer_{this};
    Notifier nonempty_;
};

} // namespace click
