/*
=c
StripEtherVLANHeader([NATIVE_VLAN])
=s ethernet
strips an Ethernet header, with its 802.1Q tag if any
=d
Marks the link header, puts the tag into the VLAN annotation, and strips both. Packets shorter than
their header are dropped.
=k NATIVE_VLAN
The annotation of packets without tag. Default 0; -1 drops them, or pushes them to output 1 when it
is connected.
=a VLANDecap, Strip
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class StripEtherVLANHeader final : public SimpleElement<StripEtherVLANHeader> {
  public:
    const char *class_name() const override { return "StripEtherVLANHeader"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.positional("NATIVE_VLAN", Bounded<int>{-1, 4095}, native_).complete();
    }
    Packet *action(Packet *p) {
        if (p->length() < sizeof(click_ether)) return p->kill(), nullptr;
        const bool is_tagged = load<uint16_t>(p->data() + 12) == net16(ether_type_vlan);
        const uint32_t bytes = is_tagged ? sizeof(click_ether_vlan) : sizeof(click_ether);
        if (p->length() < bytes) return p->kill(), nullptr;
        if (!is_tagged && native_ < 0) return checked_push(1, p), nullptr;
        p->set_anno(anno::vlan_tci, is_tagged ? load<uint16_t>(p->data() + 14)
                                              : net16(static_cast<uint16_t>(native_)));
        p->set_mac_header(p->data(), bytes);
        p->pull(bytes);
        return p;
    }

  private:
    int native_ = 0;
};

} // namespace click

EXPORT_ELEMENT(StripEtherVLANHeader)
