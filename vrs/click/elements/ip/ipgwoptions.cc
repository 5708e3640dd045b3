/*
=c
IPGWOptions(MYADDR [, OTHERADDRS])
=s ip
does what IP options ask of a router
=d
Expects IP packets with their header marked. Fills in record route and timestamp options with the
address MYADDR, of the interface by which the packet leaves; OTHERADDRS are other addresses of this
router (a list in one argument), which count for timestamps at given addresses. Packets with bad
options get the parameter-problem annotation and leave by output 1 when there is one, else they are
dropped; ICMPError(…, parameterproblem) sends the error. Source routes are left as they are.
=h drops r
=a ICMPError, IPOutputCombo
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "elements/ip/gateway_options.hh"

namespace click {

class IPGWOptions final : public SimpleElement<IPGWOptions> {
  public:
    const char *class_name() const override { return "IPGWOptions"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        IPAddress mine;
        std::vector<IPAddress> others;
        if (args.mandatory("MYADDR", mine).positional("OTHERADDRS", others).complete() < 0)
            return -1;
        options_.addresses = {mine};
        options_.addresses.insert(options_.addresses.end(), others.begin(), others.end());
        return 0;
    }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        if (!has_ip_fields(p)) [[unlikely]] return p;
        if (p->ip_header()->header_length() <= sizeof(click_ip)) [[likely]] return p;
        const uint8_t problem = has_ip_header(p) ? options_.process(p->ip_header()) : 1;
        if (!problem) return p;
        drops_ += 1;
        p->set_anno(anno::icmp_paramprob, problem);
        checked_push(1, p);
        return nullptr;
    }

  private:
    GatewayOptions options_;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(IPGWOptions)
