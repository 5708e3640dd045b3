/*
=c
ARPFaker(DST_IP, DST_ETH, SRC_IP, SRC_ETH)
=s arp
sends ARP replies that nobody asked for
=d
At the start and every 15 seconds makes an ARP reply to DST_IP at DST_ETH, which says that SRC_IP is
at SRC_ETH, with its Ethernet header.
=a ARPResponder, ARPQuerier
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class ARPFaker final : public Element {
  public:
    const char *class_name() const override { return "ARPFaker"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "h/h"; }
    int configure(Args &args) override {
        return args.mandatory("DST_IP", to_ip_)
            .mandatory("DST_ETH", to_)
            .mandatory("SRC_IP", from_ip_)
            .mandatory("SRC_ETH", from_)
            .complete();
    }
    int initialize(ErrorHandler &) override {
        timer_.initialize();
        timer_.schedule_now();
        return 0;
    }
    void run_timer(Timer *) override {
        timer_.reschedule_after(Timestamp::seconds(15));
        output(0).push(make());
    }

  private:
    Packet *make() const {
        struct [[gnu::packed]] {
            click_ether ether;
            click_arp arp;
        } reply{};
        std::memcpy(reply.ether.destination, to_.bytes, 6);
        std::memcpy(reply.ether.source, from_.bytes, 6);
        reply.ether.type = net16(ether_type_arp);
        reply.arp.hardware = net16(1);
        reply.arp.protocol = net16(ether_type_ip);
        reply.arp.hardware_bytes = 6;
        reply.arp.protocol_bytes = 4;
        reply.arp.operation = net16(2);
        std::memcpy(reply.arp.sender_ether, from_.bytes, 6);
        reply.arp.sender_ip = from_ip_.addr;
        std::memcpy(reply.arp.target_ether, to_.bytes, 6);
        reply.arp.target_ip = to_ip_.addr;
        Packet *p = Packet::make(&reply, sizeof reply);
        p->set_mac_header(p->data(), sizeof(click_ether));
        return p;
    }
    IPAddress to_ip_, from_ip_;
    EtherAddress to_, from_;
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(ARPFaker)
