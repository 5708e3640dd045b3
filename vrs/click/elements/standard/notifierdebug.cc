/*
=c
NotifierDebug
=s debugging
tells what the notifiers around it say
=d
Passes packets on unchanged. Its handler says whether the notifiers that it can see are active:
those of the queues and schedulers upstream of it when it is pulled, of the queues downstream when
it is pushed to.
=h signal r
`always on` when one end has no notifier; else a line with the number of notifiers and of those that
are active: `active 1/2` or `inactive 0/2`.
=a Queue, FullNoteQueue
*/
#include "element.hh"

namespace click {

class NotifierDebug final : public SimpleElement<NotifierDebug> {
  public:
    const char *class_name() const override { return "NotifierDebug"; }
    int initialize(ErrorHandler &) override {
        signal_ = input_is_pull(0) ? Signal::upstream_empty(this, 0, static_cast<Task *>(nullptr))
                                   : Signal::downstream_full(this, 0, nullptr);
        return 0;
    }
    void add_handlers() override {
        add_read("signal", [this] {
            if (signal_.is_always_active()) return std::string("always on");
            size_t active = 0;
            for (const Notifier *it : signal_.notifiers()) active += it->is_active();
            return format("%s %zu/%zu", active ? "active" : "inactive", active,
                          signal_.notifiers().size());
        });
    }
    Packet *action(Packet *p) { return p; }

  private:
    Signal signal_;
};

} // namespace click

EXPORT_ELEMENT(NotifierDebug)
