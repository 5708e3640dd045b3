// What queues have in common: a ring of packets, counts, handlers, hot swap.
#pragma once

#include <algorithm>

#include "router.hh"

namespace click {

/// Q overrides what differs: `accept()` for a packet that finds the queue full, notifiers.
class QueueBase : public Element {
  public:
    const char *port_count() const override { return "1/1"; }
    const char *processing() const override { return "h/l"; }
    const char *flow_code() const override { return "x/y"; }
    void *cast(const char *name) override {
        return std::string_view(name) == "Storage" || std::string_view(name) == "SimpleQueue"
                   ? static_cast<QueueBase *>(this)
                   : Element::cast(name);
    }
    int configure(Args &args) override {
        uint32_t capacity = 1000;
        if (args.positional("CAPACITY", Bounded<uint32_t>{0, max_capacity}, capacity).complete() <
            0)
            return -1;
        resize(capacity);
        return 0;
    }
    bool can_live_reconfigure() const override { return true; }
    void cleanup(CleanupStage) override {
        while (Packet *p = take()) p->kill();
    }
    void take_state(Element *old, ErrorHandler &errh) override {
        auto *other = static_cast<QueueBase *>(old->cast("Storage"));
        if (!other) return;
        uint32_t lost = 0;
        while (Packet *p = other->take()) {
            if (is_full())
                p->kill(), lost += 1;
            else
                append(p);
        }
        if (lost) errh.warning("some packets lost (old length was larger than the new capacity)");
        highwater_ = std::max(highwater_, length());
        after_push();
    }
    void add_handlers() override {
        add_read("length", [this] { return length(); });
        add_read("highwater_length", [this] { return highwater_; });
        add_read("capacity", [this] { return capacity_; });
        add_write("capacity", [this](const std::string &text, ErrorHandler &errh) {
            uint32_t capacity;
            ArgContext context{this, errh, "capacity"};
            if (!Bounded<uint32_t>{0, max_capacity}(trim(text), capacity, context))
                return context.has_failed ? -1 : errh.error("syntax error");
            resize(capacity);
            return 0;
        });
        add_read("drops", [this] { return drops_; });
        add_write("reset_counts", [this] {
            drops_ = 0;
            highwater_ = 0;
        });
        add_write("reset", [this] {
            while (Packet *p = take()) p->kill();
            after_pull(true);
        });
    }

    uint32_t length() const { return tail_ - head_; }
    uint32_t capacity() const { return capacity_; }
    bool is_full() const { return length() >= capacity_; }

    void push(int port, Packet *p) override {
        accept(port, p);
        note_length(1);
        after_push();
    }
    void push_batch(int port, Batch &batch) override {
        for (Packet *p : batch) accept(port, p);
        note_length(batch.size());
        batch.clear();
        after_push();
    }
    Packet *pull(int) override {
        Packet *p = take();
        after_pull(p == nullptr);
        return p;
    }
    uint32_t pull_batch(int, Batch &batch, uint32_t max) override {
        const uint32_t count = std::min({max, length(), Batch::capacity - batch.size()});
        for (uint32_t i = 0; i < count; i += 1) batch.add(ring_[(head_ + i) & mask_]);
        head_ += count;
        after_pull(count == 0);
        return count;
    }

  protected:
    static constexpr uint32_t max_capacity = 1 << 24;

    /// The packet is taken or dropped.
    virtual void accept(int, Packet *p) {
        if (is_full()) [[unlikely]]
            return drop(p);
        append(p);
    }
    virtual void after_push() {}
    virtual void after_pull(bool /*was_empty*/) {}

    void append(Packet *p) { ring_[tail_++ & mask_] = p; }
    void prepend(Packet *p) { ring_[--head_ & mask_] = p; }
    Packet *take() { return head_ == tail_ ? nullptr : ring_[head_++ & mask_]; }
    Packet *take_last() { return head_ == tail_ ? nullptr : ring_[--tail_ & mask_]; }
    void drop(Packet *p) {
        if (drops_ == 0 && capacity_ > 0) chatter("overflow");
        drops_ += 1;
        p->kill();
    }

  private:
    /// So many packets came. While tasks run ahead, they came one by one as it were.
    void note_length(uint32_t count) {
        Driver &driver = router().driver();
        uint32_t high = length();
        if (driver.ahead() > 1) {
            if (capacity_ - high < 2 * driver.ahead()) driver.come_closer();
            if (high >= count) high -= count - 1;
        }
        if (high > highwater_) highwater_ = high;
    }
    /// Keeps the packets, oldest first, as many as fit.
    void resize(uint32_t capacity) {
        uint32_t size = 1;
        while (size < capacity) size *= 2;
        std::vector<Packet *> ring(size);
        uint32_t count = 0;
        while (Packet *p = take()) {
            if (count < capacity)
                ring[count++] = p;
            else
                p->kill(), drops_ += 1;
        }
        ring_ = std::move(ring);
        mask_ = size - 1;
        head_ = 0;
        tail_ = count;
        capacity_ = capacity;
    }

    std::vector<Packet *> ring_ = std::vector<Packet *>(1);
    uint32_t mask_ = 0, head_ = 0, tail_ = 0, capacity_ = 0;
    uint32_t highwater_ = 0;
    uint64_t drops_ = 0;
};

/// Tells pullers when it is empty, and pushers when it is full.
class NotifyingQueue : public QueueBase {
  public:
    Notifier *empty_notifier(int) override { return &nonempty_; }
    int initialize(ErrorHandler &) override {
        nonempty_.set_active(length() > 0);
        return 0;
    }

  protected:
    void after_push() override {
        if (length() > 0) nonempty_.wake();
        if (has_full_ && is_full()) nonfull_.sleep();
    }
    void after_pull(bool was_empty) override {
        if (was_empty || length() == 0) nonempty_.sleep();
        if (has_full_ && !is_full()) nonfull_.wake();
    }
    bool has_full_ = false;
    Notifier nonempty_, nonfull_;
};

} // namespace click
