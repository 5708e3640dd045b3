/*
=c
Resize(HEAD, TAIL)
=s basicmod
makes packets longer or shorter at both ends
=d
Adds HEAD bytes in front of each packet and TAIL bytes behind it; negative numbers take bytes away.
What is added has no particular content: in front it is what was stripped there before, if anything.
=a Strip, Unstrip, Truncate, Pad
*/
#include "element.hh"

namespace click {

class Resize final : public SimpleElement<Resize> {
  public:
    const char *class_name() const override { return "Resize"; }
    int configure(Args &args) override {
        constexpr int limit = 65535;
        return args.mandatory("HEAD", Bounded<int>{-limit, limit}, head_)
            .mandatory("TAIL", Bounded<int>{-limit, limit}, tail_)
            .complete();
    }
    Packet *action(Packet *p) {
        if (head_ < 0)
            p->pull(static_cast<uint32_t>(-head_));
        else if (head_ > 0)
            p->push(static_cast<uint32_t>(head_));
        if (tail_ < 0)
            p->take(static_cast<uint32_t>(-tail_));
        else if (tail_ > 0)
            p->put(static_cast<uint32_t>(tail_));
        return p;
    }

  private:
    int head_ = 0, tail_ = 0;
};

} // namespace click

EXPORT_ELEMENT(Resize)
