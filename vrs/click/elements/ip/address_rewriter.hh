// Rewriting addresses alone: IPAddrRewriter, IPAddrPairRewriter.
#pragma once

#include "elements/ip/ip_tools.hh"
#include "elements/tcpudp/rewriter.hh"

namespace click {

class AddressRewriter : public Rewriter {
  protected:
    void add_keywords(Args &args) override {
        args.keyword("TIMEOUT", Seconds{}, timeout_s_)
            .keyword("GUARANTEE", Seconds{}, guarantee_s_)
            .keyword("DST_ANNO", sets_dst_anno_);
    }
    bool key_of(const Packet *p, FlowKey &out) const override {
        if (!has_ip_header(p)) return false;
        out = {p->ip_header()->source, p->ip_header()->destination, 0, 0, 0};
        return true;
    }
    bool quoted_key(const click_ip *ip, const uint8_t *, uint32_t, FlowKey &out) const override {
        out = {ip->source, ip->destination, 0, 0, 0};
        return true;
    }
    /// Fields that are 0 in the flow's key stay as they are.
    uint8_t apply(const Flow &flow, uint32_t, int direction, Packet *p) override {
        const FlowKey before = flow.key[direction], after = flow.rewritten(direction);
        click_ip *ip = p->ip_header();
        if (before.source) ip->source = after.source;
        if (before.destination) ip->destination = after.destination;
        ip->checksum = apply_delta(ip->checksum, flow.ip_delta[direction]);
        if (uint16_t *sum = transport_checksum(p)) {
            uint16_t changed = apply_delta(load<uint16_t>(sum), flow.ip_delta[direction]);
            if (ip->protocol == ip_proto_udp && changed == 0) changed = 0xffff;
            store(sum, changed);
        }
        return 0;
    }
    int64_t timeout_ns(const Flow &) const override { return Timestamp::seconds(timeout_s_).ns; }
    int64_t guarantee_ns(const Flow &) const override {
        return Timestamp::seconds(guarantee_s_).ns;
    }

  private:
    double timeout_s_ = 300, guarantee_s_ = 5;
};

} // namespace click
