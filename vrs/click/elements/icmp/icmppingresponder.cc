/*
=c
ICMPPingResponder()
=s icmp
answers ICMP echo requests
=d
Expects IP packets with their header marked. Turns each ICMP echo request into the reply: addresses
swapped, type and checksums changed, time to live and identification set anew, the destination
address annotation set, the paint annotation cleared, the timestamp now. Other packets leave by
output 1 when there is one, else they are dropped.
=a ICMPError, IPMirror
*/
#include "elements/icmp/icmp_names.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class ICMPPingResponder final : public SimpleElement<ICMPPingResponder> {
  public:
    const char *class_name() const override { return "ICMPPingResponder"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    Packet *action(Packet *p) {
        if (!is_request(p)) {
            checked_push(1, p);
            return nullptr;
        }
        click_ip *ip = p->ip_header();
        click_icmp *icmp = p->icmp_header();
        const auto before = load<uint16_t>(icmp);
        icmp->type = icmp_echo_reply;
        icmp->checksum = checksum_update(icmp->checksum, before, load<uint16_t>(icmp));
        const uint32_t source = ip->source;
        ip->source = ip->destination;
        ip->destination = source;
        ip->ttl = 255;
        ip->id = net16(id_++);
        set_ip_checksum(ip);
        p->set_dst_ip_anno(source);
        p->set_paint(0);
        p->set_timestamp(Timestamp::now());
        return p;
    }

  private:
    static bool is_request(const Packet *p) {
        return has_ip_header(p) && p->ip_header()->protocol == ip_proto_icmp &&
               p->ip_header()->is_first_fragment() && p->transport_length() >= sizeof(click_icmp) &&
               p->icmp_header()->type == icmp_echo;
    }
    uint16_t id_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ICMPPingResponder)
