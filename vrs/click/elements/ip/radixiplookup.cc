/*
=c
RadixIPLookup(ADDR1/MASK1 [GW1] OUT1, ADDR2/MASK2 [GW2] OUT2, ...)
=s iproute
looks up routes
=d
Expects packets with a destination address annotation. The longest prefix that it is in decides on
the output; when that route has a gateway, the annotation becomes the gateway. A packet without a
route is dropped, and the first told on stderr.

All lookup elements here use one flat table of 16, 8 and 8 bits: at most three loads.
=h table r
=h lookup r+
The output and gateway for an address.
=h add w
=h set w
=h remove w
=h ctrl w
Lines of add, set and remove: all or none.
=h flush w
=a StaticIPLookup, LinearIPLookup, RadixIPLookup, DirectIPLookup, RangeIPLookup
*/
#include "elements/ip/route_table.hh"

namespace click {

class RadixIPLookup final : public IPRouteTable {
  public:
    const char *class_name() const override { return "RadixIPLookup"; }
};

} // namespace click

EXPORT_ELEMENT(RadixIPLookup)
