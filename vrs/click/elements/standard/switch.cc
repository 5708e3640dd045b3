/*
=c
Switch([OUTPUT])
=s classification
pushes packets to an output that can be changed
=d
Pushes every packet to OUTPUT, which is 0 unless given; -1 drops all.
=h switch rw
=a StaticSwitch, PullSwitch, RoundRobinSwitch, HashSwitch
*/
#include "elements/standard/switch_base.hh"

namespace click {

class Switch final : public SwitchBase {
  public:
    const char *class_name() const override { return "Switch"; }
    int configure(Args &args) override { return read_output(args, false); }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_switch(*this, chosen_, noutputs(), "output"); }
};

} // namespace click

EXPORT_ELEMENT(Switch)
