// Elements that pull from one of several inputs: a signal per input, handlers of switches.
#pragma once

#include <vector>

#include "router.hh"

namespace click {

class PullChoice : public Element {
  public:
    const char *port_count() const override { return "-/1"; }
    const char *processing() const override { return "l/l"; }
    int initialize(ErrorHandler &) override {
        find_signals();
        return 0;
    }

  protected:
    void find_signals() {
        signals_.clear();
        for (int i = 0; i < ninputs(); i += 1)
            signals_.push_back(Signal::upstream_empty(this, i, static_cast<Task *>(nullptr)));
    }
    /// Nothing from an input that is known to be empty.
    Packet *try_input(int i) const {
        return signals_[static_cast<size_t>(i)] ? input(i).pull() : nullptr;
    }
    std::vector<Signal> signals_;
};

/// Pulls from one input, -1 for none; who pulls is told when that one is empty.
class PullSwitchBase : public PullChoice {
  public:
    const char *port_count() const override { return "1-/1"; }
    int initialize(ErrorHandler &) override {
        for (int i = 0; i < ninputs(); i += 1)
            signals_.push_back(Signal::upstream_empty(this, i, &ready_));
        return 0;
    }
    Notifier *empty_notifier(int) override { return &ready_; }
    Packet *pull(int) override {
        Packet *p = chosen_ < 0 ? nullptr : input(chosen_).pull();
        if (!p && (chosen_ < 0 || !signals_[static_cast<size_t>(chosen_)])) ready_.sleep();
        return p;
    }
    uint32_t pull_batch(int, Batch &batch, uint32_t max) override {
        const uint32_t count = chosen_ < 0 ? 0 : input(chosen_).pull(batch, max);
        if (count == 0 && (chosen_ < 0 || !signals_[static_cast<size_t>(chosen_)])) ready_.sleep();
        return count;
    }

  protected:
    int read_input(Args &args, bool is_mandatory) {
        int chosen = 0;
        if (is_mandatory)
            args.mandatory("INPUT", chosen);
        else
            args.positional("INPUT", chosen);
        if (args.complete() < 0) return -1;
        if (chosen >= ninputs()) return args.error("INPUT must be < %d", ninputs());
        chosen_ = chosen < 0 ? -1 : chosen;
        return 0;
    }
    void add_switch_handlers() {
        add_data("switch", data_read, &chosen_);
        add_write("switch", [this](const std::string &text, ErrorHandler &errh) {
            int chosen;
            ArgContext context{this, errh, "switch"};
            if (!parse_arg(trim(text), chosen, context))
                return context.has_failed ? -1 : errh.error("syntax error");
            if (chosen >= ninputs()) return errh.error("input must be < %d", ninputs());
            chosen_ = chosen < 0 ? -1 : chosen;
            ready_.wake();
            return 0;
        });
    }
    int chosen_ = 0;
    Notifier ready_;
};

} // namespace click
