/*
=c
PullTee([N])
=s basictransfer
duplicates packets on a pull path
=d
A packet that is pulled from output 0 is pulled from the input, and copies of it are pushed to the
other outputs.
=a Tee
*/
#include "element.hh"

namespace click {

class PullTee final : public Element {
  public:
    const char *class_name() const override { return "PullTee"; }
    const char *port_count() const override { return "1/1-"; }
    const char *processing() const override { return "l/lh"; }
    int configure(Args &args) override {
        uint32_t n = static_cast<uint32_t>(noutputs());
        if (args.positional("N", n).complete() < 0) return -1;
        if (n != static_cast<uint32_t>(noutputs()))
            return args.error("%d outputs, but N is %u", noutputs(), n);
        return 0;
    }
    Packet *pull(int) override {
        Packet *p = input(0).pull();
        if (p)
            for (int i = 1; i < noutputs(); i += 1) output(i).push(p->clone());
        return p;
    }
};

} // namespace click

EXPORT_ELEMENT(PullTee)
