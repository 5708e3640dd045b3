/*
=c
MarkIP6Header([OFFSET])
=s ip6
marks packets' IPv6 headers
=d
Sets the network header annotation to OFFSET bytes into the data, unchecked but for the packet's
length: one that is shorter is dropped. Default OFFSET is 0.
=a CheckIP6Header, MarkIPHeader
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class MarkIP6Header final : public SimpleElement<MarkIP6Header> {
  public:
    const char *class_name() const override { return "MarkIP6Header"; }
    int configure(Args &args) override {
        return args.positional("OFFSET", Bounded<uint32_t>{0, 65535}, offset_).complete();
    }
    Packet *action(Packet *p) {
        if (p->length() < offset_ + sizeof(click_ip6)) return p->kill(), nullptr;
        p->set_network_header(p->data() + offset_, sizeof(click_ip6));
        return p;
    }

  private:
    uint32_t offset_ = 0;
};

} // namespace click

EXPORT_ELEMENT(MarkIP6Header)
