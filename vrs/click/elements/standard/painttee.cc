/*
=c
PaintTee(COLOR [, ANNO])
=s paint
pushes copies of painted packets to output 1
=d
Every packet leaves by output 0. Of those whose paint is COLOR a copy is pushed to output 1, such as
for ICMP redirects.
=h color rw
=a Paint, CheckPaint, Tee
*/
#include "element.hh"

namespace click {

class PaintTee final : public SimpleElement<PaintTee> {
  public:
    const char *class_name() const override { return "PaintTee"; }
    const char *port_count() const override { return "1/2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.mandatory("COLOR", color_).positional("ANNO", AnnoArg{1}, anno_).complete();
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_data("color", data_both, &color_); }
    Packet *action(Packet *p) {
        if (p->anno()[anno_] == color_) checked_push(1, p->clone());
        return p;
    }

  private:
    uint8_t color_ = 0, anno_ = anno::paint.offset;
};

} // namespace click

EXPORT_ELEMENT(PaintTee)
