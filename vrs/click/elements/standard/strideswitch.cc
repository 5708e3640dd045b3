/*
=c
StrideSwitch(TICKETS0, ..., TICKETSn)
=s classification
pushes packets to its outputs in proportion to tickets
=d
Stride scheduling: an output with twice the tickets gets twice as many packets. 0 tickets: none.
=h tickets0...ticketsn rw
=a StrideSched, RoundRobinSwitch
*/
#include "elements/standard/stride.hh"

namespace click {

class StrideSwitch final : public SortElement<StrideSwitch> {
  public:
    const char *class_name() const override { return "StrideSwitch"; }
    const char *port_count() const override { return "1/1-"; }
    bool keeps_flows() const override { return false; }
    int configure(Args &args) override { return strides_.configure(args, noutputs(), "output"); }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { strides_.add_handlers(*this); }
    int sort(int, Packet *) {
        const int to = strides_.next();
        if (to < 0) return noutputs();
        strides_.had_turn(to);
        return to;
    }

  private:
    Strides strides_;
};

} // namespace click

EXPORT_ELEMENT(StrideSwitch)
