/*
=c
StaticThreadSched(ELEMENT THREAD, ...)
=s threads
assigns elements to threads
=d
Accepted and without effect: a router here has one thread. lvrm runs as many of it as it gives it
cores.
=a ScheduleInfo
*/
#include "router.hh"

namespace click {

class StaticThreadSched final : public Element {
  public:
    const char *class_name() const override { return "StaticThreadSched"; }
    int configure(Args &args) override {
        for (const std::string &it : args.conf()) {
            const auto words = split_words(it);
            int thread;
            ArgContext context{this, args.errh(), "THREAD"};
            if (words.size() != 2) return args.error("expected 'ELEMENT THREAD'");
            if (!router().find(words[0], this))
                return args.error("no element named '%s'", words[0].c_str());
            if (!parse_arg(words[1], thread, context)) return -1;
        }
        return 0;
    }
};

} // namespace click

EXPORT_ELEMENT(StaticThreadSched)
