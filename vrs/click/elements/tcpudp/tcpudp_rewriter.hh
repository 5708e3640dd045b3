// Rewriting TCP and UDP: IPRewriter, UDPRewriter, TCPRewriter.
#pragma once

#include "elements/ip/ip_tools.hh"
#include "elements/tcpudp/rewriter.hh"

namespace click {

class PortRewriter : public Rewriter {
  protected:
    /// Which protocols, told by the class.
    virtual bool takes(uint8_t protocol) const = 0;

    bool key_of(const Packet *p, FlowKey &out) const override {
        if (!has_ip_header(p)) return false;
        const click_ip *ip = p->ip_header();
        if (!ip->is_first_fragment() || !takes(ip->protocol)) return false;
        const uint32_t needed =
            ip->protocol == ip_proto_tcp ? sizeof(click_tcp) : sizeof(click_udp);
        if (p->transport_length() < needed) return false;
        const click_udp *ports = p->udp_header();
        out = {ip->source, ip->destination, ports->source, ports->destination, ip->protocol};
        return true;
    }
    bool quoted_key(const click_ip *ip, const uint8_t *transport, uint32_t bytes,
                    FlowKey &out) const override {
        if (!takes(ip->protocol) || bytes < 4) return false;
        out = {ip->source, ip->destination, load<uint16_t>(transport),
               load<uint16_t>(transport + 2), ip->protocol};
        return true;
    }
    uint8_t apply(const Flow &flow, uint32_t, int direction, Packet *p) override {
        return rewrite(flow, direction, p);
    }
    static uint8_t rewrite(const Flow &flow, int direction, Packet *p) {
        click_ip *ip = p->ip_header();
        click_udp *ports = p->udp_header();
        const FlowKey &reply = flow.key[!direction];
        ip->source = reply.destination;
        ip->destination = reply.source;
        ip->checksum = apply_delta(ip->checksum, flow.ip_delta[direction]);
        ports->source = reply.destination_port;
        ports->destination = reply.source_port;
        const uint16_t delta = flow.transport_delta[direction];
        if (ip->protocol == ip_proto_tcp) {
            click_tcp *tcp = p->tcp_header();
            tcp->checksum = apply_delta(tcp->checksum, delta);
            return tcp_seen(p, direction);
        }
        if (ports->checksum) {
            const uint16_t sum = apply_delta(ports->checksum, delta);
            ports->checksum = sum ? sum : 0xffff; // 0 means none
        }
        return 0;
    }
    static uint8_t tcp_seen(const Packet *p, int direction) {
        const click_tcp *tcp = p->tcp_header();
        uint8_t seen = 0;
        if (tcp->flags & 4) seen |= end_0 | end_1;
        if (tcp->flags & 1) seen |= direction == 0 ? end_0 : end_1;
        if (p->transport_length() > tcp->header_length()) seen |= direction == 0 ? data_0 : data_1;
        return seen;
    }

    struct TcpTimeouts {
        double usual_s = 86400, no_data_s = 300, done_s = 240, guarantee_s = 5;
        void add_keywords(Args &args, bool is_short) {
            args.keyword("TCP_TIMEOUT", Seconds{}, usual_s)
                .keyword("TCP_NODATA_TIMEOUT", Seconds{}, no_data_s)
                .keyword("TCP_DONE_TIMEOUT", Seconds{}, done_s)
                .keyword("TCP_GUARANTEE", Seconds{}, guarantee_s);
            if (is_short)
                args.keyword("TIMEOUT", Seconds{}, usual_s)
                    .keyword("GUARANTEE", Seconds{}, guarantee_s);
        }
        int64_t timeout_ns(const Flow &flow) const {
            const bool is_done = (flow.state & (end_0 | end_1)) == (end_0 | end_1);
            const bool has_data = (flow.state & (data_0 | data_1)) == (data_0 | data_1);
            return Timestamp::seconds(is_done ? done_s : has_data ? usual_s : no_data_s).ns;
        }
        int64_t guarantee_ns() const { return Timestamp::seconds(guarantee_s).ns; }
    };
    struct UdpTimeouts {
        double usual_s = 300, streaming_s = 0, guarantee_s = 5;
        void add_keywords(Args &args, bool is_short) {
            args.keyword("UDP_TIMEOUT", Seconds{}, usual_s)
                .keyword("UDP_STREAMING_TIMEOUT", Seconds{}, streaming_s)
                .keyword("UDP_GUARANTEE", Seconds{}, guarantee_s);
            if (is_short)
                args.keyword("TIMEOUT", Seconds{}, usual_s)
                    .keyword("STREAMING_TIMEOUT", Seconds{}, streaming_s)
                    .keyword("GUARANTEE", Seconds{}, guarantee_s);
        }
        int64_t timeout_ns(const Flow &flow) const {
            const bool is_both = (flow.state & (packet_0 | packet_1)) == (packet_0 | packet_1);
            return Timestamp::seconds(is_both && streaming_s > 0 ? streaming_s : usual_s).ns;
        }
        int64_t guarantee_ns() const { return Timestamp::seconds(guarantee_s).ns; }
    };
};

} // namespace click
