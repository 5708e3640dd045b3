/*
=c
Truncate(LENGTH [, I<keywords> EXTRA_ANNO])
=s basicmod
cuts packets to a length
=d
Takes bytes off the end of packets longer than LENGTH.
=k EXTRA_ANNO
Add the number of bytes taken to the extra length annotation. Default false.
=h nbytes rw
The length.
=a Pad, Strip
*/
#include "element.hh"

namespace click {

class Truncate final : public SimpleElement<Truncate> {
  public:
    const char *class_name() const override { return "Truncate"; }
    int configure(Args &args) override {
        return args.mandatory("LENGTH", bytes_).keyword("EXTRA_ANNO", sets_extra_).complete();
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_data("nbytes", data_both, &bytes_); }
    Packet *action(Packet *p) {
        if (p->length() <= bytes_) return p;
        const uint32_t extra = p->length() - bytes_;
        p->take(extra);
        if (sets_extra_)
            p->set_anno(anno::extra_length, p->anno_as<uint32_t>(anno::extra_length) + extra);
        return p;
    }

  private:
    uint32_t bytes_ = 0;
    bool sets_extra_ = false;
};

} // namespace click

EXPORT_ELEMENT(Truncate)
