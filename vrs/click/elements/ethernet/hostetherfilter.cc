/*
=c
HostEtherFilter(ETHER [, DROP_OWN, DROP_OTHER, I<keywords> OFFSET])
=s ethernet
drops Ethernet packets meant for other machines
=d
Sets each packet's type by its destination: broadcast, multicast, to this host (ETHER) or another.
Packets to others leave by output 1, or are dropped when it isn't connected; so do those whose
source is ETHER when DROP_OWN is set, and those too short for a header.
=k DROP_OWN
Default false.
=k DROP_OTHER
Default true.
=k OFFSET
Where the Ethernet header starts. Default 0.
=h drops r
=a Classifier, DropBroadcasts
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class HostEtherFilter final : public SimpleElement<HostEtherFilter> {
  public:
    const char *class_name() const override { return "HostEtherFilter"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.mandatory("ETHER", ether_)
            .positional("DROP_OWN", drops_own_)
            .positional("DROP_OTHER", drops_other_)
            .keyword("OFFSET", Bounded<uint32_t>{0, 65535}, offset_)
            .complete();
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_data("drops", data_read, &drops_); }
    Packet *action(Packet *p) {
        if (passes(p)) return p;
        drops_ += 1;
        checked_push(1, p);
        return nullptr;
    }

  private:
    bool passes(Packet *p) const {
        if (p->length() < offset_ + sizeof(click_ether)) return false;
        const EtherAddress destination(p->data() + offset_);
        const EtherAddress source(p->data() + offset_ + 6);
        if (drops_own_ && source == ether_) return false;
        if (destination.is_broadcast())
            p->set_packet_type(PacketType::broadcast);
        else if (destination.is_group())
            p->set_packet_type(PacketType::multicast);
        else if (destination == ether_)
            p->set_packet_type(PacketType::host);
        else
            p->set_packet_type(PacketType::otherhost);
        return !drops_other_ || p->packet_type() != PacketType::otherhost;
    }
    EtherAddress ether_;
    bool drops_own_ = false, drops_other_ = true;
    uint32_t offset_ = 0;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(HostEtherFilter)
