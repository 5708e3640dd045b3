// What SetTCPChecksum and SetUDPChecksum share.
#pragma once

#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

template <class T> class SetTransportChecksum : public SimpleElement<SetTransportChecksum<T>> {
  public:
    int configure(Args &args) override {
        bool is_fixing_offset = false; // of old; there is nothing to fix
        return args.positional("FIXOFF", is_fixing_offset).complete();
    }
    void add_handlers() override {
        this->add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        if (!has_ip_header(p)) return drop(p);
        const click_ip *ip = p->ip_header();
        if (ip->is_fragment()) return p;
        const uint32_t total = net16(ip->length), header = ip->header_length();
        if (total < header + sizeof(typename T::Header) || total > p->network_length())
            return drop(p);
        uint32_t bytes = total - header;
        auto *at = reinterpret_cast<typename T::Header *>(p->transport_header());
        if constexpr (T::protocol == ip_proto_udp) {
            if (net16(at->length) < sizeof *at || net16(at->length) > bytes) return drop(p);
            bytes = net16(at->length);
        }
        at->checksum = 0;
        uint16_t sum = checksum(at, bytes, pseudo_sum(ip->source, ip->destination, T::protocol,
                                                      static_cast<uint16_t>(bytes)));
        if (T::protocol == ip_proto_udp && sum == 0) sum = 0xffff; // 0 means none
        at->checksum = sum;
        return p;
    }

  private:
    Packet *drop(Packet *p) {
        if (drops_++ == 0) this->chatter("bad input packet");
        p->kill();
        return nullptr;
    }
    uint64_t drops_ = 0;
};

} // namespace click
