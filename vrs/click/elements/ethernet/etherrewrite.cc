/*
=c
EtherRewrite(SRC, DST)
=s ethernet
sets the Ethernet addresses
=d
Sets source and destination of packets that start with an Ethernet header; shorter ones pass
unchanged.
=h src, dst rw
=a EtherEncap, EtherMirror
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class EtherRewrite final : public SimpleElement<EtherRewrite> {
  public:
    const char *class_name() const override { return "EtherRewrite"; }
    int configure(Args &args) override {
        return args.mandatory("SRC", source_).mandatory("DST", destination_).complete();
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override {
        add_data("src", data_both, &source_);
        add_data("dst", data_both, &destination_);
    }
    Packet *action(Packet *p) {
        if (p->length() < 12) return p;
        std::memcpy(p->data(), destination_.bytes, 6);
        std::memcpy(p->data() + 6, source_.bytes, 6);
        return p;
    }

  private:
    EtherAddress source_, destination_;
};

} // namespace click

EXPORT_ELEMENT(EtherRewrite)
