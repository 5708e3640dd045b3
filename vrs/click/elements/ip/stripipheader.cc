/*
=c
StripIPHeader()
=s ip
removes the IP header
=d
Expects IP packets with their header marked. Takes everything up to the end of the IP header off the
front. The mark stays, so that UnstripIPHeader can put it back.
=a CheckIPHeader, UnstripIPHeader
*/
#include "element.hh"

namespace click {

class StripIPHeader final : public SimpleElement<StripIPHeader> {
  public:
    const char *class_name() const override { return "StripIPHeader"; }
    Packet *action(Packet *p) {
        if (!p->has_transport_header()) return p;
        if (const int32_t bytes = p->transport_header_offset(); bytes > 0)
            p->pull(static_cast<uint32_t>(bytes));
        return p;
    }
};

} // namespace click

EXPORT_ELEMENT(StripIPHeader)
