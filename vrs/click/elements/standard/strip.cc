/*
=c
Strip(LENGTH)
=s basicmod
strips bytes from the front of packets
=d
Removes the first LENGTH bytes of each packet.
=a Unstrip, Truncate
*/
#include "element.hh"

namespace click {

class Strip final : public SimpleElement<Strip> {
  public:
    const char *class_name() const override { return "Strip"; }
    int configure(Args &args) override { return args.mandatory("LENGTH", bytes_).complete(); }
    Packet *action(Packet *p) {
        p->pull(bytes_);
        return p;
    }

  private:
    uint32_t bytes_ = 0;
};

} // namespace click

EXPORT_ELEMENT(Strip)
