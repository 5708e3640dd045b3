/*
=c
Tee([N])
=s basictransfer
duplicates packets
=d
Sends a copy of each packet to each of its N outputs (default: as many as are connected).
=a PullTee
*/
#include "element.hh"

namespace click {

class Tee final : public Element {
  public:
    const char *class_name() const override { return "Tee"; }
    const char *port_count() const override { return "1/1-"; }
    bool keeps_flows() const override { return false; }
    const char *processing() const override { return "h/h"; }
    int configure(Args &args) override {
        uint32_t n = static_cast<uint32_t>(noutputs());
        if (args.positional("N", n).complete() < 0) return -1;
        if (n != static_cast<uint32_t>(noutputs()))
            return args.error("%d outputs, but N is %u", noutputs(), n);
        return 0;
    }
    void push(int, Packet *p) override {
        const int last = noutputs() - 1;
        for (int i = 0; i < last; i += 1) output(i).push(p->clone());
        output(last).push(p);
    }
    void push_batch(int port, Batch &batch) override {
        if (is_in_order()) return Element::push_batch(port, batch);
        const int last = noutputs() - 1;
        Batch *copies = Batch::acquire();
        for (int i = 0; i < last; i += 1) {
            for (Packet *p : batch) copies->add(p->clone());
            output(i).push(*copies);
        }
        Batch::release(copies);
        output(last).push(batch);
    }
};

} // namespace click

EXPORT_ELEMENT(Tee)
