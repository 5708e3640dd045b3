/*
=c
DecIP6HLIM
=s ip6
decrements the hop limit of IPv6 packets
=d
Expects IPv6 packets with their header marked. Those with a hop limit of 0 or 1 leave by output 1
when there is one, else they are dropped. Of the others it is decremented.
=h drops r
=a DecIPTTL, CheckIP6Header
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class DecIP6HLIM final : public SimpleElement<DecIP6HLIM> {
  public:
    const char *class_name() const override { return "DecIP6HLIM"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        if (!p->has_network_header()) [[unlikely]]
            return p->kill(), nullptr;
        click_ip6 *ip = p->ip6_header();
        if (ip->hop_limit <= 1) [[unlikely]] {
            drops_ += 1;
            checked_push(1, p);
            return nullptr;
        }
        ip->hop_limit -= 1;
        return p;
    }

  private:
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(DecIP6HLIM)
