/*
=c
StripToNetworkHeader
=s basicmod
strips everything in front of the network header
=d
Packets start with their network header afterwards, also those that had been stripped further.
Packets without such a mark pass unchanged.
=a Strip, CheckIPHeader, MarkIPHeader
*/
#include "element.hh"

namespace click {

class StripToNetworkHeader final : public SimpleElement<StripToNetworkHeader> {
  public:
    const char *class_name() const override { return "StripToNetworkHeader"; }
    Packet *action(Packet *p) {
        if (!p->has_network_header()) return p;
        const int32_t offset = p->network_header_offset();
        if (offset >= 0)
            p->pull(static_cast<uint32_t>(offset));
        else
            p->push(static_cast<uint32_t>(-offset));
        return p;
    }
};

} // namespace click

EXPORT_ELEMENT(StripToNetworkHeader)
