/*
=c
SimplePullSwitch([INPUT])
=s scheduling
pulls from one of its inputs, without notification
=d
Pulls from INPUT, which is 0 unless given; -1 for none. Unlike PullSwitch it doesn't tell those who
pull when that input is empty.
=h switch rw
=a PullSwitch, StaticPullSwitch, Switch
*/
#include "elements/standard/pull_choice.hh"

namespace click {

class SimplePullSwitch final : public PullSwitchBase {
  public:
    const char *class_name() const override { return "SimplePullSwitch"; }
    int configure(Args &args) override { return read_input(args, false); }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_switch_handlers(); }
    int initialize(ErrorHandler &) override { return 0; }
    Packet *pull(int) override { return chosen_ < 0 ? nullptr : input(chosen_).pull(); }
    uint32_t pull_batch(int, Batch &batch, uint32_t max) override {
        return chosen_ < 0 ? 0 : input(chosen_).pull(batch, max);
    }
};

} // namespace click

EXPORT_ELEMENT(SimplePullSwitch)
