/*
=c
DropBroadcasts
=s ip
drops packets that were broadcast or multicast at the link
=d
Drops packets whose packet type annotation says that they came as link-level broadcasts or
multicasts, or sends them to output 1 when there is one.
=h drops r
=a FromDevice, HostEtherFilter
*/
#include "element.hh"

namespace click {

class DropBroadcasts final : public SimpleElement<DropBroadcasts> {
  public:
    const char *class_name() const override { return "DropBroadcasts"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
    }
    Packet *action(Packet *p) {
        const PacketType type = p->packet_type();
        if (type != PacketType::broadcast && type != PacketType::multicast) [[likely]] return p;
        drops_ += 1;
        checked_push(1, p);
        return nullptr;
    }

  private:
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(DropBroadcasts)
