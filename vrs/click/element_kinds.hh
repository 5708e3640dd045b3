// Elements that do one thing to each packet, alone or in batches. element.hh includes this.
//
// A batch shows nothing that packets one by one wouldn't: what leaves it by the way lets those
// before it go first, and observers get packets singly.
#pragma once

#include <utility>
#include <vector>

#include "element.hh"

namespace click {

/// What SimpleElement and SortElement share.
class BatchElement : public Element {
  public:
    /// For action() and sort(): a packet that leaves by another way than the result says. While a
    /// batch is worked on it waits until those before it went. (Hides Element's.)
    void checked_push(int output, Packet *p) {
        if (is_batching_) [[likely]]
            sides_.push_back({output, p});
        else
            Element::checked_push(output, p);
    }

  protected:
    struct Side {
        int output;
        Packet *packet;
    };
    /// Between these two, checked_push() keeps packets back.
    void start_batching() { is_batching_ = true; }
    void end_batching() { is_batching_ = false; }
    bool has_sides() const { return !sides_.empty(); }
    /// Calls f(), which pushes what came before; then pushes what was kept back. A path may lead
    /// back to this element.
    template <class F> [[gnu::noinline]] void push_sides(F f) {
        end_batching();
        const std::vector<Side> sides = std::exchange(sides_, {});
        f();
        for (const Side &it : sides) Element::checked_push(it.output, it.packet);
        start_batching();
    }
    /// Kills them when there is no such output.
    void push_all(int to, Batch &batch) {
        if (static_cast<unsigned>(to) < static_cast<unsigned>(noutputs()))
            output(to).push(batch);
        else
            batch.kill();
    }

  private:
    bool is_batching_ = false;
    std::vector<Side> sides_;
};

/// One in, one out: T::action(Packet *) returns the packet, or null after it has killed it or given
/// it to checked_push(). No virtual call per packet. T may have actions(Batch &) too, for whole
/// batches: it pushes nothing; and needs_steps(const Batch &): whether they must go singly.
template <class T> class SimpleElement : public BatchElement {
  public:
    const char *port_count() const override { return "1/1"; }
    void push(int, Packet *p) final {
        if (sees_order()) [[unlikely]]
            keep_step();
        if ((p = self().action(p))) output(0).push(p);
    }
    Packet *pull(int) final {
        Packet *p = input(0).pull();
        if (sees_order()) [[unlikely]]
            keep_step();
        return p ? self().action(p) : nullptr;
    }
    void push_batch(int, Batch &batch) final {
        if (must_step(batch)) [[unlikely]] {
            for (Packet *p : batch) push(0, p);
            return batch.clear();
        }
        if constexpr (has_actions)
            self().actions(batch);
        else
            act(batch);
        output(0).push(batch);
    }
    uint32_t pull_batch(int, Batch &batch, uint32_t max) final {
        const uint32_t before = batch.size();
        input(0).pull(batch, max);
        if (sees_order()) [[unlikely]]
            keep_step();
        if constexpr (has_actions) {
            if (before == 0 && !must_step(batch)) return self().actions(batch), batch.size();
        }
        uint32_t kept = before;
        for (uint32_t i = before, count = batch.size(); i < count; i += 1) {
            Packet *p = self().action(batch[i]);
            batch[kept] = p;
            kept += p != nullptr;
        }
        batch.shrink(kept);
        return kept - before;
    }

  private:
    static constexpr bool has_actions = requires(T &t, Batch &batch) { t.actions(batch); };
    T &self() { return static_cast<T &>(*this); }
    bool must_step(const Batch &batch) {
        if constexpr (requires { self().needs_steps(batch); }) {
            if (self().needs_steps(batch)) return true;
        }
        return sees_order();
    }
    void act(Batch &batch) {
        uint32_t kept = 0;
        const uint32_t count = batch.size();
        start_batching();
        for (uint32_t i = 0; i < count; i += 1) {
            Packet *p = self().action(batch[i]);
            if (has_sides()) [[unlikely]] {
                push_sides([&] { this->push_part(0, batch, 0, kept); });
                kept = 0;
            }
            batch[kept] = p;
            kept += p != nullptr;
        }
        end_batching();
        batch.shrink(kept);
    }
};

/// Push in, one of several push outputs: T::sort(port, Packet *) returns the output's number;
/// one that doesn't exist kills the packet; `consumed` says that it is gone already. T may have
/// start_batch(), called before packets that come together.
template <class T> class SortElement : public BatchElement {
  public:
    static constexpr int consumed = -1;
    const char *processing() const override { return "h/h"; }
    void push(int port, Packet *p) final {
        if constexpr (requires { self().start_batch(); }) self().start_batch();
        const int to = self().sort(port, p);
        if (to != consumed) Element::checked_push(to, p);
    }
    void push_batch(int port, Batch &batch) final {
        int to[Batch::capacity];
        const uint32_t count = batch.size();
        if constexpr (requires { self().start_batch(); }) self().start_batch();
        uint32_t first = 0; // that hasn't left
        int difference = 0;
        start_batching();
        for (uint32_t i = 0; i < count; i += 1) {
            to[i] = self().sort(port, batch[i]);
            if (has_sides()) [[unlikely]] {
                push_sides([&] { distribute(batch, to, first, i); });
                first = i;
                difference = 1;
            }
            difference |= to[i] ^ to[0];
        }
        end_batching();
        if (difference) return distribute(batch, to, first, count), batch.clear();
        if (to[0] != consumed) push_all(to[0], batch);
    }

  private:
    static constexpr int done = -1; // consumed, or left
    T &self() { return static_cast<T &>(*this); }
    /// One output after the other, in the order of their first packets; or all in order.
    void distribute(Batch &batch, int *to, uint32_t begin, uint32_t end) {
        Batch *part = Batch::acquire();
        for (uint32_t i = begin; i < end; i += 1) {
            const int now = to[i];
            if (now == done) continue;
            for (uint32_t j = i; j < end; j += 1) {
                if (to[j] == done) continue;
                if (to[j] != now) {
                    if (is_in_order()) break;
                    continue;
                }
                part->add(batch[j]);
                to[j] = done;
            }
            push_all(now, *part);
            part->clear();
        }
        Batch::release(part);
    }
};

} // namespace click
