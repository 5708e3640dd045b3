// Push switches with a chosen port.
#pragma once

#include "element.hh"

namespace click {

/// OUTPUT, -1 for none, 0 unless given.
class SwitchBase : public SortElement<SwitchBase> {
  public:
    const char *port_count() const override { return "1/1-"; }
    bool keeps_flows() const override { return false; }
    int sort(int, Packet *) { return chosen_ < 0 ? noutputs() : chosen_; }

  protected:
    int read_output(Args &args, bool is_mandatory) {
        int chosen = 0;
        if (is_mandatory)
            args.mandatory("OUTPUT", chosen);
        else
            args.positional("OUTPUT", chosen);
        if (args.complete() < 0) return -1;
        if (chosen >= noutputs()) return args.error("OUTPUT must be < %d", noutputs());
        chosen_ = chosen < 0 ? -1 : chosen;
        return 0;
    }
    int chosen_ = 0;
};

/// The handler `switch` of a number that must be below `count`; below 0 is -1, none.
inline void add_switch(Element &element, int &chosen, int count, const char *kind) {
    element.add_data("switch", Element::data_read, &chosen);
    element.add_write(
        "switch", [&element, &chosen, count, kind](const std::string &text, ErrorHandler &errh) {
            int wanted;
            ArgContext context{&element, errh, "switch"};
            if (!parse_arg(trim(text), wanted, context))
                return context.has_failed ? -1 : errh.error("syntax error");
            if (wanted >= count) return errh.error("%s must be < %d", kind, count);
            chosen = wanted < 0 ? -1 : wanted;
            return 0;
        });
}

} // namespace click
