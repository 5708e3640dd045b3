/*
=c
RatedSource([DATA, RATE, LIMIT, ACTIVE, I<keywords> LENGTH, STOP, BANDWIDTH, END_CALL])
=s basicsources
makes packets at a rate
=d
Makes packets with DATA, at most LIMIT, at RATE packets per second.
=k DATA
Default: a text of 64 bytes.
=k RATE
Packets per second. Default 10.
=k LIMIT
Negative: no limit, the default.
=k ACTIVE
Default true.
=k LENGTH
The length of packets, when it isn't that of DATA.
=k BANDWIDTH
Sets RATE so that packets make this bandwidth.
=k STOP
Stop the driver when LIMIT is reached. Default false.
=k END_CALL
A write handler, called when LIMIT is reached.
=k DATASIZE
As LENGTH, when DATA is shorter.
=h count r
=h reset w
=h rate rw
=h active rw
=h data rw
=h limit rw
=h length rw
*/
#include <algorithm>

#include "elements/standard/rate_limit.hh"
#include "elements/standard/source_data.hh"
#include "router.hh"

namespace click {

class RatedSource final : public Element {
  public:
    const char *class_name() const override { return "RatedSource"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "a/a"; }
    int configure(Args &args) override {
        data_ = default_source_data;
        double rate = 10, bandwidth = 0;
        bool stops = false, has_bandwidth = false;
        int least = -1;
        length_ = -1;
        if (args.positional("DATA", data_)
                .positional("RATE", rate)
                .positional("LIMIT", limit_)
                .positional("ACTIVE", is_active_)
                .keyword("LENGTH", length_)
                .keyword("DATASIZE", least)
                .keyword("STOP", stops)
                .keyword("BANDWIDTH", Bandwidth{}, bandwidth, has_bandwidth)
                .keyword("END_CALL", Any{}, end_text_)
                .complete() < 0)
            return -1;
        if (rate < 0) return args.error("RATE: must be >= 0");
        if (stops && !end_text_.empty()) return args.error("conflicting STOP and END_CALL");
        if (stops) end_text_ = "stop";
        if (length_ < 0 && least > static_cast<int>(data_.size())) length_ = least;
        make_bytes();
        if (has_bandwidth)
            rate = bandwidth / static_cast<double>(std::max<size_t>(bytes_.size(), 1));
        set_rate(rate);
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (!end_text_.empty() && !end_call_.parse(end_text_, this, router(), true, errh))
            return -1;
        bucket_.start_with(1);
        timer_.initialize();
        if (output_is_push(0)) task_.initialize(is_active_);
        return 0;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_write("reset", [this] {
            count_ = 0;
            wake();
        });
        add_read("rate", [this] { return bucket_.rate(); });
        add_write("rate", [this](const std::string &text, ErrorHandler &errh) {
            double rate;
            if (!parse_real(trim(text), rate) || rate < 0) return errh.error("syntax error");
            set_rate(rate);
            wake();
            return 0;
        });
        add_data("active", data_read, &is_active_);
        add_write("active", [this](const std::string &text, ErrorHandler &errh) {
            if (!parse_bool(trim(text), is_active_)) return errh.error("syntax error");
            if (is_active_) bucket_.clear();
            wake();
            return 0;
        });
        add_read("data", [this] { return data_; }).is_raw = true;
        add_write("data", [this](const std::string &text) {
            data_ = text;
            make_bytes();
        }).is_raw = true;
        add_data("limit", data_both, &limit_);
        add_read("length", [this] { return bytes_.size(); });
        add_write("length", [this](const std::string &text, ErrorHandler &errh) {
            ArgContext context{this, errh, "length"};
            if (!parse_arg(trim(text), length_, context)) return -1;
            make_bytes();
            return 0;
        });
        add_task_handlers(&task_);
    }
    bool run_task(Task *task) override {
        if (!is_active_) return false;
        if (is_at_end()) return finish(), false;
        // One at a time: others have their turn in between.
        const uint64_t due = bucket_.available();
        if (due == 0) {
            timer_.schedule_after(bucket_.delay());
            return false;
        }
        output(0).push(one());
        if (is_at_end())
            finish();
        else
            task->fast_reschedule();
        return true;
    }
    void run_timer(Timer *) override {
        nonempty_.wake();
        if (output_is_push(0)) task_.reschedule();
    }
    Packet *pull(int) override {
        if (!is_active_) return nullptr;
        if (is_at_end()) return finish(), nullptr;
        if (bucket_.available() == 0) {
            nonempty_.sleep();
            timer_.schedule_after(bucket_.delay());
            return nullptr;
        }
        Packet *p = one();
        if (is_at_end()) finish();
        return p;
    }
    Notifier *empty_notifier(int) override { return &nonempty_; }

  private:
    bool is_at_end() const { return limit_ >= 0 && count_ >= static_cast<uint64_t>(limit_); }
    Packet *one() {
        bucket_.take(1);
        count_ += 1;
        Packet *p = Packet::make(bytes_.data(), static_cast<uint32_t>(bytes_.size()));
        p->set_timestamp(Timestamp::now());
        return p;
    }
    void set_rate(double rate) { bucket_.set(rate, std::max(1.0, rate / 50)); }
    void finish() {
        if (finished_at_ == count_ || !end_call_) return;
        finished_at_ = count_;
        FileErrorHandler errh;
        end_call_.write(errh);
    }
    void wake() {
        finished_at_ = ~uint64_t{0};
        nonempty_.wake();
        if (output_is_push(0) && is_active_) task_.reschedule();
    }
    void make_bytes() {
        bytes_ = data_;
        if (length_ < 0) return;
        const auto wanted = static_cast<size_t>(length_);
        while (bytes_.size() < wanted)
            bytes_.append(data_.empty() ? std::string(wanted - bytes_.size(), '\0') : data_);
        bytes_.resize(wanted);
    }

    std::string data_, bytes_, end_text_;
    int64_t limit_ = -1;
    int length_ = -1;
    bool is_active_ = true;
    uint64_t count_ = 0, finished_at_ = ~uint64_t{0};
    TokenBucket bucket_;
    HandlerCall end_call_;
    Task task_{this};
    Timer timer_{this};
    Notifier nonempty_;
};

} // namespace click

EXPORT_ELEMENT(RatedSource)
