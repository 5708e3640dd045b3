/*
=c
MarkMACHeader([OFFSET, LENGTH])
=s annotations
marks where the link header is
=d
The link (MAC) header starts OFFSET bytes into the packet; with LENGTH above 0 the network header
starts that many bytes behind it.
=k OFFSET
Default 0.
=k LENGTH
Default 0.
=a MarkIPHeader, StripToNetworkHeader
*/
#include <algorithm>

#include "element.hh"

namespace click {

class MarkMACHeader final : public SimpleElement<MarkMACHeader> {
  public:
    const char *class_name() const override { return "MarkMACHeader"; }
    int configure(Args &args) override {
        return args.positional("OFFSET", offset_).positional("LENGTH", bytes_).complete();
    }
    Packet *action(Packet *p) {
        const uint32_t offset = std::min(offset_, p->length());
        if (bytes_)
            p->set_mac_header(p->data() + offset, std::min(bytes_, p->length() - offset));
        else
            p->set_mac_header(p->data() + offset);
        return p;
    }

  private:
    uint32_t offset_ = 0, bytes_ = 0;
};

} // namespace click

EXPORT_ELEMENT(MarkMACHeader)
