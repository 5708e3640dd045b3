/*
=c
Hub([ANNO])
=s ethernet
duplicates packets like a hub
=d
Pushes a packet that comes in by one port to all outputs but the one of the same number. With ANNO,
that annotation says the number instead.
=k ANNO
An annotation of one byte, such as PAINT.
=a Tee
*/
#include "element.hh"

namespace click {

class Hub final : public Element {
  public:
    const char *class_name() const override { return "Hub"; }
    const char *port_count() const override { return "1-/-"; }
    bool keeps_flows() const override { return false; }
    const char *processing() const override { return "h/h"; }
    const char *flow_code() const override { return "#/[^#]"; }
    int configure(Args &args) override {
        return args.positional("ANNO", AnnoArg{1}, anno_, has_anno_).complete();
    }
    void push(int port, Packet *p) override {
        const int source = has_anno_ ? p->anno()[anno_] : port;
        int last = noutputs() - 1;
        if (last == source) last -= 1;
        for (int i = 0; i < last; i += 1)
            if (i != source) output(i).push(p->clone());
        if (last >= 0)
            output(last).push(p);
        else
            p->kill();
    }

  private:
    uint8_t anno_ = 0;
    bool has_anno_ = false;
};

} // namespace click

EXPORT_ELEMENT(Hub)
