/*
=c
MixedQueue([CAPACITY])
=s storage
stores packets in a FIFO or LIFO queue
=d
Packets from input 0 are pulled in the order in which they came, those from input 1 before all
others. When it is full a packet from input 0 is dropped, while one from input 1 drops the last in
the queue.
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

class MixedQueue final : public NotifyingQueue {
  public:
    const char *class_name() const override { return "MixedQueue"; }
    const char *port_count() const override { return "2/1"; }

  protected:
    void accept(int port, Packet *p) override {
        if (port == 0) return QueueBase::accept(port, p);
        if (capacity() == 0) return drop(p);
        if (is_full()) drop(take_last());
        prepend(p);
    }
};

} // namespace click

EXPORT_ELEMENT(MixedQueue)
