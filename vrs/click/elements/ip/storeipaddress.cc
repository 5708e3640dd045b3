/*
=c
StoreIPAddress([ADDRESS,] OFFSET)
=s ip
stores an address in the packet
=d
Writes the destination address annotation, or ADDRESS, OFFSET bytes into the packet. OFFSET may be
"src" or "dst": then it becomes that address of the marked IP header, and the checksums of IP, TCP
and UDP follow. A packet that is too short passes as it is.
=a GetIPAddress, SetIPAddress
*/
#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class StoreIPAddress final : public SimpleElement<StoreIPAddress> {
  public:
    const char *class_name() const override { return "StoreIPAddress"; }
    int configure(Args &args) override {
        std::string offset;
        has_address_ = args.conf().size() > 1;
        if (has_address_) args.mandatory("ADDRESS", address_);
        if (args.mandatory("OFFSET", Any{}, offset).complete() < 0) return -1;
        place_ = offset == "src"   ? Place::source
                 : offset == "dst" ? Place::destination
                                   : Place::data;
        if (place_ != Place::data) return 0;
        ArgContext context{this, args.errh(), "OFFSET"};
        if (parse_arg(offset, offset_, context)) return 0;
        return context.has_failed ? -1 : (context.error("syntax error"), -1);
    }
    Packet *action(Packet *p) {
        const uint32_t address = has_address_ ? address_.addr : p->dst_ip_anno();
        if (place_ == Place::data) {
            if (uint64_t{offset_} + 4 <= p->length()) store(p->data() + offset_, address);
        } else if (has_ip_header(p)) {
            change_address(p, place_ == Place::source, address);
        }
        return p;
    }

  private:
    enum class Place { data, source, destination };
    IPAddress address_;
    uint32_t offset_ = 0;
    Place place_ = Place::data;
    bool has_address_ = false;
};

} // namespace click

EXPORT_ELEMENT(StoreIPAddress)
