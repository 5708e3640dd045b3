/*
=c
RED(MIN_THRESH, MAX_THRESH, MAX_P, I<keywords> QUEUES, STABILITY, GENTLE)
=s aqm
drops packets early, by Random Early Detection
=d
Watches the queues downstream (upstream when its ports are pull), and averages their length at each
packet. Below MIN_THRESH no packet is dropped; between the two, packets are dropped with a
probability that rises up to MAX_P; above MAX_THRESH all are, or with GENTLE as many as rise from
MAX_P to all at twice MAX_THRESH. Dropped packets leave by output 1 when it is connected.
=k MIN_THRESH, MAX_THRESH
Packets in the queues.
=k MAX_P
A number from 0 to 1.
=k QUEUES
Names of the queues, instead of those nearest.
=k STABILITY
How slowly the average follows: a new length weighs 2^-STABILITY. Default 4.
=k GENTLE
Default false.
=h min_thresh, max_thresh, max_p rw
=h avg_queue_size r
=h drops r
=h queues r
=h stats r
=a Queue, RandomSample
*/
#include <algorithm>
#include <cmath>

#include "elements/standard/queue_base.hh"
#include "random.hh"

namespace click {

class RED final : public SimpleElement<RED> {
  public:
    const char *class_name() const override { return "RED"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        std::string queues;
        int stability = 4;
        if (args.mandatory("MIN_THRESH", low_)
                .mandatory("MAX_THRESH", high_)
                .mandatory("MAX_P", max_p_)
                .keyword("QUEUES", queues)
                .keyword("STABILITY", Bounded<int>{1, 31}, stability)
                .keyword("GENTLE", is_gentle_)
                .complete() < 0)
            return -1;
        if (low_ > high_) return args.error("MIN_THRESH must be <= MAX_THRESH");
        if (!(max_p_ >= 0 && max_p_ <= 1)) return args.error("MAX_P: must be between 0 and 1");
        weight_ = std::ldexp(1, -stability);
        names_ = split_words(queues);
        return 0;
    }
    bool can_live_reconfigure() const override { return true; }
    int live_reconfigure(Args &args) override {
        return configure(args) < 0 ? -1 : initialize(args.errh());
    }
    int initialize(ErrorHandler &errh) override {
        queues_.clear();
        seen_.clear();
        for (const std::string &name : names_) {
            Element *element = router().find(name, this);
            void *queue = element ? element->cast("Storage") : nullptr;
            if (!element) return errh.error("no element named '%s'", name.c_str());
            if (!queue) return errh.error("'%s' is not a Queue", name.c_str());
            queues_.push_back(static_cast<QueueBase *>(queue));
        }
        if (names_.empty()) look(this);
        if (queues_.empty())
            return errh.error("no Queues %s", input_is_push(0) ? "downstream" : "upstream");
        return 0;
    }
    void add_handlers() override {
        add_data("min_thresh", data_both, &low_);
        add_data("max_thresh", data_both, &high_);
        add_data("max_p", data_both, &max_p_);
        add_read("avg_queue_size", [this] { return average_; });
        add_read("drops", [this] { return drops_; });
        add_read("queues", [this] {
            std::string out;
            for (const QueueBase *it : queues_) out += it->name() + "\n";
            return out;
        });
        add_read("stats", [this] {
            uint32_t now = 0;
            for (const QueueBase *it : queues_) now += it->length();
            return format("%u current queue\n%s avg queue\n%llu drops\n", now,
                          to_text(average_).c_str(), static_cast<unsigned long long>(drops_));
        });
    }
    /// It looks at queues for each packet.
    bool is_observer() const override { return true; }
    Packet *action(Packet *p) {
        if (!drops_now()) return p;
        drops_ += 1;
        checked_push(1, p);
        return nullptr;
    }

  private:
    /// The queues nearest by the way that packets go.
    void look(Element *from) {
        const bool is_push = from == this ? input_is_push(0) : going_down_;
        going_down_ = is_push;
        const int ports = is_push ? (from == this ? 1 : from->noutputs()) : from->ninputs();
        for (int i = 0; i < ports; i += 1) {
            if (is_push ? !from->output_is_push(i) : !from->input_is_pull(i)) continue;
            Element *next = is_push ? from->output(i).element : from->input(i).element;
            if (!next || std::find(seen_.begin(), seen_.end(), next) != seen_.end()) continue;
            seen_.push_back(next);
            if (void *queue = next->cast("Storage"))
                queues_.push_back(static_cast<QueueBase *>(queue));
            else
                look(next);
        }
    }
    /// While the queues were empty the average fell as if a packet had come every so often.
    void decay(uint32_t length) {
        const int64_t now = steady_ns();
        if (length == 0 && seen_ns_ > 0)
            average_ *= std::pow(1 - weight_, static_cast<double>((now - seen_ns_) / step_ns));
        seen_ns_ = now;
    }
    bool drops_now() {
        uint32_t length = 0;
        for (const QueueBase *it : queues_) length += it->length();
        decay(length);
        average_ += (length - average_) * weight_;
        const double low = low_, high = high_;
        double p = 0;
        if (average_ <= low)
            return passed_ = 0, false;
        else if (average_ <= high)
            p = high > low ? max_p_ * (average_ - low) / (high - low) : max_p_;
        else if (is_gentle_ && average_ < 2 * high)
            p = max_p_ + (1 - max_p_) * (average_ - high) / high;
        else
            return passed_ = 0, true;
        // Spread evenly: the longer none was dropped, the likelier.
        const double spread = passed_ * p >= 1 ? 1 : p / (1 - passed_ * p);
        if (random_fraction() >= spread) return passed_ += 1, false;
        passed_ = 0;
        return true;
    }

    static constexpr int64_t step_ns = 10'000'000;
    int64_t seen_ns_ = 0;
    uint32_t low_ = 0, high_ = 0;
    double max_p_ = 0, weight_ = 1, average_ = 0, passed_ = 0;
    bool is_gentle_ = false, going_down_ = true;
    uint64_t drops_ = 0;
    std::vector<std::string> names_;
    std::vector<QueueBase *> queues_;
    std::vector<Element *> seen_;
};

} // namespace click

EXPORT_ELEMENT(RED)
