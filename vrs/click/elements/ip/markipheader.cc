/*
=c
MarkIPHeader([OFFSET])
=s ip
marks the IP header
=d
Marks the IP header OFFSET bytes into the packet (default 0) without looking at more than its length
field. See CheckIPHeader for one that checks.
=a CheckIPHeader, StripIPHeader
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class MarkIPHeader final : public SimpleElement<MarkIPHeader> {
  public:
    const char *class_name() const override { return "MarkIPHeader"; }
    int configure(Args &args) override { return args.positional("OFFSET", offset_).complete(); }
    Packet *action(Packet *p) {
        const bool fits = p->length() > offset_;
        const uint8_t *at = p->data() + (fits ? offset_ : 0);
        uint32_t bytes = fits ? (*at & 15u) * 4 : 0;
        if (bytes > p->length() - (fits ? offset_ : 0)) bytes = 0;
        p->set_network_header(at, bytes);
        return p;
    }

  private:
    uint32_t offset_ = 0;
};

} // namespace click

EXPORT_ELEMENT(MarkIPHeader)
