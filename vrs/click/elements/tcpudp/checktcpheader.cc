/*
=c
CheckTCPHeader([I<keywords> VERBOSE, DETAILS])
=s tcp
checks TCP headers
=d
Expects TCP packets with their IP header marked, checked already. Checks the lengths and the
checksum
(of unfragmented packets). Bad packets leave by output 1 when there is one, else they are dropped;
the
first is told on stderr.
=k VERBOSE
Tell of every bad packet. Default false.
=k DETAILS
Count by reason. Default false.
=h drops r
=h drop_details r
=a CheckIPHeader, CheckUDPHeader, CheckICMPHeader
*/
#include "elements/tcpudp/check_transport.hh"

namespace click {

class CheckTCPHeader final : public CheckTransport<CheckTCPHeader> {
  public:
    const char *class_name() const override { return "CheckTCPHeader"; }
    static constexpr uint8_t protocol = ip_proto_tcp;
    static constexpr const char *title = "TCP";
    static constexpr const char *reasons[] = {"not TCP", "bad packet length", "bad TCP checksum"};
    static int check(const Packet *p) {
        const uint32_t bytes = transport_bytes(p);
        if (bytes < sizeof(click_tcp)) return bad_length;
        const uint32_t header = p->tcp_header()->header_length();
        if (header < sizeof(click_tcp) || header > bytes) return bad_length;
        return is_whole(p) && sum(p, bytes) != 0 ? bad_sum : good;
    }
};

} // namespace click

EXPORT_ELEMENT(CheckTCPHeader)
