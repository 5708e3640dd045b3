/*
=c
PaintSwitch([ANNO])
=s paint
chooses the output by the paint annotation
=d
A packet of paint N leaves by output N; it is dropped when there is none, but one of paint 255 goes
to all outputs.
=k ANNO
The annotation, of one byte. Default PAINT.
=a Paint, CheckPaint, PaintTee
*/
#include "element.hh"

namespace click {

class PaintSwitch final : public SortElement<PaintSwitch> {
  public:
    const char *class_name() const override { return "PaintSwitch"; }
    const char *port_count() const override { return "1/1-"; }
    int configure(Args &args) override {
        return args.positional("ANNO", AnnoArg{1}, anno_).complete();
    }
    int sort(int, Packet *p) {
        const int paint = p->anno()[anno_];
        if (paint != 255) return paint;
        for (int i = 0; i + 1 < noutputs(); i += 1) checked_push(i, p->clone());
        checked_push(noutputs() - 1, p);
        return consumed;
    }

  private:
    uint8_t anno_ = anno::paint.offset;
};

} // namespace click

EXPORT_ELEMENT(PaintSwitch)
