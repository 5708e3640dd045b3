/*
=c
IPMirror([DST_ANNO])
=s ip
swaps the source and destination of IP packets
=d
Expects IP packets with their header marked. Swaps the addresses, and the ports of TCP and UDP
packets (not in later fragments). Checksums stay right by themselves. The destination address
annotation becomes the new destination unless DST_ANNO is false.
=a EtherMirror, ICMPPingResponder
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class IPMirror final : public SimpleElement<IPMirror> {
  public:
    const char *class_name() const override { return "IPMirror"; }
    int configure(Args &args) override {
        return args.positional("DST_ANNO", sets_anno_).complete();
    }
    Packet *action(Packet *p) {
        if (!has_ip_header(p)) return p;
        click_ip *ip = p->ip_header();
        const uint32_t source = ip->source;
        ip->source = ip->destination;
        ip->destination = source;
        if (sets_anno_) p->set_dst_ip_anno(source);
        const bool has_ports = ip->protocol == ip_proto_tcp || ip->protocol == ip_proto_udp;
        if (has_ports && ip->is_first_fragment() && p->transport_length() >= 4) {
            const auto ports = load<uint32_t>(p->transport_header());
            store(p->transport_header(), ports << 16 | ports >> 16);
        }
        return p;
    }

  private:
    bool sets_anno_ = true;
};

} // namespace click

EXPORT_ELEMENT(IPMirror)
