/*
=c
SetUDPChecksum()
=s udp
sets the UDP checksum
=d
Expects UDP packets with their IP header marked. Sets the checksum from the whole payload; fragments
pass as they are. A packet whose header isn't all there is dropped.
=h drops r
=a CheckUDPHeader, SetIPChecksum
*/
#include "elements/tcpudp/set_checksum.hh"

namespace click {

class SetUDPChecksum final : public SetTransportChecksum<SetUDPChecksum> {
  public:
    const char *class_name() const override { return "SetUDPChecksum"; }
    static constexpr uint8_t protocol = ip_proto_udp;
    using Header = click_udp;
};

} // namespace click

EXPORT_ELEMENT(SetUDPChecksum)
