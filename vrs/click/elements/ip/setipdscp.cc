/*
=c
SetIPDSCP(DSCP)
=s ip
sets the DSCP field of IP packets
=d
Expects IP packets with their header marked. Sets the six DSCP bits, leaves the two ECN bits, and
the
checksum follows. DSCP is from 0 to 63.
=h dscp rw
=a MarkIPCE
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "headers.hh"

namespace click {

class SetIPDSCP final : public SimpleElement<SetIPDSCP> {
  public:
    const char *class_name() const override { return "SetIPDSCP"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        return args.mandatory("DSCP", Bounded<uint8_t>{0, 63}, dscp_).complete();
    }
    void add_handlers() override {
        add_read("dscp", [this] { return dscp_; });
        add_write("dscp", [this](const std::string &text, ErrorHandler &errh) {
            ArgContext context{this, errh, "DSCP"};
            if (Bounded<uint8_t>{0, 63}(trim(text), dscp_, context)) return 0;
            return context.has_failed ? -1 : errh.error("syntax error");
        });
    }
    Packet *action(Packet *p) {
        if (!has_ip_fields(p)) [[unlikely]] return p;
        click_ip *ip = p->ip_header();
        const auto before = load<uint16_t>(ip);
        ip->tos = static_cast<uint8_t>(ip->tos & 3) | static_cast<uint8_t>(dscp_ << 2);
        ip->checksum = checksum_update(ip->checksum, before, load<uint16_t>(ip));
        return p;
    }

  private:
    uint8_t dscp_ = 0;
};

} // namespace click

EXPORT_ELEMENT(SetIPDSCP)
