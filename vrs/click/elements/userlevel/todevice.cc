/*
=c
ToDevice(DEVNAME [, I<keywords> BURST, DEBUG, METHOD, UNIQUE_HEADERS])
=s netdevices
sends packets to a network device
=d
Under lvrm, DEVNAME is a port of lvrm's by the name of its interface; in `lvrm click` it opens the
interface. Packets must have their Ethernet header. It pulls them, or is pushed to. What can't be
sent is dropped.
=k BURST
Packets per task run. Default 32.
=k DEBUG, METHOD, UNIQUE_HEADERS
Accepted, and changes nothing.
=h count r
=h drops r
=h reset_counts w
=a FromDevice, ToLVRM
*/
#include "elements/userlevel/to_port.hh"

namespace click {

class ToDevice final : public ToPort {
  public:
    const char *class_name() const override { return "ToDevice"; }
    int configure(Args &args) override {
        std::string ignored;
        return args.mandatory("DEVNAME", name_)
            .keyword("BURST", Bounded<uint32_t>{1, 1024}, burst_)
            .keyword("DEBUG", Any{}, ignored)
            .keyword("METHOD", Any{}, ignored)
            .keyword("UNIQUE_HEADERS", Any{}, ignored)
            .keyword("IGNORE_ERRORS", Any{}, ignored)
            .keyword("NO_PAD", Any{}, ignored)
            .complete();
    }
};

} // namespace click

EXPORT_ELEMENT(ToDevice)
