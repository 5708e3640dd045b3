/*
=c
PullSwitch([INPUT])
=s scheduling
pulls from one of its inputs
=d
Pulls from INPUT, which is 0 unless given; -1 for none. Packets of other inputs stay where they are.
=h switch rw
=a SimplePullSwitch, StaticPullSwitch, Switch
*/
#include "elements/standard/pull_choice.hh"

namespace click {

class PullSwitch final : public PullSwitchBase {
  public:
    const char *class_name() const override { return "PullSwitch"; }
    int configure(Args &args) override { return read_input(args, false); }
    bool can_live_reconfigure() const override { return true; }
    int live_reconfigure(Args &args) override {
        const int result = configure(args);
        ready_.wake();
        return result;
    }
    void add_handlers() override { add_switch_handlers(); }
};

} // namespace click

EXPORT_ELEMENT(PullSwitch)
