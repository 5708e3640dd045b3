/*
=c
PushNull
=s basictransfer
passes packets unchanged, push only
=d
Passes packets from its input to its output, unchanged.
*/
#include "element.hh"

namespace click {

class PushNull final : public SimpleElement<PushNull> {
  public:
    const char *class_name() const override { return "PushNull"; }
    const char *processing() const override { return "h/h"; }
    Packet *action(Packet *p) { return p; }
    void actions(Batch &) {}
};

} // namespace click

EXPORT_ELEMENT(PushNull)
