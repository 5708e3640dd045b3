/*
=c
LinkUnqueue(LATENCY, BANDWIDTH)
=s shaping
pull-to-push converter that behaves like a link
=d
Pulls a packet when the link is free, keeps the link busy for as long as the packet's bytes take at
BANDWIDTH (those of its extra length annotation too), and pushes it on LATENCY after that. Several
packets may be under way. A packet's timestamp is then the current time.
=k LATENCY
A time.
=k BANDWIDTH
Such as 10Mbps, or bytes per second; above 0.
=h latency rw
=h bandwidth rw
=h size r
Packets under way.
=h reset w
Drops packets under way.
=a DelayUnqueue, BandwidthShaper
*/
#include <deque>

#include "router.hh"

namespace click {

class LinkUnqueue final : public Element {
  public:
    const char *class_name() const override { return "LinkUnqueue"; }
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "l/h"; }
    int configure(Args &args) override {
        if (args.mandatory("LATENCY", latency_)
                .mandatory("BANDWIDTH", Bandwidth{}, bandwidth_)
                .complete() < 0)
            return -1;
        if (!(bandwidth_ > 0)) return args.error("BANDWIDTH: must be > 0");
        return 0;
    }
    int initialize(ErrorHandler &) override {
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize();
        timer_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override { reset(); }
    void take_state(Element *old, ErrorHandler &) override {
        auto *other = static_cast<LinkUnqueue *>(old);
        under_way_.swap(other->under_way_);
        free_at_ = other->free_at_;
        was_busy_ = other->was_busy_;
        task_.reschedule();
    }
    void add_handlers() override {
        add_data("latency", data_both, &latency_);
        add_data("bandwidth", data_read, &bandwidth_);
        add_write("bandwidth", [this](const std::string &text, ErrorHandler &errh) {
            double value;
            if (!parse_bandwidth(trim(text), value) || !(value > 0))
                return errh.error("syntax error");
            bandwidth_ = value;
            return 0;
        });
        add_read("size", [this] { return under_way_.size(); });
        add_write("reset", [this] { reset(); });
        add_task_handlers(&task_);
    }
    void run_timer(Timer *) override { task_.reschedule(); }
    bool run_task(Task *task) override {
        const Timestamp now = Timestamp::now();
        bool has_worked = false;
        while (!under_way_.empty() && under_way_.front().due <= now) {
            Packet *p = under_way_.front().packet;
            under_way_.pop_front();
            p->set_timestamp(now);
            output(0).push(p);
            has_worked = true;
        }
        bool is_idle = false;
        while (free_at_ <= now && !is_idle) {
            Packet *p = input(0).pull();
            is_idle = !p;
            if (p) begin(p, now);
            has_worked |= p != nullptr;
        }
        was_busy_ = !is_idle;
        if (is_idle && signal_)
            task->fast_reschedule();
        else if (!is_idle || !under_way_.empty())
            timer_.schedule_after(next_time(is_idle) - now);
        return has_worked;
    }

  private:
    struct Traveller {
        Packet *packet;
        Timestamp due;
    };
    /// A packet that waited starts when the one before it had left, however late we are.
    void begin(Packet *p, Timestamp now) {
        const double bytes = p->length() + p->anno_as<uint32_t>(anno::extra_length);
        const Timestamp start = was_busy_ ? free_at_ : now;
        free_at_ = start + Timestamp::seconds(bytes / bandwidth_);
        under_way_.push_back({p, free_at_ + latency_});
        was_busy_ = true;
    }
    Timestamp next_time(bool is_idle) const {
        if (under_way_.empty()) return free_at_;
        const Timestamp due = under_way_.front().due;
        return is_idle || due < free_at_ ? due : free_at_;
    }
    void reset() {
        for (const Traveller &it : under_way_) it.packet->kill();
        under_way_.clear();
    }

    Timestamp latency_, free_at_;
    double bandwidth_ = 0;
    bool was_busy_ = false;
    std::deque<Traveller> under_way_;
    Signal signal_;
    Task task_{this};
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(LinkUnqueue)
