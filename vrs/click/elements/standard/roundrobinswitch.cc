/*
=c
RoundRobinSwitch
=s classification
pushes packets to its outputs in turn
=a StrideSwitch, RandomSwitch, RoundRobinSched
*/
#include "element.hh"

namespace click {

class RoundRobinSwitch final : public SortElement<RoundRobinSwitch> {
  public:
    const char *class_name() const override { return "RoundRobinSwitch"; }
    const char *port_count() const override { return "1/1-"; }
    bool keeps_flows() const override { return false; }
    int sort(int, Packet *) {
        const int now = next_;
        next_ = now + 1 == noutputs() ? 0 : now + 1;
        return now;
    }

  private:
    int next_ = 0;
};

} // namespace click

EXPORT_ELEMENT(RoundRobinSwitch)
