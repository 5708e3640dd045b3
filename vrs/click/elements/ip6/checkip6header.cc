/*
=c
CheckIP6Header([BADADDRS, OFFSET])
=s ip6
checks IPv6 headers
=d
Expects IPv6 packets OFFSET bytes into the data. Checks version, length, and that the source address
may be one. Good packets get their network header and destination address annotations set, bytes
behind the IPv6 packet are cut off, and they leave by output 0; others leave by output 1 when there
is one, else they are dropped. The first bad packet is told on stderr.
=k BADADDRS
Source addresses that no packet may have, besides multicast addresses. Default none.
=k OFFSET
Default 0.
=h count r
=h drops r
=a MarkIP6Header, DecIP6HLIM
*/
#include <algorithm>

#include "element.hh"
#include "headers.hh"

namespace click {

class CheckIP6Header final : public SimpleElement<CheckIP6Header> {
  public:
    const char *class_name() const override { return "CheckIP6Header"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        std::string bad;
        bad_.clear();
        if (args.positional("BADADDRS", Any{}, bad).positional("OFFSET", offset_).complete() < 0)
            return -1;
        for (const std::string &word : split_words(unquote(bad))) {
            ArgContext context{this, args.errh(), "BADADDRS"};
            if (!parse_arg(word, bad_.emplace_back(), context))
                return args.error("BADADDRS: parse error");
        }
        return 0;
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        constexpr uint32_t header = sizeof(click_ip6);
        if (p->length() < offset_ || p->length() - offset_ < header) return drop(p, "tiny packet");
        auto *ip = reinterpret_cast<click_ip6 *>(p->data() + offset_);
        if (p->data()[offset_] >> 4 != 6) return drop(p, "bad IP version");
        const uint32_t total = header + net16(ip->payload_length), left = p->length() - offset_;
        if (total > left) return drop(p, "bad IP length");
        const IP6Address source(ip->source);
        if (source.is_multicast() || std::find(bad_.begin(), bad_.end(), source) != bad_.end())
            return drop(p, "bad source address");
        p->set_network_header(reinterpret_cast<uint8_t *>(ip), header);
        if (left > total) p->take(left - total);
        p->set_anno(anno::dst_ip6, IP6Address(ip->destination));
        count_ += 1;
        return p;
    }

  private:
    Packet *drop(Packet *p, const char *why) {
        if (drops_++ == 0) chatter("IP6 header check failed: %s", why);
        checked_push(1, p);
        return nullptr;
    }
    uint32_t offset_ = 0;
    std::vector<IP6Address> bad_;
    uint64_t count_ = 0, drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(CheckIP6Header)
