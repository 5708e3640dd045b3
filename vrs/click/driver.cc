// What driver.hh and task.hh declare.
#include "driver.hh"

#include <algorithm>
#include <poll.h>

#include "element.hh"
#include "router.hh"

namespace click {

namespace {

constexpr int tasks_per_pass = 128;
constexpr int runs_per_pass = 1024; // when a turn stands for several
constexpr int timers_per_pass = 256;     // one that reschedules itself for now doesn't keep us
constexpr uint32_t passes_per_poll = 16; // while there are tasks
constexpr int64_t simulated_step_ns = 1000;

} // namespace

Driver::Driver() : head_(nullptr) { head_.next_ = head_.previous_ = &head_; }

// Tasks.

void Task::initialize(bool is_scheduled) {
    Router &router = owner_->router();
    driver_ = &router.driver();
    set_tickets(router.tickets(owner_));
    if (is_scheduled) reschedule();
}

void Task::set_tickets(int tickets) {
    tickets_ = std::clamp(tickets, 1, max_tickets);
    stride_ = stride_one / static_cast<uint32_t>(tickets_);
    if (stride_ == 0) stride_ = 1;
}

void Task::reschedule() {
    if (is_scheduled_ || !driver_) return;
    is_scheduled_ = true;
    if (is_running_) return; // the driver takes it back
    pass_ = std::max(pass_, driver_->pass_now_);
    driver_->insert(this);
}

void Task::unschedule() {
    if (!is_scheduled_) return;
    is_scheduled_ = false;
    if (is_running_) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
}

uint32_t Task::runs_at_once(uint32_t burst) {
    used_runs_ = std::clamp(Batch::capacity / std::max(burst, 1u), 1u, driver_->ahead());
    return used_runs_;
}

/// Behind all that are due no later.
void Driver::insert(Task *task) {
    Task *before = head_.previous_;
    while (before != &head_ && before->pass_ > task->pass_) before = before->previous_;
    task->previous_ = before;
    task->next_ = before->next_;
    before->next_->previous_ = task;
    before->next_ = task;
}

bool Driver::run_tasks(int count) {
    bool has_worked = false;
    while (count > 0 && head_.next_ != &head_ && !is_interrupted_) {
        Task *task = head_.next_;
        task->unschedule();
        pass_now_ = task->pass_;
        task->used_runs_ = 1;
        task->is_running_ = true;
        has_worked |= task->owner_->run_task(task);
        task->is_running_ = false;
        const uint32_t runs = task->used_runs_;
        task->pass_ += uint64_t{task->stride_} * runs;
        if (task->is_scheduled_) insert(task);
        count -= static_cast<int>(runs);
        settle(runs);
    }
    return has_worked;
}

/// So many runs were like those before.
void Driver::settle(uint32_t runs) {
    settled_runs_ += runs;
    if (settled_runs_ < doubling_runs || Clock::is_simulated) return;
    settled_runs_ = 0;
    ahead_ = std::min(ahead_ * 2, Batch::capacity);
}

// Timers.

void Timer::initialize() { driver_ = &owner_->router().driver(); }

void Timer::schedule_at(Timestamp steady) {
    if (driver_) driver_->set_timer(this, steady.ns);
}

void Timer::unschedule() {
    if (place_ >= 0) driver_->remove_timer(this);
}

bool Driver::is_before(const Timer *a, const Timer *b) const {
    if (a->expiry_ns_ != b->expiry_ns_) return a->expiry_ns_ < b->expiry_ns_;
    return a->sequence_ < b->sequence_;
}

void Driver::sift(size_t place) {
    Timer *timer = timers_[place];
    const auto put = [&](size_t at, Timer *it) {
        timers_[at] = it;
        it->place_ = static_cast<int>(at);
    };
    while (place > 0 && is_before(timer, timers_[(place - 1) / 2])) {
        put(place, timers_[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        size_t child = place * 2 + 1;
        if (child >= timers_.size()) break;
        if (child + 1 < timers_.size() && is_before(timers_[child + 1], timers_[child])) child += 1;
        if (!is_before(timers_[child], timer)) break;
        put(place, timers_[child]);
        place = child;
    }
    put(place, timer);
}

void Driver::set_timer(Timer *timer, int64_t expiry_ns) {
    if (timer->place_ < 0) {
        timer->place_ = static_cast<int>(timers_.size());
        timers_.push_back(timer);
    }
    timer->expiry_ns_ = expiry_ns;
    timer->sequence_ = sequence_++;
    sift(static_cast<size_t>(timer->place_));
}

void Driver::remove_timer(Timer *timer) {
    const auto place = static_cast<size_t>(timer->place_);
    timer->place_ = -1;
    Timer *last = timers_.back();
    timers_.pop_back();
    if (last == timer) return;
    timers_[place] = last;
    last->place_ = static_cast<int>(place);
    sift(place);
}

int64_t Driver::ns_to_timer() const {
    if (timers_.empty()) return -1;
    return std::max<int64_t>(0, timers_[0]->expiry_ns_ - steady_ns());
}

bool Driver::run_timers() {
    if (timers_.empty()) return false;
    const int64_t now = steady_ns();
    int count = 0;
    for (; count < timers_per_pass && !timers_.empty() && !is_interrupted_; count += 1) {
        Timer *timer = timers_[0];
        if (timer->expiry_ns_ > now) break;
        remove_timer(timer);
        timer->owner_->run_timer(timer);
    }
    return count > 0;
}

// Descriptors.

void Driver::add_select(int fd, int mask, Element *element) {
    for (Selection &it : selections_) {
        if (it.fd != fd || it.element != element) continue;
        it.mask |= mask;
        return;
    }
    selections_.push_back({fd, mask, element});
}

void Driver::remove_select(int fd, int mask, Element *element) {
    std::erase_if(selections_, [&](Selection &it) {
        if (it.fd != fd || it.element != element) return false;
        it.mask &= ~mask;
        return it.mask == 0;
    });
}

bool Driver::run_selects(int wait_ms) {
    if (selections_.empty() && wait_ms == 0) return false;
    std::vector<pollfd> fds;
    const std::vector<Selection> chosen = selections_;
    for (const Selection &it : chosen) {
        int events = it.mask & select_read ? POLLIN : 0;
        if (it.mask & select_write) events |= POLLOUT;
        fds.push_back({it.fd, static_cast<short>(events), 0});
    }
    if (::poll(fds.data(), fds.size(), wait_ms) <= 0) return false;
    for (size_t i = 0; i < fds.size() && !is_interrupted_; i += 1) {
        int mask = fds[i].revents & POLLOUT ? select_write : 0;
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) mask |= select_read;
        // A descriptor may have been removed by the one before it.
        const auto is_it = [&](const Selection &it) {
            return it.fd == chosen[i].fd && it.element == chosen[i].element;
        };
        if (mask && std::any_of(selections_.begin(), selections_.end(), is_it))
            chosen[i].element->selected(chosen[i].fd, mask);
    }
    return true;
}

bool Driver::pass(int max_wait_ms) {
    is_interrupted_ = skips_wait_ = false;
    bool has_worked = run_tasks(ahead_ > 1 ? runs_per_pass : tasks_per_pass);
    if (Clock::is_simulated) Clock::simulated_ns += simulated_step_ns;
    has_worked |= run_timers();
    passes_ += 1;
    if (has_tasks()) {
        if (passes_ % passes_per_poll == 0) has_worked |= run_selects(0);
        return has_worked;
    }
    if (is_interrupted_ || skips_wait_) return has_worked;
    int64_t wait_ns = ns_to_timer();
    if (Clock::is_simulated) {
        has_worked |= run_selects(0);
        // Nothing to do until then: it is then.
        if (wait_ns > 0 && !has_tasks()) Clock::simulated_ns += wait_ns;
        if (wait_ns >= 0) return true;
    }
    int wait_ms = max_wait_ms;
    if (has_worked) wait_ms = 0;
    if (wait_ns >= 0) {
        const int64_t until = (wait_ns + 999'999) / 1'000'000;
        if (wait_ns < 1'000'000)
            wait_ms = 0; // poll is too coarse
        else if (wait_ms < 0 || until - 1 < wait_ms)
            wait_ms = static_cast<int>(until - 1);
    }
    return run_selects(wait_ms) || has_worked;
}

void Driver::run(Router &router) {
    while (!router.is_stopping() && !router.replacement) pass(-1);
}

} // namespace click
