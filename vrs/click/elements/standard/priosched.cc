/*
=c
PrioSched
=s scheduling
pulls from the first of its inputs that has a packet
=d
Tries input 0 first, then input 1, and so on.
=a RoundRobinSched, StrideSched
*/
#include "elements/standard/pull_choice.hh"

namespace click {

class PrioSched final : public PullChoice {
  public:
    const char *class_name() const override { return "PrioSched"; }
    Packet *pull(int) override {
        for (int i = 0; i < ninputs(); i += 1)
            if (Packet *p = try_input(i)) return p;
        return nullptr;
    }
};

} // namespace click

EXPORT_ELEMENT(PrioSched)
