/*
=c
FixIPSrc(IPADDR)
=s ip
sets the source address of packets that ask for it
=d
Expects IP packets with their header marked. When the fix-IP-source annotation is set, as by
ICMPError, the source address becomes IPADDR, the checksum follows, and the annotation is cleared.
Other packets pass as they are.
=a ICMPError
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "headers.hh"

namespace click {

class FixIPSrc final : public SimpleElement<FixIPSrc> {
  public:
    const char *class_name() const override { return "FixIPSrc"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override { return args.mandatory("IPADDR", address_).complete(); }
    Packet *action(Packet *p) {
        if (!p->anno_as<uint8_t>(anno::fix_ip_src)) [[likely]] return p;
        p->set_anno<uint8_t>(anno::fix_ip_src, 0);
        if (!has_ip_fields(p)) return p;
        click_ip *ip = p->ip_header();
        ip->checksum = checksum_update32(ip->checksum, ip->source, address_.addr);
        ip->source = address_.addr;
        return p;
    }

  private:
    IPAddress address_;
};

} // namespace click

EXPORT_ELEMENT(FixIPSrc)
