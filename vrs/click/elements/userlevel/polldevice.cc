/*
=c
PollDevice(DEVNAME [, I<keywords>])
=s netdevices
reads packets from a network device
=d
As FromDevice: lvrm's queues are polled anyway.
=a FromDevice
*/
#include "elements/userlevel/from_device.hh"

namespace click {

class PollDevice final : public FromPort {
  public:
    const char *class_name() const override { return "PollDevice"; }
};

} // namespace click

EXPORT_ELEMENT(PollDevice)
