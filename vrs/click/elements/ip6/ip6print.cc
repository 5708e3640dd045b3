/*
=c
IP6Print([LABEL, I<keywords> NBYTES, CONTENTS, ACTIVE])
=s ip6
prints IPv6 packets
=d
Expects IPv6 packets with their header marked. Prints a line for each on stderr: LABEL, addresses,
payload length, next header and hop limit.
=k NBYTES
Bytes to print at most. Default 1500.
=k CONTENTS
Whether the packet's bytes are printed in hexadecimal. Default false.
=k ACTIVE
Default true.
=h active rw
=a IPPrint, Print
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class IP6Print final : public SimpleElement<IP6Print> {
  public:
    const char *class_name() const override { return "IP6Print"; }
    bool is_observer() const override { return true; }
    int configure(Args &args) override {
        return args.positional("LABEL", label_)
            .keyword("NBYTES", bytes_)
            .keyword("CONTENTS", has_contents_)
            .keyword("ACTIVE", is_active_)
            .complete();
    }
    void add_handlers() override { add_data("active", data_both, &is_active_); }
    Packet *action(Packet *p) {
        if (is_active_) FileErrorHandler(2).message("%s", line(*p).c_str());
        return p;
    }

  private:
    std::string line(const Packet &p) const {
        std::string out = label_.empty() ? "" : label_ + ": ";
        if (!p.has_network_header() || p.network_header_offset() < 0 ||
            p.network_length() < sizeof(click_ip6) || p.network_length() > p.length())
            return out + "(not an IP6 packet)";
        const auto *ip = reinterpret_cast<const click_ip6 *>(p.network_header());
        out += IP6Address(ip->source).text() + " -> " + IP6Address(ip->destination).text();
        out += format(" plen %u, next %u, hlim %u", net16(ip->payload_length), ip->next_header,
                      ip->hop_limit);
        const uint32_t count = has_contents_ ? std::min(bytes_, p.network_length()) : 0;
        for (uint32_t i = 0; i < count; i += 1)
            out += format("%s%02x", i % 16 == 0 ? "\n  " : i % 4 == 0 ? " " : "",
                          p.network_header()[i]);
        return out;
    }

    std::string label_;
    uint32_t bytes_ = 1500;
    bool has_contents_ = false, is_active_ = true;
};

} // namespace click

EXPORT_ELEMENT(IP6Print)
