/*
=c
NotifierQueue([CAPACITY])
=s storage
stores packets in a FIFO queue that notifies pullers
=d
Like SimpleQueue, but tells those who pull when it is empty and when no longer.
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

class NotifierQueue final : public NotifyingQueue {
  public:
    const char *class_name() const override { return "NotifierQueue"; }
};

} // namespace click

EXPORT_ELEMENT(NotifierQueue)
