// Turns by tickets: who has twice as many is chosen twice as often, evenly spread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "element.hh"

namespace click {

class Strides {
  public:
    static constexpr uint32_t max_tickets = 1 << 16;
    /// One argument per port.
    int configure(Args &args, int ports, const char *port_name) {
        std::vector<std::string> texts;
        if (args.rest(texts).complete() < 0) return -1;
        if (texts.size() != static_cast<size_t>(ports))
            return args.error("need %d argument%s, one per %s port", ports, ports == 1 ? "" : "s",
                              port_name);
        std::vector<Turn> turns;
        for (size_t i = 0; i < texts.size(); i += 1) {
            Turn it;
            ArgContext context{args.element(), args.errh(), format("argument %zu", i + 1)};
            if (!parse_tickets(texts[i], it.tickets, context)) return -1;
            turns.push_back(it);
        }
        turns_ = std::move(turns);
        return 0;
    }
    static bool parse_tickets(const std::string &text, uint32_t &out, ArgContext &context) {
        if (Bounded<uint32_t>{0, max_tickets}(trim(text), out, context)) return true;
        if (!context.has_failed) context.error("expected a number of tickets");
        return false;
    }
    void add_handlers(Element &element) {
        for (size_t i = 0; i < turns_.size(); i += 1) {
            const std::string name = "tickets" + std::to_string(i);
            element.add_read(name.c_str(), [this, i] { return turns_[i].tickets; });
            element.add_write(name.c_str(),
                              [this, i, &element](const std::string &text, ErrorHandler &errh) {
                                  ArgContext context{&element, errh, "tickets"};
                                  return parse_tickets(text, turns_[i].tickets, context) ? 0 : -1;
                              });
        }
    }
    /// The port whose turn it is, of those that have tickets and aren't in `tried`; -1: none.
    int next(const std::vector<bool> *tried = nullptr) const {
        int best = -1;
        for (size_t i = 0; i < turns_.size(); i += 1) {
            if (turns_[i].tickets == 0 || (tried && (*tried)[i])) continue;
            if (best < 0 || turns_[i].pass < turns_[static_cast<size_t>(best)].pass)
                best = static_cast<int>(i);
        }
        return best;
    }
    void had_turn(int port) {
        Turn &it = turns_[static_cast<size_t>(port)];
        // Who slept doesn't get back what it missed.
        if (it.pass < now_) it.pass = now_;
        now_ = it.pass;
        if (it.tickets) it.pass += (uint64_t{1} << 32) / it.tickets;
    }
    size_t size() const { return turns_.size(); }

  private:
    struct Turn {
        uint32_t tickets = 1;
        uint64_t pass = 0;
    };
    std::vector<Turn> turns_;
    uint64_t now_ = 0;
};

} // namespace click
