/*
=c
InputSwitch([INPUT])
=s classification
passes packets of one of its inputs
=d
Pushes packets that come in by INPUT, which is 0 unless given, and drops those of other inputs. -1
drops all.
=h switch rw
=a Switch, PullSwitch
*/
#include "elements/standard/switch_base.hh"

namespace click {

class InputSwitch final : public SortElement<InputSwitch> {
  public:
    const char *class_name() const override { return "InputSwitch"; }
    const char *port_count() const override { return "1-/1"; }
    bool keeps_flows() const override { return false; }
    int configure(Args &args) override {
        int chosen = 0;
        if (args.positional("INPUT", chosen).complete() < 0) return -1;
        if (chosen >= ninputs()) return args.error("INPUT must be < %d", ninputs());
        chosen_ = chosen < 0 ? -1 : chosen;
        return 0;
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_switch(*this, chosen_, ninputs(), "input"); }
    int sort(int port, Packet *) const { return port == chosen_ ? 0 : 1; }

  private:
    int chosen_ = 0;
};

} // namespace click

EXPORT_ELEMENT(InputSwitch)
