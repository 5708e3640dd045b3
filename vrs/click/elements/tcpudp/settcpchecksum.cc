/*
=c
SetTCPChecksum()
=s tcp
sets the TCP checksum
=d
Expects TCP packets with their IP header marked. Sets the checksum from the whole payload; fragments
pass as they are. A packet whose header isn't all there is dropped.
=h drops r
=a CheckTCPHeader, SetIPChecksum
*/
#include "elements/tcpudp/set_checksum.hh"

namespace click {

class SetTCPChecksum final : public SetTransportChecksum<SetTCPChecksum> {
  public:
    const char *class_name() const override { return "SetTCPChecksum"; }
    static constexpr uint8_t protocol = ip_proto_tcp;
    using Header = click_tcp;
};

} // namespace click

EXPORT_ELEMENT(SetTCPChecksum)
