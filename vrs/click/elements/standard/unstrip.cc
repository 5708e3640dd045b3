/*
=c
Unstrip(LENGTH)
=s basicmod
puts stripped bytes back
=d
Puts the LENGTH bytes before a packet's front back onto it, such as those that Strip took.
=a Strip
*/
#include "element.hh"

namespace click {

class Unstrip final : public SimpleElement<Unstrip> {
  public:
    const char *class_name() const override { return "Unstrip"; }
    int configure(Args &args) override { return args.mandatory("LENGTH", bytes_).complete(); }
    Packet *action(Packet *p) {
        p->push(bytes_);
        return p;
    }

  private:
    uint32_t bytes_ = 0;
};

} // namespace click

EXPORT_ELEMENT(Unstrip)
