/*
=c
Queue([CAPACITY])
=s storage
stores packets in a FIFO queue
=d
Stores pushed packets until they are pulled; drops what comes when it is full, and says so on stderr
the first time. It tells pullers when it is empty, and pushers when it is full.
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

class Queue final : public NotifyingQueue {
  public:
    const char *class_name() const override { return "Queue"; }
    Notifier *full_notifier(int) override {
        has_full_ = true;
        return &nonfull_;
    }
};

} // namespace click

EXPORT_ELEMENT(Queue)
