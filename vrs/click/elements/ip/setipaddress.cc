/*
=c
SetIPAddress(IPADDR [, ANNO])
=s ip
sets the destination address annotation
=d
Sets the destination address annotation, or the annotation ANNO, to IPADDR.
=a GetIPAddress, StoreIPAddress
*/
#include "element.hh"

namespace click {

class SetIPAddress final : public SimpleElement<SetIPAddress> {
  public:
    const char *class_name() const override { return "SetIPAddress"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        anno_ = anno::dst_ip.offset;
        return args.mandatory("IPADDR", address_).positional("ANNO", AnnoArg{4}, anno_).complete();
    }
    Packet *action(Packet *p) {
        p->set_anno({anno_, 4}, address_.addr);
        return p;
    }

  private:
    IPAddress address_;
    uint8_t anno_ = 0;
};

} // namespace click

EXPORT_ELEMENT(SetIPAddress)
