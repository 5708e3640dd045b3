/*
=c
Paint(COLOR [, ANNO])
=s paint
sets packets' paint annotations
=k COLOR
0 to 255.
=k ANNO
The annotation, of one byte. Default PAINT.
=h color rw
=a PaintTee, PaintSwitch, CheckPaint
*/
#include "element.hh"

namespace click {

class Paint final : public SimpleElement<Paint> {
  public:
    const char *class_name() const override { return "Paint"; }
    int configure(Args &args) override {
        return args.mandatory("COLOR", color_).positional("ANNO", AnnoArg{1}, anno_).complete();
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_data("color", data_both, &color_); }
    Packet *action(Packet *p) {
        p->anno()[anno_] = color_;
        return p;
    }

  private:
    uint8_t color_ = 0, anno_ = anno::paint.offset;
};

} // namespace click

EXPORT_ELEMENT(Paint)
