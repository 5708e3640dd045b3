/*
=c
SetIPChecksum()
=s ip
sets the IP checksum
=d
Expects IP packets with their header marked, and sets its checksum. A packet whose header isn't all
there is dropped.
=h drops r
=a CheckIPHeader, SetTCPChecksum, SetUDPChecksum
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class SetIPChecksum final : public SimpleElement<SetIPChecksum> {
  public:
    const char *class_name() const override { return "SetIPChecksum"; }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        if (!has_ip_header(p)) [[unlikely]] {
            if (drops_++ == 0) chatter("bad IP header");
            p->kill();
            return nullptr;
        }
        set_ip_checksum(p->ip_header());
        return p;
    }

  private:
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(SetIPChecksum)
