/*
=c
EtherMirror
=s ethernet
swaps the Ethernet addresses
=d
Swaps source and destination of packets that start with an Ethernet header; shorter ones pass
unchanged.
=a EtherRewrite, IPMirror
*/
#include <algorithm>

#include "element.hh"
#include "headers.hh"

namespace click {

class EtherMirror final : public SimpleElement<EtherMirror> {
  public:
    const char *class_name() const override { return "EtherMirror"; }
    Packet *action(Packet *p) {
        if (p->length() >= 12) std::swap_ranges(p->data(), p->data() + 6, p->data() + 6);
        return p;
    }
};

} // namespace click

EXPORT_ELEMENT(EtherMirror)
