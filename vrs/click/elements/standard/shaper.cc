/*
=c
Shaper(RATE, I<keywords> BURST_DURATION, BURST_SIZE)
=s shaping
shapes a pull path to packets per second
=d
Lets at most RATE packets per second be pulled. Who pulls sleeps while the rate is used up.
=k RATE
Packets per second.
=k BURST_DURATION
Time whose share of RATE may pass at once after a pause. Default 20 ms.
=k BURST_SIZE
Packets that may pass at once after a pause, instead of BURST_DURATION.
=h rate rw
=a BandwidthShaper, RatedUnqueue, RatedSplitter
*/
#include "elements/standard/shaping.hh"

namespace click {

class Shaper final : public ShaperBase {
  public:
    Shaper() : ShaperBase(RateArgument::packets) {}
    const char *class_name() const override { return "Shaper"; }
};

} // namespace click

EXPORT_ELEMENT(Shaper)
