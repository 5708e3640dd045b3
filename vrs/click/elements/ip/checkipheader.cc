/*
=c
CheckIPHeader([OFFSET, I<keywords> CHECKSUM, INTERFACES, BADSRC, GOODDST, VERBOSE, DETAILS])
=s ip
checks IP headers
=d
Expects IP packets OFFSET bytes into the data. Checks version, header length, the packet's length,
source address and checksum. Good packets get their network header and destination address
annotations set, bytes behind the IP packet are cut off, and they leave by output 0. Others leave by
output 1 when there is one, else they are dropped; the first is told on stderr.
=k OFFSET
Default 0. Of old, `CheckIPHeader(BADSRC, OFFSET)` is understood too; 0.0.0.0 and 255.255.255.255
are bad sources then as well.
=k CHECKSUM
Whether the checksum is checked. Default true.
=k INTERFACES
A list of address/mask of the router's interfaces: adds their broadcast addresses, 0.0.0.0 and
255.255.255.255 to BADSRC and their addresses to GOODDST.
=k BADSRC
Addresses that no packet may come from. Default: none.
=k GOODDST
Packets to these addresses are good whatever BADSRC says.
=k VERBOSE
Tell of every bad packet on stderr. Default false.
=k DETAILS
Count drops by reason, for the handler drop_details. Default false.
=h drops r
=h drop_details r
=a MarkIPHeader, CheckIPHeader2
*/
#include "elements/ip/check_ip.hh"

namespace click {

class CheckIPHeader final : public CheckIP<CheckIPHeader> {
  public:
    const char *class_name() const override { return "CheckIPHeader"; }
    static constexpr bool checks_sum_by_default = true;
};

} // namespace click

EXPORT_ELEMENT(CheckIPHeader)
