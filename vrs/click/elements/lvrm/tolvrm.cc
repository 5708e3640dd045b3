/*
=c
ToLVRM(PORT [, I<keywords> BURST])
=s netdevices
sends packets to a port of lvrm by its number
=d
As ToDevice, for a port by its number. Only under lvrm.
=k BURST
Packets per task run. Default 32.
=h count r
=h drops r
=a FromLVRM, ToDevice
*/
#include "elements/userlevel/to_port.hh"

namespace click {

class ToLVRM final : public ToPort {
  public:
    const char *class_name() const override { return "ToLVRM"; }
    int configure(Args &args) override {
        uint32_t port = 0;
        if (args.mandatory("PORT", Bounded<uint32_t>{0, 254}, port)
                .keyword("BURST", Bounded<uint32_t>{1, 1024}, burst_)
                .complete() < 0)
            return -1;
        name_ = "#" + std::to_string(port);
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (!port_hub) return errh.error("not under lvrm: use ToDevice");
        return ToPort::initialize(errh);
    }
};

} // namespace click

EXPORT_ELEMENT(ToLVRM)
