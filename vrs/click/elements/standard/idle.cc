/*
=c
Idle
=s basicsources
discards packets
=d
Drops all packets that are pushed to its inputs, and never has one to pull. Has any number of inputs
and outputs.
*/
#include "element.hh"

namespace click {

class Idle final : public Element {
  public:
    const char *class_name() const override { return "Idle"; }
    const char *port_count() const override { return "-/-"; }
    const char *processing() const override { return "a/a"; }
    const char *flow_code() const override { return "x/y"; }
    int initialize(ErrorHandler &) override {
        nothing_.sleep();
        return 0;
    }
    void push(int, Packet *p) override { p->kill(); }
    void push_batch(int, Batch &batch) override { batch.kill(); }
    Packet *pull(int) override { return nullptr; }
    Notifier *empty_notifier(int) override { return &nothing_; }

  private:
    Notifier nothing_;
};

} // namespace click

EXPORT_ELEMENT(Idle)
