/*
=c
StaticPullSwitch(INPUT)
=s scheduling
pulls always from the same of its inputs
=d
Pulls from INPUT; -1 for none. It can't be changed while the router runs.
=a PullSwitch, StaticSwitch
*/
#include "elements/standard/pull_choice.hh"

namespace click {

class StaticPullSwitch final : public PullSwitchBase {
  public:
    const char *class_name() const override { return "StaticPullSwitch"; }
    int configure(Args &args) override { return read_input(args, true); }
};

} // namespace click

EXPORT_ELEMENT(StaticPullSwitch)
