/*
=c
SetCRC32
=s crc
appends a CRC-32 to packets
=d
Appends the four bytes of the packet's CRC-32, that of Ethernet, as they would be sent.
=a CheckCRC32
*/
#include "element.hh"
#include "elements/ethernet/crc32.hh"
#include "headers.hh"

namespace click {

class SetCRC32 final : public SimpleElement<SetCRC32> {
  public:
    const char *class_name() const override { return "SetCRC32"; }
    Packet *action(Packet *p) {
        const uint32_t crc = crc32(p->data(), p->length());
        store(p->put(4), crc);
        return p;
    }
};

} // namespace click

EXPORT_ELEMENT(SetCRC32)
