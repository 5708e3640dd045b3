/*
=c
UnstripIPHeader()
=s ip
puts the IP header back
=d
Undoes StripIPHeader: the data starts at the marked IP header again.
=a StripIPHeader
*/
#include "element.hh"

namespace click {

class UnstripIPHeader final : public SimpleElement<UnstripIPHeader> {
  public:
    const char *class_name() const override { return "UnstripIPHeader"; }
    Packet *action(Packet *p) {
        if (!p->has_network_header()) return p;
        const int32_t offset = p->network_header_offset();
        if (offset < 0) p->push(static_cast<uint32_t>(-offset));
        return p;
    }
};

} // namespace click

EXPORT_ELEMENT(UnstripIPHeader)
