// What the driver runs: tasks take turns by tickets (stride scheduling), timers wait for a time.
#pragma once

#include <cstdint>

#include "time.hh"

namespace click {

class Element;
class Driver;

/// Calls run_task() of its element until it isn't rescheduled: at its end run_task() calls
/// `task->fast_reschedule()` to be called again.
class Task {
  public:
    static constexpr int default_tickets = 1024;
    static constexpr int max_tickets = 1 << 15;

    explicit Task(Element *owner) : owner_(owner) {}
    ~Task() { unschedule(); }
    Task(const Task &) = delete;

    /// In Element::initialize(). ScheduleInfo's tickets count; scheduled unless told otherwise.
    void initialize(bool is_scheduled = true);
    void reschedule();
    void fast_reschedule() { reschedule(); }
    void unschedule();
    bool is_scheduled() const { return is_scheduled_; }
    Element *owner() const { return owner_; }
    int tickets() const { return tickets_; }
    void set_tickets(int tickets);
    /// For run_task() of elements that handle up to `burst` packets per run: how many runs this one
    /// may stand for. 1, or more while nobody can tell (Driver::keep_step()), up to a batch.
    uint32_t runs_at_once(uint32_t burst);
    /// How many it was: the task waits for so many turns of others. Else what runs_at_once() said.
    void note_runs(uint32_t runs) { used_runs_ = runs < 1 ? 1 : runs; }

  private:
    friend class Driver;
    Element *owner_;
    Driver *driver_ = nullptr;
    Task *next_ = nullptr;
    Task *previous_ = nullptr;
    uint64_t pass_ = 0;
    uint32_t stride_ = stride_one / default_tickets;
    int tickets_ = default_tickets;
    uint32_t used_runs_ = 1;
    bool is_scheduled_ = false;
    bool is_running_ = false; // and in no list
    static constexpr uint32_t stride_one = 1u << 16;
};

/// Calls run_timer() of its element once after it was scheduled.
class Timer {
  public:
    explicit Timer(Element *owner) : owner_(owner) {}
    ~Timer() { unschedule(); }
    Timer(const Timer &) = delete;

    void initialize(); // in Element::initialize()
    /// From now.
    void schedule_after(Timestamp delay) { schedule_at({steady_ns() + delay.ns}); }
    void schedule_after_ms(int64_t ms) { schedule_after(Timestamp::ms(ms)); }
    void schedule_now() { schedule_at({steady_ns()}); }
    /// From when it was last due: no drift.
    void reschedule_after(Timestamp delay) { schedule_at({expiry_ns_ + delay.ns}); }
    /// A time of steady_ns().
    void schedule_at(Timestamp steady);
    void unschedule();
    bool is_scheduled() const { return place_ >= 0; }
    Timestamp expiry() const { return {expiry_ns_}; } // of steady_ns()
    Element *owner() const { return owner_; }

  private:
    friend class Driver;
    Element *owner_;
    Driver *driver_ = nullptr;
    int64_t expiry_ns_ = 0;
    uint64_t sequence_ = 0;
    int place_ = -1; // in the driver's heap
};

} // namespace click
