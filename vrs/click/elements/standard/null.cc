/*
=c
Null
=s basictransfer
passes packets unchanged
=d
Passes packets from its input to its output, unchanged.
*/
#include "element.hh"

namespace click {

class Null final : public SimpleElement<Null> {
  public:
    const char *class_name() const override { return "Null"; }
    const char *processing() const override { return "a/a"; }
    Packet *action(Packet *p) { return p; }
    void actions(Batch &) {}
};

} // namespace click

EXPORT_ELEMENT(Null)
