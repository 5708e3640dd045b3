/*
=c
GetIP6Address(OFFSET)
=s ip6
sets the destination address annotation from packet data
=d
Copies the 16 bytes OFFSET bytes into the packet to the IPv6 destination address annotation: 24 is
the destination address of an IPv6 packet. A packet that is too short is dropped.
=a GetIPAddress, LookupIP6Route
*/
#include "element.hh"

namespace click {

class GetIP6Address final : public SimpleElement<GetIP6Address> {
  public:
    const char *class_name() const override { return "GetIP6Address"; }
    int configure(Args &args) override {
        return args.mandatory("OFFSET", Bounded<uint32_t>{0, 65535}, offset_).complete();
    }
    Packet *action(Packet *p) {
        if (p->length() < offset_ + sizeof(IP6Address)) return p->kill(), nullptr;
        p->set_anno(anno::dst_ip6, IP6Address(p->data() + offset_));
        return p;
    }

  private:
    uint32_t offset_ = 0;
};

} // namespace click

EXPORT_ELEMENT(GetIP6Address)
