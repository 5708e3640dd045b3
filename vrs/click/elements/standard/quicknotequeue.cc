/*
=c
QuickNoteQueue([CAPACITY])
=s storage
stores packets in a FIFO queue that notifies at once
=d
Like Queue; pullers sleep as soon as it is empty.
=k CAPACITY
Default 1000.
=h length r
=h highwater_length r
=h capacity rw
=h drops r
=h reset_counts w
=h reset w
Drops all packets.
*/
#include "elements/standard/queue_base.hh"

namespace click {

class QuickNoteQueue final : public NotifyingQueue {
  public:
    const char *class_name() const override { return "QuickNoteQueue"; }
    Notifier *full_notifier(int) override {
        has_full_ = true;
        return &nonfull_;
    }
};

} // namespace click

EXPORT_ELEMENT(QuickNoteQueue)
