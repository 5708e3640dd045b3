/*
=c
BandwidthMeter(RATE1 [, RATE2, ...])
=s shaping
sorts packets by their average bandwidth
=d
Like Meter, with bandwidths, such as 1Mbps or a number of bytes per second.
=h rate r
Bytes per second.
=h rates r
=a Meter, BandwidthRatedSplitter, BandwidthShaper
*/
#include "elements/standard/meter.hh"

namespace click {

class BandwidthMeter final : public MeterBase {
  public:
    BandwidthMeter() : MeterBase(true) {}
    const char *class_name() const override { return "BandwidthMeter"; }
};

} // namespace click

EXPORT_ELEMENT(BandwidthMeter)
