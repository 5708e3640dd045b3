/*
=c
FrontDropQueue([CAPACITY])
=s storage
stores packets in a FIFO queue that drops from its front
=d
Like Queue, but when it is full the oldest packet is dropped for the new one.
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

class FrontDropQueue final : public NotifyingQueue {
  public:
    const char *class_name() const override { return "FrontDropQueue"; }
    Notifier *full_notifier(int) override {
        has_full_ = true;
        return &nonfull_;
    }

  protected:
    void accept(int, Packet *p) override {
        if (capacity() == 0) return drop(p);
        if (is_full()) drop(take());
        append(p);
    }
};

} // namespace click

EXPORT_ELEMENT(FrontDropQueue)
