/*
=c
PullNull
=s basictransfer
passes packets unchanged, pull only
=d
Passes packets from its input to its output, unchanged.
*/
#include "element.hh"

namespace click {

class PullNull final : public SimpleElement<PullNull> {
  public:
    const char *class_name() const override { return "PullNull"; }
    const char *processing() const override { return "l/l"; }
    Packet *action(Packet *p) { return p; }
    void actions(Batch &) {}
};

} // namespace click

EXPORT_ELEMENT(PullNull)
