/*
=c
InfiniteSource([DATA, LIMIT, BURST, ACTIVE, I<keywords> LENGTH, TIMESTAMP, STOP, END_CALL])
=s basicsources
makes packets whenever scheduled
=d
Makes packets with DATA as fast as it can: BURST at a time, LIMIT in all. Its output may be push or
pull.
=k DATA
The packet's bytes. Default: a text of 64 bytes.
=k LIMIT
Negative: no limit, the default.
=k BURST
Packets per task run. Default 1.
=k ACTIVE
Default true.
=k LENGTH
The length of packets, when it isn't that of DATA: DATA is repeated or cut.
=k TIMESTAMP
Whether packets get the time as their timestamp. Default true.
=k STOP
Stop the driver when LIMIT is reached. Default false.
=k END_CALL
A write handler, called when LIMIT is reached.
=k DATASIZE
As LENGTH, when DATA is shorter.
=h count r
=h reset w
=h active rw
=h data rw
=h limit rw
=h burst rw
=h length rw
*/
#include <algorithm>

#include "elements/standard/source_data.hh"
#include "router.hh"

namespace click {

class InfiniteSource final : public Element {
  public:
    const char *class_name() const override { return "InfiniteSource"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "a/a"; }

    int configure(Args &args) override {
        data_ = default_source_data;
        int length = -1, least = -1;
        bool stops = false;
        if (args.positional("DATA", data_)
                .positional("LIMIT", limit_)
                .positional("BURST", burst_)
                .positional("ACTIVE", is_active_)
                .keyword("LENGTH", length)
                .keyword("DATASIZE", least)
                .keyword("TIMESTAMP", has_timestamp_)
                .keyword("STOP", stops)
                .keyword("END_CALL", Any{}, end_text_)
                .complete() < 0)
            return -1;
        if (stops && !end_text_.empty()) return args.error("conflicting STOP and END_CALL");
        if (stops) end_text_ = "stop";
        length_ = length < 0 && least > static_cast<int>(data_.size()) ? least : length;
        make_bytes();
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (!end_text_.empty() && !end_call_.parse(end_text_, this, router(), true, errh))
            return -1;
        if (output_is_push(0)) task_.initialize(is_active_);
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
        add_read("data", [this] { return data_; }).is_raw = true;
        add_write("data", [this](const std::string &text) {
            data_ = text;
            make_bytes();
        }).is_raw = true;
        add_data("limit", data_both, &limit_);
        add_data("burst", data_both, &burst_);
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
        const auto burst = static_cast<uint32_t>(std::max(burst_, 0));
        if (left() < Driver::notice_packets) keep_step();
        const uint64_t wanted = uint64_t{burst} * task->runs_at_once(burst);
        const uint64_t made = make(std::min(wanted, left()));
        if (left() > 0) {
            if (made) task->fast_reschedule();
        } else {
            finish();
        }
        return made > 0;
    }
    Packet *pull(int) override {
        if (!is_active_) return nullptr;
        if (left() == 0) return finish(), nullptr;
        count_ += 1;
        Packet *p = one(has_timestamp_ ? Timestamp::now() : Timestamp{});
        if (left() == 0) finish();
        return p;
    }
    uint32_t pull_batch(int port, Batch &batch, uint32_t max) override {
        if (left() < Driver::notice_packets) keep_step();
        if (!is_active_ || left() <= max) return Element::pull_batch(port, batch, max);
        const Timestamp now = has_timestamp_ ? Timestamp::now() : Timestamp{};
        const uint32_t count = std::min(max, Batch::capacity - batch.size());
        for (uint32_t i = 0; i < count; i += 1) batch.add(one(now));
        count_ += count;
        return count;
    }

  private:
    uint64_t left() const {
        if (limit_ < 0) return ~uint64_t{0};
        return static_cast<uint64_t>(limit_) > count_ ? static_cast<uint64_t>(limit_) - count_ : 0;
    }
    Packet *one(Timestamp now) const {
        Packet *p = Packet::make(bytes_.data(), static_cast<uint32_t>(bytes_.size()));
        p->set_timestamp(now);
        return p;
    }
    uint64_t make(uint64_t count) {
        const Timestamp now = has_timestamp_ ? Timestamp::now() : Timestamp{};
        for (uint64_t left = count; left > 0;) {
            const uint64_t n = std::min<uint64_t>(left, Batch::capacity);
            left -= n;
            count_ += n;
            if (n == 1) {
                output(0).push(one(now));
                continue;
            }
            Batch batch;
            for (uint64_t i = 0; i < n; i += 1) batch.add(one(now));
            output(0).push(batch);
        }
        return count;
    }
    void finish() {
        if (is_finished_at_ == count_ || !end_call_) return;
        is_finished_at_ = count_;
        FileErrorHandler errh;
        end_call_.write(errh);
    }
    void wake() {
        is_finished_at_ = ~uint64_t{0};
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
    int burst_ = 1;
    int length_ = -1;
    bool is_active_ = true;
    bool has_timestamp_ = true;
    uint64_t count_ = 0;
    uint64_t is_finished_at_ = ~uint64_t{0};
    HandlerCall end_call_;
    Task task_{this};
};

} // namespace click

EXPORT_ELEMENT(InfiniteSource)
