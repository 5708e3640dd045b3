/*
=c
StrideSched(TICKETS0, ..., TICKETSn)
=s scheduling
pulls from its inputs in proportion to tickets
=d
Stride scheduling: an input with twice the tickets is pulled from twice as often. Inputs that have
no packet are passed over, and get nothing back for it. 0 tickets: never.
=h tickets0...ticketsn rw
=a PrioSched, RoundRobinSched, StrideSwitch
*/
#include "elements/standard/pull_choice.hh"
#include "elements/standard/stride.hh"

namespace click {

class StrideSched final : public PullChoice {
  public:
    const char *class_name() const override { return "StrideSched"; }
    const char *port_count() const override { return "1-/1"; }
    int configure(Args &args) override { return strides_.configure(args, ninputs(), "input"); }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { strides_.add_handlers(*this); }
    Packet *pull(int) override {
        tried_.assign(strides_.size(), false);
        for (int i; (i = strides_.next(&tried_)) >= 0; tried_[static_cast<size_t>(i)] = true) {
            Packet *p = try_input(i);
            if (!p) continue;
            strides_.had_turn(i);
            return p;
        }
        return nullptr;
    }

  private:
    Strides strides_;
    std::vector<bool> tried_;
};

} // namespace click

EXPORT_ELEMENT(StrideSched)
