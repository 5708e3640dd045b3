/*
=c
MarkIPCE([FORCE])
=s ip
marks IP packets as having met congestion
=d
Expects IP packets with their header marked. Sets the ECN field of those that allow it to
"congestion
experienced", and the checksum follows. Packets whose sender doesn't use ECN are dropped, or leave
by
output 1 when there is one; with FORCE they are marked too.
=h drops r
=a SetIPDSCP, RED
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "headers.hh"

namespace click {

class MarkIPCE final : public SimpleElement<MarkIPCE> {
  public:
    const char *class_name() const override { return "MarkIPCE"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override { return args.positional("FORCE", is_forced_).complete(); }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        if (!has_ip_fields(p) || (!is_forced_ && !(p->ip_header()->tos & 3))) {
            drops_ += 1;
            checked_push(1, p);
            return nullptr;
        }
        click_ip *ip = p->ip_header();
        const auto before = load<uint16_t>(ip);
        ip->tos |= 3;
        ip->checksum = checksum_update(ip->checksum, before, load<uint16_t>(ip));
        return p;
    }

  private:
    bool is_forced_ = false;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(MarkIPCE)
