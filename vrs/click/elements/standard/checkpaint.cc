/*
=c
CheckPaint(COLOR [, ANNO])
=s paint
lets packets with a paint annotation pass
=d
Packets whose paint is COLOR leave by output 0; the others are pushed to output 1, or dropped when
it isn't connected.
=h color rw
=h drops r
Packets that weren't COLOR.
=a Paint, PaintSwitch
*/
#include "element.hh"

namespace click {

class CheckPaint final : public SimpleElement<CheckPaint> {
  public:
    const char *class_name() const override { return "CheckPaint"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.mandatory("COLOR", color_).positional("ANNO", AnnoArg{1}, anno_).complete();
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override {
        add_data("color", data_both, &color_);
        add_data("drops", data_read, &drops_);
    }
    Packet *action(Packet *p) {
        if (p->anno()[anno_] == color_) return p;
        drops_ += 1;
        checked_push(1, p);
        return nullptr;
    }

  private:
    uint8_t color_ = 0, anno_ = anno::paint.offset;
    uint64_t drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(CheckPaint)
