/*
=c
RoundRobinSched
=s scheduling
pulls from its inputs in turn
=d
Pulls a packet from each input in turn; inputs that have none are passed over.
=a PrioSched, StrideSched
*/
#include "elements/standard/pull_choice.hh"

namespace click {

class RoundRobinSched final : public PullChoice {
  public:
    const char *class_name() const override { return "RoundRobinSched"; }
    Packet *pull(int) override {
        const int count = ninputs();
        for (int tried = 0; tried < count; tried += 1) {
            const int now = next_;
            next_ = now + 1 == count ? 0 : now + 1;
            if (Packet *p = try_input(now)) return p;
        }
        return nullptr;
    }

  private:
    int next_ = 0;
};

} // namespace click

EXPORT_ELEMENT(RoundRobinSched)
