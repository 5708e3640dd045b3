/*
=c
VLANDecap([ANNO])
=s ethernet
takes the 802.1Q tag out of Ethernet packets
=d
Packets without a tag pass; their VLAN annotation is set to 0.
=k ANNO
Put the tag into the VLAN annotation. Default true.
=a VLANEncap, StripEtherVLANHeader
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class VLANDecap final : public SimpleElement<VLANDecap> {
  public:
    const char *class_name() const override { return "VLANDecap"; }
    int configure(Args &args) override { return args.positional("ANNO", sets_anno_).complete(); }
    Packet *action(Packet *p) {
        const bool is_tagged = p->length() >= sizeof(click_ether_vlan) &&
                               load<uint16_t>(p->data() + 12) == net16(ether_type_vlan);
        if (sets_anno_)
            p->set_anno(anno::vlan_tci, is_tagged ? load<uint16_t>(p->data() + 14) : uint16_t{0});
        if (!is_tagged) return p;
        std::memmove(p->data() + 4, p->data(), 12);
        p->pull(4);
        p->set_mac_header(p->data());
        return p;
    }

  private:
    bool sets_anno_ = true;
};

} // namespace click

EXPORT_ELEMENT(VLANDecap)
