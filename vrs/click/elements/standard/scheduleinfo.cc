/*
=c
ScheduleInfo(ELEMENT SHARE, ...)
=s information
says how often elements' tasks run
=d
An element with SHARE 2 has its turn twice as often as one with 1, the default. Of elements in a
compound the compound's share counts too: they are multiplied.
=k SHARE
A number above 0.
=e
  ScheduleInfo(source 0.5, gw 2);
*/
#include "router.hh"

namespace click {

class ScheduleInfo final : public Element {
  public:
    const char *class_name() const override { return "ScheduleInfo"; }
    int configure_phase() const override { return phase_info; }
    int configure(Args &args) override {
        for (size_t i = 0; i < args.conf().size(); i += 1) {
            const auto words = split_words(args.conf()[i]);
            double share;
            if (words.size() != 2 || !parse_real(words[1], share) || !(share > 0))
                return args.error("argument %zu: expected 'ELEMENT SHARE'", i + 1);
            if (share > Task::max_tickets / Task::default_tickets)
                return args.error("argument %zu: SHARE too large, at most %d", i + 1,
                                  Task::max_tickets / Task::default_tickets);
            router().set_tickets(std::string(scope()) + words[0], share);
        }
        return 0;
    }
};

} // namespace click

EXPORT_ELEMENT(ScheduleInfo)
