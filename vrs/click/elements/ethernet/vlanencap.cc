/*
=c
VLANEncap(VLAN_TCI [, VLAN_PCP, I<keywords> VLAN_ID, NATIVE_VLAN])
=s ethernet
puts an 802.1Q tag into Ethernet packets
=d
Packets must start with an Ethernet header. Those shorter than that pass unchanged.
=k VLAN_TCI, VLAN_ID
The tag's 16 bits, or the VLAN alone. One of them must be given. ANNO: as the packet's VLAN
annotation says.
=k VLAN_PCP
The priority, 0 to 7. Default: that of VLAN_TCI.
=k NATIVE_VLAN
Packets of this VLAN get no tag. Default 0; -1 for none.
=h vlan_tci, vlan_id, vlan_pcp rw
=a VLANDecap, EtherVLANEncap, SetVLANAnno
*/
#include "elements/ethernet/vlan.hh"

namespace click {

class VLANEncap final : public SimpleElement<VLANEncap> {
  public:
    const char *class_name() const override { return "VLANEncap"; }
    int configure(Args &args) override {
        tag_ = VlanTag();
        tag_.declare(args, true);
        return args.complete() < 0 ? -1 : tag_.read(args);
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { tag_.add_handlers(*this); }
    Packet *action(Packet *p) {
        const uint16_t tci = tag_.tci(p);
        if (tag_.is_native(tci) || p->length() < sizeof(click_ether)) return p;
        uint8_t *at = p->push(4);
        std::memmove(at, at + 4, 12);
        store(at + 12, net16(ether_type_vlan));
        store(at + 14, net16(tci));
        p->set_mac_header(at);
        return p;
    }

  private:
    VlanTag tag_;
};

} // namespace click

EXPORT_ELEMENT(VLANEncap)
