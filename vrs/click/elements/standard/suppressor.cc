/*
=c
Suppressor
=s classification
passes packets from each input to the output of the same number, unless suppressed
=d
Has as many outputs as inputs. A port can be suppressed by its handler: packets pushed there are
dropped, and nothing is pulled through it.
=h active0...activeN rw
Whether the port passes packets; default true.
=h allow_all w
=h reset w
Makes all active.
=a Switch, InputSwitch
*/
#include "element.hh"

namespace click {

class Suppressor final : public Element {
  public:
    const char *class_name() const override { return "Suppressor"; }
    const char *port_count() const override { return "1-/="; }
    const char *flow_code() const override { return "#/#"; }
    int initialize(ErrorHandler &) override {
        active_.assign(static_cast<size_t>(ninputs()), true);
        return 0;
    }
    void add_handlers() override {
        for (int i = 0; i < ninputs(); i += 1) {
            const auto port = static_cast<size_t>(i);
            const std::string name = "active" + std::to_string(i);
            add_read(name.c_str(), [this, port] { return bool(active_[port]); });
            add_write(name.c_str(), [this, port](const std::string &text, ErrorHandler &errh) {
                bool is_active;
                if (!parse_bool(trim(text), is_active)) return errh.error("syntax error");
                active_[port] = is_active;
                return 0;
            });
        }
        add_write("allow_all", [this] { active_.assign(active_.size(), true); });
        add_write("reset", [this] { active_.assign(active_.size(), true); });
    }
    void push(int port, Packet *p) override {
        if (active_[static_cast<size_t>(port)])
            output(port).push(p);
        else
            p->kill();
    }
    void push_batch(int port, Batch &batch) override {
        if (active_[static_cast<size_t>(port)])
            output(port).push(batch);
        else
            batch.kill();
    }
    Packet *pull(int port) override {
        return active_[static_cast<size_t>(port)] ? input(port).pull() : nullptr;
    }

  private:
    std::vector<bool> active_;
};

} // namespace click

EXPORT_ELEMENT(Suppressor)
