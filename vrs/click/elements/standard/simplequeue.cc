/*
=c
SimpleQueue([CAPACITY])
=s storage
stores packets in a FIFO queue
=d
Stores pushed packets until they are pulled; drops what comes when it is full. It has no notifiers.
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

class SimpleQueue final : public QueueBase {
  public:
    const char *class_name() const override { return "SimpleQueue"; }
};

} // namespace click

EXPORT_ELEMENT(SimpleQueue)
