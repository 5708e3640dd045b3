/*
=c
LinearIPLookup(ADDR1/MASK1 [GW1] OUT1, ADDR2/MASK2 [GW2] OUT2, ...)
=s iproute
looks up routes
=d
Expects packets with a destination address annotation. The longest prefix that it is in decides on
the output; when that route has a gateway, the annotation becomes the gateway. A packet without a
route is dropped, and the first told on stderr.

All lookup elements here use one flat table of 16, 8 and 8 bits: at most three loads. This one also
takes masks that are no prefixes, such as 10.0.0.1/255.0.0.255; it then goes through its routes one
by one, and the most specific mask counts, or the first of two.
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

class LinearIPLookup final : public IPRouteTable {
  public:
    const char *class_name() const override { return "LinearIPLookup"; }
    bool takes_any_mask() const override { return true; }
};

} // namespace click

EXPORT_ELEMENT(LinearIPLookup)
