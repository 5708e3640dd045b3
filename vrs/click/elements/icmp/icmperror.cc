/*
=c
ICMPError(SRC, TYPE [, CODE, I<keywords> BADADDRS, MTU, PMTU, SET_FIX_ANNO])
=s icmp
makes ICMP error packets
=d
Expects IP packets with their header marked. Turns each into an ICMP error about it, from SRC, of
type TYPE (number, or unreachable, sourcequench, redirect, timeexceeded, parameterproblem) and CODE
(number or name, such as net, host, protocol, port, needfrag, transit, reassembly; default 0). The
error's destination address annotation is set, its header marked, and its fix-IP-source annotation
set, so that FixIPSrc gives it the address of the interface by which it leaves.

A parameter problem gets its pointer from the annotation that IPGWOptions sets; a redirect names the
gateway that is the packet's destination address annotation.

No error is made, and the packet dropped, about ICMP errors, about fragments but the first, about
packets that were broadcast or multicast by their type or address, and when the source is no single
host's or a source route was asked for (RFC 1812 4.3.2.7).
=k BADADDRS
More addresses, such as broadcast addresses of networks, that get and cause no errors.
=k MTU
The error's length at most. Default 576.
=k PMTU
With unreachable, needfrag: the MTU that is told.
=k SET_FIX_ANNO
Default true.
=h drops r
=h src rw
=a DecIPTTL, FixIPSrc, IPFragmenter, IPGWOptions
*/
#include <algorithm>

#include "elements/icmp/icmp_names.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class ICMPError final : public SimpleElement<ICMPError> {
  public:
    const char *class_name() const override { return "ICMPError"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        std::string code;
        pmtu_ = 0;
        bad_.clear();
        sets_fix_ = true;
        mtu_ = 576;
        if (args.mandatory("SRC", source_)
                .mandatory("TYPE", IcmpTypeArg{}, type_)
                .positional("CODE", Any{}, code)
                .positional("BADADDRS", bad_)
                .keyword("MTU", Bounded<uint32_t>{64, 65535}, mtu_)
                .keyword("PMTU", pmtu_)
                .keyword("SET_FIX_ANNO", sets_fix_)
                .complete() < 0)
            return -1;
        code_ = 0;
        ArgContext context{this, args.errh(), "CODE"};
        if (!code.empty() && !IcmpCodeArg{type_}(code, code_, context))
            return context.has_failed ? -1 : (context.error("syntax error"), -1);
        const bool is_error = type_ == icmp_unreachable || type_ == icmp_source_quench ||
                              type_ == icmp_redirect || type_ == icmp_time_exceeded ||
                              type_ == icmp_parameter_problem;
        if (!is_error) return args.error("TYPE must be an ICMP error type");
        return 0;
    }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
        add_data("src", data_both, &source_);
    }
    Packet *action(Packet *p) {
        if (!deserves_error(p)) {
            drops_ += 1;
            p->kill();
            return nullptr;
        }
        const click_ip *about = p->ip_header();
        const uint32_t quoted =
            std::min(p->network_length(), mtu_ - uint32_t{sizeof(click_ip) + sizeof(click_icmp)});
        const uint32_t length = sizeof(click_ip) + sizeof(click_icmp) + quoted;
        Packet *q = Packet::make(nullptr, length);
        auto *ip = reinterpret_cast<click_ip *>(q->data());
        auto *icmp = reinterpret_cast<click_icmp *>(ip + 1);
        std::memcpy(icmp + 1, about, quoted);
        icmp->type = type_;
        icmp->code = code_;
        icmp->checksum = 0;
        icmp->rest = 0;
        if (type_ == icmp_parameter_problem && code_ == 0)
            icmp->pointer = p->anno_as<uint8_t>(anno::icmp_paramprob);
        if (type_ == icmp_redirect) icmp->rest = p->dst_ip_anno();
        if (type_ == icmp_unreachable && code_ == need_fragment) icmp->mtu = net16(pmtu_);
        icmp->checksum = checksum(icmp, length - sizeof *ip);
        // RFC 1812 4.3.2.5: errors have precedence 6, but for source quench.
        const uint8_t tos = type_ == icmp_source_quench ? about->tos & 0xe0 : 0xc0;
        *ip = {0x45, tos, net16(static_cast<uint16_t>(length)), net16(id_++), 0, 255, ip_proto_icmp,
               0, source_.addr, about->source};
        ip->checksum = checksum(ip, sizeof *ip);
        q->set_network_header(q->data(), sizeof *ip);
        q->set_dst_ip_anno(about->source);
        q->set_timestamp(Timestamp::now());
        q->set_paint(p->paint());
        if (sets_fix_) q->set_anno<uint8_t>(anno::fix_ip_src, 1);
        p->kill();
        return q;
    }

  private:
    static constexpr uint8_t need_fragment = 4;

    bool deserves_error(const Packet *p) const {
        if (!has_ip_header(p)) return false;
        const click_ip *ip = p->ip_header();
        if (p->packet_type() == PacketType::broadcast || p->packet_type() == PacketType::multicast)
            return false;
        if (!ip->is_first_fragment() || is_group(ip->destination)) return false;
        const uint8_t network = static_cast<uint8_t>(ip->source);
        if (network == 0 || network == 127 || is_group(ip->source)) return false;
        if (ip->protocol == ip_proto_icmp && is_error(p)) return false;
        return !has_source_route(ip);
    }
    /// Unknown types too: nobody knows that they aren't errors.
    static bool is_error(const Packet *p) {
        if (p->transport_length() < 1 || p->transport_header() >= p->end_data()) return true;
        switch (p->icmp_header()->type) {
        case 0: // echo, router discovery, timestamp, information and mask: requests and replies
        case 8:
        case 9:
        case 10:
        case 13:
        case 14:
        case 15:
        case 16:
        case 17:
        case 18: return false;
        default: return true;
        }
    }
    bool is_group(uint32_t address) const {
        return (address & 0xf0) >= 0xe0 || // multicast, class E, broadcast
               std::find(bad_.begin(), bad_.end(), IPAddress(address)) != bad_.end();
    }
    static bool has_source_route(const click_ip *ip) {
        const auto *header = reinterpret_cast<const uint8_t *>(ip);
        for (uint32_t at = sizeof *ip; at < ip->header_length() && header[at] != 0;) {
            if (header[at] == 131 || header[at] == 137) return true;
            if (header[at] == 1)
                at += 1;
            else if (at + 1 < ip->header_length() && header[at + 1] >= 2)
                at += header[at + 1];
            else
                break;
        }
        return false;
    }

    IPAddress source_;
    uint8_t type_ = 0, code_ = 0;
    uint16_t pmtu_ = 0, id_ = 0;
    uint32_t mtu_ = 576;
    bool sets_fix_ = true;
    std::vector<IPAddress> bad_;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ICMPError)
