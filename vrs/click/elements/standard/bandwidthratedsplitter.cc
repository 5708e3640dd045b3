/*
=c
BandwidthRatedSplitter(RATE, I<keywords> BURST_DURATION, BURST_BYTES)
=s shaping
splits a flow of packets at a bandwidth
=d
Pushes packets of up to RATE to output 0, and what exceeds that to output 1.
=k RATE
A bandwidth, such as 1Mbps, or bytes per second. A packet counts with its length here.
=k BURST_DURATION
Time whose share of RATE may pass at once after a pause. Default 20 ms.
=k BURST_BYTES
Bytes that may pass at once after a pause, instead of BURST_DURATION.
=h rate rw
=a RatedSplitter, BandwidthMeter, BandwidthRatedUnqueue
*/
#include "elements/standard/shaping.hh"

namespace click {

class BandwidthRatedSplitter final : public RatedSplitterBase {
  public:
    BandwidthRatedSplitter() : RatedSplitterBase(RateArgument::bytes) {}
    const char *class_name() const override { return "BandwidthRatedSplitter"; }
};

} // namespace click

EXPORT_ELEMENT(BandwidthRatedSplitter)
