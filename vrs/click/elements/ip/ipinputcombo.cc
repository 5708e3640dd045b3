/*
=c
IPInputCombo(COLOR [, BADSRC, I<keywords> CHECKSUM, INTERFACES, BADSRC, GOODDST, VERBOSE, DETAILS])
=s ip
an IP router's input path in one element
=d
Does what this chain does:

    Paint(COLOR) -> Strip(14) -> CheckIPHeader(…) -> GetIPAddress(16)

Bad packets leave by output 1 when there is one.
=h drops r
=h drop_details r
=a IPOutputCombo, CheckIPHeader
*/
#include "elements/ip/check_ip.hh"

namespace click {

class IPInputCombo final : public CheckIP<IPInputCombo> {
  public:
    const char *class_name() const override { return "IPInputCombo"; }
    static constexpr bool checks_sum_by_default = true;
    void add_arguments(Args &args) { args.mandatory("COLOR", color_); }
    void prepare(Packet *p) const {
        p->set_paint(color_);
        p->pull(sizeof(click_ether));
    }

  private:
    uint8_t color_ = 0;
};

} // namespace click

EXPORT_ELEMENT(IPInputCombo)
