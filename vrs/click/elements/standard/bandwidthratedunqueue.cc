/*
=c
BandwidthRatedUnqueue(RATE, I<keywords> BURST_DURATION, BURST_BYTES)
=s shaping
pull-to-push converter at a bandwidth
=d
Pulls packets at no more than RATE, and pushes them on.
=k RATE
A bandwidth, such as 1Mbps, or bytes per second. A packet counts with its length here.
=k BURST_DURATION
Time whose share of RATE may pass at once after a pause. Default 20 ms.
=k BURST_BYTES
Bytes that may pass at once after a pause, instead of BURST_DURATION.
=h rate rw
=h count r
Packets sent.
=h scheduled, tickets rw
=a RatedUnqueue, Unqueue, BandwidthShaper
*/
#include "elements/standard/shaping.hh"

namespace click {

class BandwidthRatedUnqueue final : public RatedUnqueueBase {
  public:
    BandwidthRatedUnqueue() : RatedUnqueueBase(RateArgument::bytes) {}
    const char *class_name() const override { return "BandwidthRatedUnqueue"; }
};

} // namespace click

EXPORT_ELEMENT(BandwidthRatedUnqueue)
