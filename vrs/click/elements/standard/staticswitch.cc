/*
=c
StaticSwitch(OUTPUT)
=s classification
pushes packets always to the same output
=d
Pushes every packet to OUTPUT; -1 drops all. It can't be changed while the router runs.
=a Switch, StaticPullSwitch
*/
#include "elements/standard/switch_base.hh"

namespace click {

class StaticSwitch final : public SwitchBase {
  public:
    const char *class_name() const override { return "StaticSwitch"; }
    int configure(Args &args) override { return read_output(args, true); }
};

} // namespace click

EXPORT_ELEMENT(StaticSwitch)
