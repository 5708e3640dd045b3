/*
=c
RandomSwitch
=s classification
pushes each packet to an output chosen at random
=a RoundRobinSwitch, HashSwitch, RandomSample
*/
#include "element.hh"
#include "random.hh"

namespace click {

class RandomSwitch final : public SortElement<RandomSwitch> {
  public:
    const char *class_name() const override { return "RandomSwitch"; }
    const char *port_count() const override { return "1/1-"; }
    bool keeps_flows() const override { return false; }
    int sort(int, Packet *) const {
        return static_cast<int>(random_below(static_cast<uint32_t>(noutputs())));
    }
};

} // namespace click

EXPORT_ELEMENT(RandomSwitch)
