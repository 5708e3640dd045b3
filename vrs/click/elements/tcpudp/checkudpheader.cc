/*
=c
CheckUDPHeader([I<keywords> VERBOSE, DETAILS])
=s udp
checks UDP headers
=d
Expects UDP packets with their IP header marked, checked already. Checks the lengths and the
checksum
(of unfragmented packets that have one). Bad packets leave by output 1 when there is one, else they
are
dropped; the first is told on stderr.
=k VERBOSE
Tell of every bad packet. Default false.
=k DETAILS
Count by reason. Default false.
=h drops r
=h drop_details r
=a CheckIPHeader, CheckTCPHeader, CheckICMPHeader
*/
#include "elements/tcpudp/check_transport.hh"

namespace click {

class CheckUDPHeader final : public CheckTransport<CheckUDPHeader> {
  public:
    const char *class_name() const override { return "CheckUDPHeader"; }
    static constexpr uint8_t protocol = ip_proto_udp;
    static constexpr const char *title = "UDP";
    static constexpr const char *reasons[] = {"not UDP", "bad packet length", "bad UDP checksum"};
    static int check(const Packet *p) {
        const uint32_t bytes = transport_bytes(p);
        if (bytes < sizeof(click_udp)) return bad_length;
        const uint32_t length = net16(p->udp_header()->length);
        if (length < sizeof(click_udp) || (is_whole(p) && length > bytes)) return bad_length;
        return is_whole(p) && p->udp_header()->checksum && sum(p, length) != 0 ? bad_sum : good;
    }
};

} // namespace click

EXPORT_ELEMENT(CheckUDPHeader)
