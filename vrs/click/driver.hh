// The driver: runs tasks, timers and file descriptors. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "task.hh"

namespace click {

class Element;
class Router;

class Driver {
  public:
    enum Select { select_read = 1, select_write = 2 };

    Driver();
    Driver(const Driver &) = delete;

    /// One pass: some tasks, timers that are due, descriptors that are ready. Waits at most
    /// `max_wait_ms` (-1: until something comes) when there is nothing else to do. Returns whether
    /// something was done.
    bool pass(int max_wait_ms);
    /// Passes until the router stops.
    void run(Router &router);

    void add_select(int fd, int mask, Element *element);
    void remove_select(int fd, int mask, Element *element);
    bool has_tasks() const { return head_.next_ != &head_; }

    // Running ahead. Sources and pullers handle a packet per run unless told otherwise, and tasks
    // take turns. When that went on for a while and nothing happened that anybody could see but
    // packets passing, a run stands for several: 2, then 4, up to a batch. Elements say when
    // something does happen (a packet is printed, a limit is near, a queue fills up), and all is
    // one by one again. In simulated time it is so always.

    /// Somebody looks: one run at a time for the next thousands of runs.
    void keep_step() {
        ahead_ = 1;
        settled_runs_ = -watched_runs;
    }
    /// A queue has less room than comes in two turns: half as many runs from now on.
    void come_closer() {
        ahead_ = ahead_ > 1 ? ahead_ / 2 : 1;
        settled_runs_ = -crowded_runs;
    }
    /// How many runs a turn may stand for now.
    uint32_t ahead() const { return ahead_; }
    /// So many packets before something happens, a task calls keep_step().
    static constexpr uint32_t notice_packets = 4096;

    /// Nanoseconds to the next timer, 0 when it is due, -1 when there is none.
    int64_t ns_to_timer() const;
    /// Ends the current wait and pass soon: from handlers and signals.
    void interrupt() { is_interrupted_ = true; }
    /// Lets this pass end without waiting, in simulated time without going on to the next timer.
    void skip_wait() { skips_wait_ = true; }

  private:
    friend class Task;
    friend class Timer;
    struct Selection {
        int fd, mask;
        Element *element;
    };

    bool run_tasks(int count);
    bool run_timers();
    bool run_selects(int wait_ms);
    void settle(uint32_t runs);
    void insert(Task *task);
    void set_timer(Timer *timer, int64_t expiry_ns);
    void remove_timer(Timer *timer);
    void sift(size_t place);
    bool is_before(const Timer *a, const Timer *b) const;

    static constexpr int64_t watched_runs = 4096, crowded_runs = 65536, doubling_runs = 1024;

    Task head_; // of a ring, in order of pass
    uint32_t ahead_ = 1;
    int64_t settled_runs_ = -watched_runs;
    uint64_t pass_now_ = 0;
    std::vector<Timer *> timers_; // a heap
    uint64_t sequence_ = 0;
    std::vector<Selection> selections_;
    uint32_t passes_ = 0;
    bool is_interrupted_ = false, skips_wait_ = false;
};

} // namespace click
