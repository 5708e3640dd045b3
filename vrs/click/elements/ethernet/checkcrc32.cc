/*
=c
CheckCRC32
=s crc
checks the CRC-32 at the end of packets
=d
Takes the four bytes off the end of packets where they are right. Other packets are pushed to output
1 as they are, or dropped when it isn't connected.
=h drops r
=a SetCRC32
*/
#include "element.hh"
#include "elements/ethernet/crc32.hh"
#include "headers.hh"

namespace click {

class CheckCRC32 final : public SimpleElement<CheckCRC32> {
  public:
    const char *class_name() const override { return "CheckCRC32"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    void add_handlers() override { add_data("drops", data_read, &drops_); }
    Packet *action(Packet *p) {
        const uint32_t bytes = p->length() < 4 ? 0 : p->length() - 4;
        if (p->length() >= 4 && crc32(p->data(), bytes) == load<uint32_t>(p->data() + bytes)) {
            p->take(4);
            return p;
        }
        drops_ += 1;
        checked_push(1, p);
        return nullptr;
    }

  private:
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(CheckCRC32)
