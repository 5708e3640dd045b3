/*
=c
FullNoteQueue([CAPACITY])
=s storage
stores packets in a FIFO queue that notifies pullers and pushers
=d
Like NotifierQueue, and tells those who push when it is full and when no longer.
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

class FullNoteQueue final : public NotifyingQueue {
  public:
    const char *class_name() const override { return "FullNoteQueue"; }
    Notifier *full_notifier(int) override {
        has_full_ = true;
        return &nonfull_;
    }
};

} // namespace click

EXPORT_ELEMENT(FullNoteQueue)
