/*
=c
ICMPRewriter(MAPS [, I<keywords> DST_ANNO])
=s nat
rewrites ICMP errors about packets that were rewritten
=d
Expects ICMP errors (unreachable, source quench, redirect, time exceeded, parameter problem) with
their
IP header marked. MAPS names rewriters (IPRewriter and its like), separated by spaces. When one of
them
has made the packet that an error quotes, the quoted packet becomes what it was before, the error
goes
to the host that sent it, and checksums follow. With one output, all leave by it; with one for each
name in MAPS, errors leave by the output of the rewriter that knew the flow. With one output more,
packets of no known flow leave by it; else they are dropped.
=k DST_ANNO
Whether the destination address annotation becomes the new destination. Default true.
=a IPRewriter, ICMPPingRewriter, ICMPError
*/
#include "elements/icmp/icmp_names.hh"
#include "elements/ip/ip_tools.hh"
#include "elements/tcpudp/rewriter.hh"

namespace click {

class ICMPRewriter final : public SortElement<ICMPRewriter> {
  public:
    const char *class_name() const override { return "ICMPRewriter"; }
    const char *port_count() const override { return "1/1-"; }
    int configure(Args &args) override {
        std::string maps;
        if (args.mandatory("MAPS", Any{}, maps).keyword("DST_ANNO", sets_dst_anno_).complete() < 0)
            return -1;
        maps_.clear();
        for (const std::string &name : split_words(maps)) {
            Rewriter *it = nullptr;
            ArgContext context{this, args.errh(), "MAPS"};
            if (!ElementOf<Rewriter>{"Rewriter"}(name, it, context)) return -1;
            maps_.push_back(it);
        }
        const int count = static_cast<int>(maps_.size());
        if (count == 0) return args.error("MAPS: no rewriters named");
        if (noutputs() > 2 && noutputs() != count && noutputs() != count + 1)
            return args.error("need 1, 2, %d or %d outputs", count, count + 1);
        has_output_each_ = noutputs() > 1 && (noutputs() == count || noutputs() == count + 1);
        return 0;
    }
    int sort(int, Packet *p) {
        const int spare = has_output_each_ ? static_cast<int>(maps_.size()) : 1;
        const int map = rewrite(p);
        if (map < 0) return spare; // where there is no such output, it is dropped
        if (sets_dst_anno_) p->set_dst_ip_anno(p->ip_header()->destination);
        return has_output_each_ ? map : 0;
    }

  private:
    static bool is_error(uint8_t type) {
        return type == icmp_unreachable || type == icmp_source_quench || type == icmp_redirect ||
               type == icmp_time_exceeded || type == icmp_parameter_problem;
    }
    /// The number of the rewriter that knew the flow, or -1.
    int rewrite(Packet *p) {
        if (!has_ip_header(p) || p->ip_header()->protocol != ip_proto_icmp ||
            p->ip_header()->is_fragment())
            return -1;
        const uint32_t total = net16(p->ip_header()->length) - p->network_header_length();
        const uint32_t bytes = std::min(p->transport_length(), total);
        if (bytes < sizeof(click_icmp) + sizeof(click_ip) || !is_error(p->icmp_header()->type))
            return -1;
        auto *quoted = reinterpret_cast<click_ip *>(p->icmp_header() + 1);
        const uint32_t left = bytes - sizeof(click_icmp), header = quoted->header_length();
        if (header < sizeof(click_ip) || header > left || !quoted->is_first_fragment()) return -1;
        uint8_t *transport = reinterpret_cast<uint8_t *>(quoted) + header;
        for (size_t i = 0; i < maps_.size(); i += 1) {
            FlowKey key;
            int reply;
            if (!maps_[i]->quoted_key(quoted, transport, left - header, key)) continue;
            // The quoted packet was sent in the direction opposite to one that looks reversed.
            const Flow *flow = maps_[i]->find(key.reversed(), reply);
            if (!flow) continue;
            restore(p, quoted, transport, left - header, flow->key[!reply]);
            p->icmp_header()->checksum = 0;
            p->icmp_header()->checksum = checksum(p->icmp_header(), bytes);
            return static_cast<int>(i);
        }
        return -1;
    }
    /// `original`: what the quoted packet was before; 0 is a field that the rewriter ignores.
    static void restore(Packet *p, click_ip *quoted, uint8_t *transport, uint32_t bytes,
                        const FlowKey &original) {
        click_ip *ip = p->ip_header();
        if (original.source) {
            ip->checksum = checksum_update32(ip->checksum, ip->destination, original.source);
            ip->destination = original.source;
        }
        // An error from the host that the packet was for comes from whom the sender thought it was.
        if (original.destination && ip->source == quoted->destination) {
            ip->checksum = checksum_update32(ip->checksum, ip->source, original.destination);
            ip->source = original.destination;
        }
        const click_ip before = *quoted;
        if (original.source) quoted->source = original.source;
        if (original.destination) quoted->destination = original.destination;
        quoted->checksum = checksum_update32(quoted->checksum, before.source, quoted->source);
        quoted->checksum =
            checksum_update32(quoted->checksum, before.destination, quoted->destination);
        uint16_t *sum = nullptr; // the quoted transport checksum, when it is there
        if (quoted->protocol == ip_proto_udp && bytes >= sizeof(click_udp))
            sum = reinterpret_cast<uint16_t *>(transport + 6);
        else if (quoted->protocol == ip_proto_tcp && bytes >= sizeof(click_tcp))
            sum = reinterpret_cast<uint16_t *>(transport + 16);
        if (sum && quoted->protocol == ip_proto_udp && load<uint16_t>(sum) == 0) sum = nullptr;
        uint16_t value = sum ? load<uint16_t>(sum) : 0;
        value = checksum_update32(value, before.source, quoted->source);
        value = checksum_update32(value, before.destination, quoted->destination);
        const bool has_ports = quoted->protocol == ip_proto_tcp || quoted->protocol == ip_proto_udp;
        if (has_ports && (original.source_port || original.destination_port)) {
            const auto ports = load<uint32_t>(transport);
            const uint32_t restored =
                uint32_t{original.source_port} | uint32_t{original.destination_port} << 16;
            value = checksum_update32(value, ports, restored);
            store(transport, restored);
        }
        if (sum) store(sum, value);
        if (quoted->protocol == ip_proto_icmp && original.protocol && bytes >= sizeof(click_icmp)) {
            auto *icmp = reinterpret_cast<click_icmp *>(transport);
            const auto id = static_cast<uint16_t>(original.source_port | original.destination_port);
            icmp->checksum = checksum_update(icmp->checksum, icmp->id, id);
            icmp->id = id;
        }
    }

    std::vector<Rewriter *> maps_;
    bool sets_dst_anno_ = true, has_output_each_ = false;
};

} // namespace click

EXPORT_ELEMENT(ICMPRewriter)
