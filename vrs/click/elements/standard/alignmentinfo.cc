/*
=c
AlignmentInfo(ELEMENT MODULUS OFFSET [MODULUS OFFSET...], ...)
=s information
specifies alignments
=d
Accepted and without effect: elements here read packets at any alignment.
=a Align
*/
#include "element.hh"

namespace click {

class AlignmentInfo final : public Element {
  public:
    const char *class_name() const override { return "AlignmentInfo"; }
    int configure_phase() const override { return phase_info; }
    int configure(Args &) override { return 0; }
};

} // namespace click

EXPORT_ELEMENT(AlignmentInfo)
