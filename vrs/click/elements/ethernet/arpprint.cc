/*
=c
ARPPrint([LABEL, I<keywords> TIMESTAMP, ETHER, ACTIVE])
=s arp
prints ARP packets
=d
Prints a line on standard error for each ARP packet, and passes it on. Packets start with their
Ethernet header, or have their network header marked.
=k LABEL
Printed first.
=k TIMESTAMP
Print the packet's timestamp. Default true.
=k ETHER
Print the Ethernet addresses of the header. Default false.
=k ACTIVE
Default true.
=h active rw
=a Print, IPPrint
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class ARPPrint final : public SimpleElement<ARPPrint> {
  public:
    const char *class_name() const override { return "ARPPrint"; }
    bool is_observer() const override { return true; }
    int configure(Args &args) override {
        return args.positional("LABEL", label_)
            .keyword("TIMESTAMP", has_timestamp_)
            .keyword("ETHER", has_ether_)
            .keyword("ACTIVE", is_active_)
            .complete();
    }
    void add_handlers() override { add_data("active", data_both, &is_active_); }
    Packet *action(Packet *p) {
        if (is_active_) FileErrorHandler(2).message("%s", line(p).c_str());
        return p;
    }

  private:
    std::string line(const Packet *p) const {
        std::string out = label_.empty() ? "" : label_ + ": ";
        if (has_timestamp_) out += p->timestamp().text() + ": ";
        const int32_t offset =
            p->has_network_header() ? p->network_header_offset() : int32_t{sizeof(click_ether)};
        if (offset < 0 || p->length() < static_cast<uint32_t>(offset) + sizeof(click_arp))
            return out + format("truncated-arp (%u)", p->length());
        const auto arp = load<click_arp>(p->data() + offset);
        if (has_ether_ && offset >= static_cast<int32_t>(sizeof(click_ether))) {
            const uint8_t *header = p->data() + offset - sizeof(click_ether);
            out += EtherAddress(header + 6).text() + " > " + EtherAddress(header).text() + ": ";
        }
        if (arp.protocol != net16(ether_type_ip) || arp.hardware_bytes != 6 ||
            arp.protocol_bytes != 4)
            return out + format("unknown-arp hardware %u protocol 0x%04x", net16(arp.hardware),
                                net16(arp.protocol));
        const std::string sender = IPAddress{arp.sender_ip}.text();
        const std::string target = IPAddress{arp.target_ip}.text();
        if (arp.operation == net16(1)) return out + "arp who-has " + target + " tell " + sender;
        if (arp.operation == net16(2))
            return out + "arp reply " + sender + " is-at " + EtherAddress(arp.sender_ether).text();
        return out + format("arp operation %u", net16(arp.operation));
    }
    std::string label_;
    bool has_timestamp_ = true, has_ether_ = false, is_active_ = true;
};

} // namespace click

EXPORT_ELEMENT(ARPPrint)
