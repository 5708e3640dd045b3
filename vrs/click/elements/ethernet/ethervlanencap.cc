/*
=c
EtherVLANEncap(ETHERTYPE, SRC, DST, VLAN_TCI [, VLAN_PCP, I<keywords> VLAN_ID, NATIVE_VLAN])
=s ethernet
puts an Ethernet header with an 802.1Q tag onto packets
=k VLAN_TCI, VLAN_ID
The tag's 16 bits, or the VLAN alone. One of them must be given. ANNO: as the packet's VLAN
annotation says.
=k VLAN_PCP
The priority, 0 to 7. Default: that of VLAN_TCI.
=k NATIVE_VLAN
Packets of this VLAN get an Ethernet header without tag. Default 0; -1 for none.
=h src, dst, ethertype rw
=h vlan_tci, vlan_id, vlan_pcp rw
=a EtherEncap, VLANEncap, SetVLANAnno
*/
#include "elements/ethernet/vlan.hh"

namespace click {

class EtherVLANEncap final : public SimpleElement<EtherVLANEncap> {
  public:
    const char *class_name() const override { return "EtherVLANEncap"; }
    int configure(Args &args) override {
        tag_ = VlanTag();
        args.mandatory("ETHERTYPE", type_).mandatory("SRC", source_).mandatory("DST", destination_);
        tag_.declare(args, true);
        return args.complete() < 0 ? -1 : tag_.read(args);
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override {
        add_data("src", data_both, &source_);
        add_data("dst", data_both, &destination_);
        add_data("ethertype", data_write, &type_);
        add_read("ethertype", [this] { return format("%04x", type_); });
        tag_.add_handlers(*this);
    }
    Packet *action(Packet *p) {
        const uint16_t tci = tag_.tci(p);
        const bool is_plain = tag_.is_native(tci);
        const uint32_t bytes = is_plain ? sizeof(click_ether) : sizeof(click_ether_vlan);
        auto *header = reinterpret_cast<click_ether_vlan *>(p->push(bytes));
        std::memcpy(header->destination, destination_.bytes, 6);
        std::memcpy(header->source, source_.bytes, 6);
        if (is_plain) {
            header->vlan_type = net16(type_);
        } else {
            header->vlan_type = net16(ether_type_vlan);
            header->vlan_tci = net16(tci);
            header->type = net16(type_);
        }
        p->set_mac_header(p->data());
        return p;
    }

  private:
    uint16_t type_ = 0;
    EtherAddress source_, destination_;
    VlanTag tag_;
};

} // namespace click

EXPORT_ELEMENT(EtherVLANEncap)
