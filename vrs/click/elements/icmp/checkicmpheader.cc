/*
=c
CheckICMPHeader([I<keywords> VERBOSE, DETAILS])
=s icmp
checks ICMP headers
=d
Expects ICMP packets with their IP header marked, checked already. Checks the length and the
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
=a CheckIPHeader, CheckTCPHeader, CheckUDPHeader
*/
#include "elements/tcpudp/check_transport.hh"

namespace click {

class CheckICMPHeader final : public CheckTransport<CheckICMPHeader> {
  public:
    const char *class_name() const override { return "CheckICMPHeader"; }
    static constexpr uint8_t protocol = ip_proto_icmp;
    static constexpr const char *title = "ICMP";
    static constexpr const char *reasons[] = {"not ICMP", "bad packet length", "bad ICMP checksum"};
    static int check(const Packet *p) {
        const uint32_t bytes = transport_bytes(p);
        if (bytes < sizeof(click_icmp)) return bad_length;
        return is_whole(p) && checksum(p->transport_header(), bytes) != 0 ? bad_sum : good;
    }
};

} // namespace click

EXPORT_ELEMENT(CheckICMPHeader)
