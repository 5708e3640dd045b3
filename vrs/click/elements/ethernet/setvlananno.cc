/*
=c
SetVLANAnno(VLAN_TCI [, VLAN_PCP, I<keywords> VLAN_ID])
=s ethernet
sets packets' VLAN annotations
=k VLAN_TCI, VLAN_ID
The tag's 16 bits, or the VLAN alone. One of them must be given.
=k VLAN_PCP
The priority, 0 to 7. Default: that of VLAN_TCI.
=h vlan_tci, vlan_id, vlan_pcp rw
=a VLANEncap, EtherVLANEncap, VLANDecap
*/
#include "elements/ethernet/vlan.hh"

namespace click {

class SetVLANAnno final : public SimpleElement<SetVLANAnno> {
  public:
    const char *class_name() const override { return "SetVLANAnno"; }
    int configure(Args &args) override {
        tag_ = VlanTag();
        tag_.declare(args, false);
        return args.complete() < 0 ? -1 : tag_.read(args);
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { tag_.add_handlers(*this); }
    Packet *action(Packet *p) {
        p->set_anno(anno::vlan_tci, net16(tag_.tci(p)));
        return p;
    }

  private:
    VlanTag tag_;
};

} // namespace click

EXPORT_ELEMENT(SetVLANAnno)
