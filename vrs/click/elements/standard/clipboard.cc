/*
=c
Clipboard(OFFSET/LENGTH, ...)
=s basicmod
copies bytes from one packet to others
=d
Packets that pass from input 0 to output 0 stay as they are; their bytes in the given ranges are
kept. Packets that pass from input 1 to output 1 get those bytes written into the same ranges. Until
something passed input 0, packets of input 1 stay as they are; so do ranges that a packet is too
short for.
=e
Strip(12) -> [0]c :: Clipboard(0/4); ... -> [1]c; // the source address of another packet
=a Resize, StoreIPAddress
*/
#include "element.hh"

namespace click {

class Clipboard final : public Element {
  public:
    const char *class_name() const override { return "Clipboard"; }
    const char *port_count() const override { return "2/2"; }
    const char *flow_code() const override { return "#/#"; }

    int configure(Args &args) override {
        ranges_.clear();
        if (args.conf().empty()) return args.error("too few arguments; expected 'OFFSET/LENGTH'");
        uint32_t total = 0;
        for (const std::string &text : args.conf()) {
            const size_t slash = text.find('/');
            uint32_t offset = 0, bytes = 0;
            ArgContext context{this, args.errh(), "RANGE"};
            if (slash == std::string::npos ||
                !Bounded<uint32_t>{0, 65535}(trim(text.substr(0, slash)), offset, context) ||
                !Bounded<uint32_t>{1, 65535}(trim(text.substr(slash + 1)), bytes, context)) {
                if (!context.has_failed) args.error("bad range '%s', expected 'OFFSET/LENGTH'",
                                                    text.c_str());
                return -1;
            }
            ranges_.push_back({offset, bytes, total});
            total += bytes;
        }
        kept_.assign(total, 0);
        return 0;
    }
    void push(int port, Packet *p) override { output(port).push(act(port, p)); }
    Packet *pull(int port) override {
        Packet *p = input(port).pull();
        return p ? act(port, p) : nullptr;
    }

  private:
    struct Range {
        uint32_t offset, bytes, place;
        bool fits(const Packet *p) const { return uint64_t{offset} + bytes <= p->length(); }
    };
    Packet *act(int port, Packet *p) {
        for (const Range &it : ranges_) {
            if (!it.fits(p) || (port == 1 && !has_kept_)) continue;
            if (port == 0)
                std::memcpy(kept_.data() + it.place, p->data() + it.offset, it.bytes);
            else
                std::memcpy(p->data() + it.offset, kept_.data() + it.place, it.bytes);
        }
        has_kept_ |= port == 0;
        return p;
    }

    std::vector<Range> ranges_;
    std::vector<uint8_t> kept_;
    bool has_kept_ = false;
};

} // namespace click

EXPORT_ELEMENT(Clipboard)
