/*
=c
BandwidthShaper(RATE, I<keywords> BURST_DURATION, BURST_BYTES)
=s shaping
shapes a pull path to a bandwidth
=d
Lets packets be pulled at no more than RATE. One packet may overdraw; that is paid back before the
next.
=k RATE
A bandwidth, such as 1Mbps, or bytes per second. A packet counts with its length here.
=k BURST_DURATION
Time whose share of RATE may pass at once after a pause. Default 20 ms.
=k BURST_BYTES
Bytes that may pass at once after a pause, instead of BURST_DURATION.
=h rate rw
=a Shaper, BandwidthRatedUnqueue, BandwidthRatedSplitter
*/
#include "elements/standard/shaping.hh"

namespace click {

class BandwidthShaper final : public ShaperBase {
  public:
    BandwidthShaper() : ShaperBase(RateArgument::bytes) {}
    const char *class_name() const override { return "BandwidthShaper"; }
};

} // namespace click

EXPORT_ELEMENT(BandwidthShaper)
