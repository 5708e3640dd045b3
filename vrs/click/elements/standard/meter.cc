/*
=c
Meter(RATE1 [, RATE2, ...])
=s shaping
sorts packets by their average rate, in packets per second
=d
Averages the rate of the packets that pass over about a second. A packet leaves by output 0 while
the rate is below RATE1, by output 1 while it is below RATE2, and so on; by the last one when it is
no less than the last RATE. There is one output more than rates. All packets of a time go to the
same output: RatedSplitter rather takes out what exceeds a rate.
=h rate r
=h rates r
=a BandwidthMeter, RatedSplitter, Shaper
*/
#include "elements/standard/meter.hh"

namespace click {

class Meter final : public MeterBase {
  public:
    Meter() : MeterBase(false) {}
    const char *class_name() const override { return "Meter"; }
};

} // namespace click

EXPORT_ELEMENT(Meter)
