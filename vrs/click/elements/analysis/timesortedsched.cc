/*
=c
TimeSortedSched([I<keywords> STOP, BUFFER])
=s timestamps
merges streams of packets by their timestamps
=d
A pull gets the packet with the earliest timestamp of those that its inputs have. The streams must
be sorted by themselves.
=k STOP
Stop the driver when there are no packets, and the inputs' notifiers say that none will come.
Default false.
=k BUFFER
Packets of each input that it looks at, to cope with streams that aren't quite sorted. Default 1.
=h well_ordered r
Whether all packets left in order of their timestamps.
=e
tss :: TimeSortedSched(STOP true); FromDump(a) -> [0]tss; FromDump(b) -> [1]tss;
=a FromDump
*/
#include <algorithm>
#include <deque>

#include "elements/standard/pull_choice.hh"

namespace click {

class TimeSortedSched final : public PullChoice {
  public:
    const char *class_name() const override { return "TimeSortedSched"; }
    int configure(Args &args) override {
        return args.keyword("STOP", stops_)
            .keyword("BUFFER", Bounded<uint32_t>{1, 1 << 20}, capacity_)
            .complete();
    }
    int initialize(ErrorHandler &) override {
        for (int i = 0; i < ninputs(); i += 1)
            signals_.push_back(Signal::upstream_empty(this, i, &ready_));
        waiting_.resize(static_cast<size_t>(ninputs()));
        return 0;
    }
    void cleanup(CleanupStage) override {
        for (auto &queue : waiting_)
            for (Packet *p : queue) p->kill();
        waiting_.clear();
    }
    void add_handlers() override {
        add_read("well_ordered", [this] { return is_ordered_; });
    }
    Notifier *empty_notifier(int) override { return &ready_; }
    Packet *pull(int) override {
        std::deque<Packet *> *best = nullptr;
        size_t place = 0;
        for (size_t i = 0; i < waiting_.size(); i += 1) {
            auto &queue = waiting_[i];
            while (queue.size() < capacity_ && signals_[i]) {
                Packet *p = input(static_cast<int>(i)).pull();
                if (!p) break;
                queue.push_back(p);
            }
            for (size_t at = 0; at < queue.size(); at += 1)
                if (!best || queue[at]->timestamp() < (*best)[place]->timestamp())
                    best = &queue, place = at;
        }
        if (!best) return rest(), nullptr;
        Packet *p = (*best)[place];
        best->erase(best->begin() + static_cast<std::ptrdiff_t>(place));
        is_ordered_ &= p->timestamp() >= last_;
        last_ = std::max(last_, p->timestamp());
        return p;
    }

  private:
    void rest() {
        for (const Signal &it : signals_)
            if (it) return;
        ready_.sleep();
        if (stops_) router().please_stop();
    }

    bool stops_ = false, is_ordered_ = true;
    uint32_t capacity_ = 1;
    Timestamp last_;
    Notifier ready_;
    std::vector<std::deque<Packet *>> waiting_;
};

} // namespace click

EXPORT_ELEMENT(TimeSortedSched)
