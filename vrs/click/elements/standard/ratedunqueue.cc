/*
=c
RatedUnqueue(RATE, I<keywords> BURST_DURATION, BURST_SIZE)
=s shaping
pull-to-push converter at a rate
=d
Pulls packets at no more than RATE packets per second, and pushes them on.
=k RATE
Packets per second.
=k BURST_DURATION
Time whose share of RATE may pass at once after a pause. Default 20 ms.
=k BURST_SIZE
Packets that may pass at once after a pause, instead of BURST_DURATION.
=h rate rw
=h count r
Packets sent.
=h scheduled, tickets rw
=a BandwidthRatedUnqueue, Unqueue, Shaper
*/
#include "elements/standard/shaping.hh"

namespace click {

class RatedUnqueue final : public RatedUnqueueBase {
  public:
    RatedUnqueue() : RatedUnqueueBase(RateArgument::packets) {}
    const char *class_name() const override { return "RatedUnqueue"; }
};

} // namespace click

EXPORT_ELEMENT(RatedUnqueue)
