/*
=c
GetIPAddress([OFFSET, ANNO, I<keywords> IP])
=s ip
sets the destination address annotation from packet data
=d
Copies the four bytes OFFSET bytes into the packet to the destination address annotation, or to the
annotation ANNO. 16 is an IP packet's destination address. A packet that is too short is dropped.
=k IP
"src" or "dst": that address of the marked IP header, instead of OFFSET.
=a SetIPAddress, StoreIPAddress
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class GetIPAddress final : public SimpleElement<GetIPAddress> {
  public:
    const char *class_name() const override { return "GetIPAddress"; }
    int configure(Args &args) override {
        bool has_offset = false, has_field = false;
        int field = 0;
        anno_ = anno::dst_ip.offset;
        if (args.positional("OFFSET", offset_, has_offset)
                .positional("ANNO", AnnoArg{4}, anno_)
                .keyword("IP", OneOf{{"src", "dst"}}, field, has_field)
                .complete() < 0)
            return -1;
        if (has_offset == has_field) return args.error("exactly one of OFFSET and IP required");
        is_network_ = has_field;
        if (has_field) offset_ = field == 0 ? 12 : 16;
        return 0;
    }
    Packet *action(Packet *p) {
        const uint8_t *at = is_network_ ? p->network_header() : p->data();
        const bool fits = at && at + offset_ + 4 <= p->end_data();
        if (!fits) [[unlikely]] {
            p->kill();
            return nullptr;
        }
        p->set_anno({anno_, 4}, load<uint32_t>(at + offset_));
        return p;
    }

  private:
    uint32_t offset_ = 0;
    uint8_t anno_ = 0;
    bool is_network_ = false;
};

} // namespace click

EXPORT_ELEMENT(GetIPAddress)
