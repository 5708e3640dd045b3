/*
=c
Bypass([ACTIVE])
=s classification
leads packets through other elements, or around them
=d
Lies between two elements, with others on a way around: packets that come in by input 0 leave by
output 1, and those that come back by input 1 leave by output 0. While active it bypasses that way:
packets from input 0 leave by output 0 at once. Works on push and on pull paths.
=k ACTIVE
Default false.
=e
  source -> b :: Bypass -> sink; b[1] -> Strip(14) -> [1] b;
=h active rw
=a Switch, Suppressor
*/
#include "element.hh"

namespace click {

class Bypass final : public Element {
  public:
    const char *class_name() const override { return "Bypass"; }
    const char *port_count() const override { return "2/2"; }
    const char *flow_code() const override { return "[xy]x/xy"; }
    int configure(Args &args) override { return args.positional("ACTIVE", is_active_).complete(); }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override { add_data("active", data_both, &is_active_); }
    void push(int port, Packet *p) override { output(other_end(port)).push(p); }
    void push_batch(int port, Batch &batch) override { output(other_end(port)).push(batch); }
    Packet *pull(int port) override { return input(other_end(port)).pull(); }
    uint32_t pull_batch(int port, Batch &batch, uint32_t max) override {
        return input(other_end(port)).pull(batch, max);
    }

  private:
    /// The output that an input leads to, and the input that an output is fed by.
    int other_end(int port) const { return port == 1 || is_active_ ? 0 : 1; }
    bool is_active_ = false;
};

} // namespace click

EXPORT_ELEMENT(Bypass)
