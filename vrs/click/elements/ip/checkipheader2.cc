/*
=c
CheckIPHeader2([OFFSET, I<keywords> CHECKSUM, INTERFACES, BADSRC, GOODDST, VERBOSE, DETAILS])
=s ip
checks IP headers, but not their checksums
=d
As CheckIPHeader with CHECKSUM false.
=a CheckIPHeader
*/
#include "elements/ip/check_ip.hh"

namespace click {

class CheckIPHeader2 final : public CheckIP<CheckIPHeader2> {
  public:
    const char *class_name() const override { return "CheckIPHeader2"; }
    static constexpr bool checks_sum_by_default = false;
};

} // namespace click

EXPORT_ELEMENT(CheckIPHeader2)
