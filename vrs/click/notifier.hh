// Notifiers: an element that knows that there is nothing to pull (or no room to push) tells the
// tasks that would try in vain.
#pragma once

#include <vector>

#include "task.hh"

namespace click {

class Element;

class Notifier {
  public:
    bool is_active() const { return is_active_; }
    void wake() {
        if (is_active_) return;
        is_active_ = true;
        for (Task *task : listeners_) task->reschedule();
        for (Notifier *it : dependents_) it->wake();
    }
    void sleep() { is_active_ = false; }
    void set_active(bool is_active) { is_active ? wake() : sleep(); }
    void add_listener(Task *task) { listeners_.push_back(task); }
    void remove_listener(Task *task) { std::erase(listeners_, task); }
    /// One that is woken with this one.
    void add_dependent(Notifier *notifier) { dependents_.push_back(notifier); }

  private:
    bool is_active_ = true;
    std::vector<Task *> listeners_;
    std::vector<Notifier *> dependents_;
};

/// Whether a pull (or push) is worth trying: active while any of its notifiers is, and always when
/// one end has none.
class Signal {
  public:
    bool is_active() const {
        if (is_always_active_) return true;
        for (const Notifier *it : notifiers_)
            if (it->is_active()) return true;
        return false;
    }
    explicit operator bool() const { return is_active(); }
    /// What lies upstream of a pull input; `task` is rescheduled when something comes there.
    static Signal upstream_empty(Element *element, int input, Task *task);
    /// What lies downstream of a push output; `task` is rescheduled when there is room again.
    static Signal downstream_full(Element *element, int output, Task *task);
    /// The same, for a notifier of the element's own (schedulers, shapers).
    static Signal upstream_empty(Element *element, int input, Notifier *dependent);
    bool is_always_active() const { return is_always_active_; }
    const std::vector<Notifier *> &notifiers() const { return notifiers_; }
    void add(const Signal &other) {
        is_always_active_ |= other.is_always_active_;
        for (Notifier *it : other.notifiers_) notifiers_.push_back(it);
    }

  private:
    bool is_always_active_ = false;
    std::vector<Notifier *> notifiers_;
};

} // namespace click
