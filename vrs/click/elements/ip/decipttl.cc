/*
=c
DecIPTTL([I<keywords> ACTIVE, MULTICAST])
=s ip
decrements the time to live of IP packets
=d
Expects IP packets with their header marked. Those with a time to live of 0 or 1 leave by output 1
when there is one, else they are dropped. Of the others it is decremented, and the checksum follows.
=k ACTIVE
Default true.
=k MULTICAST
Whether multicast packets are treated as others; if not, they pass as they are. Default true.
=h drops r
=h active rw
=a DecIP6HLIM
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "headers.hh"

namespace click {

class DecIPTTL final : public SimpleElement<DecIPTTL> {
  public:
    const char *class_name() const override { return "DecIPTTL"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.keyword("ACTIVE", is_active_).keyword("MULTICAST", has_multicast_).complete();
    }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
        add_data("active", data_both, &is_active_);
    }
    Packet *action(Packet *p) {
        if (!has_ip_fields(p)) [[unlikely]]
            return p->kill(), nullptr;
        click_ip *ip = p->ip_header();
        if (!is_active_ || (!has_multicast_ && IPAddress(ip->destination).is_multicast())) return p;
        if (ip->ttl <= 1) [[unlikely]] {
            drops_ += 1;
            checked_push(1, p);
            return nullptr;
        }
        ip->ttl -= 1;
        // RFC 1141: the sum grows by what the header lost.
        uint32_t sum = uint32_t{net16(ip->checksum)} + 0x100;
        ip->checksum = net16(static_cast<uint16_t>(sum + (sum >> 16)));
        return p;
    }

  private:
    bool is_active_ = true, has_multicast_ = true;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(DecIPTTL)
