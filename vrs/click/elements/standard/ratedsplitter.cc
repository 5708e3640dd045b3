/*
=c
RatedSplitter(RATE, I<keywords> BURST_DURATION, BURST_SIZE)
=s shaping
splits a flow of packets at a rate
=d
Pushes up to RATE packets per second to output 0, and what exceeds that to output 1.
=k RATE
Packets per second.
=k BURST_DURATION
Time whose share of RATE may pass at once after a pause. Default 20 ms.
=k BURST_SIZE
Packets that may pass at once after a pause, instead of BURST_DURATION.
=h rate rw
=a BandwidthRatedSplitter, Meter, RatedUnqueue
*/
#include "elements/standard/shaping.hh"

namespace click {

class RatedSplitter final : public RatedSplitterBase {
  public:
    RatedSplitter() : RatedSplitterBase(RateArgument::packets) {}
    const char *class_name() const override { return "RatedSplitter"; }
};

} // namespace click

EXPORT_ELEMENT(RatedSplitter)
