// Elements: what one file under elements/ defines. README.md is the guide.
//
// Life: constructor (no effects) → configure() → initialize(), in that order for all elements of a
// router; then packets, tasks, timers and handlers; cleanup() at the end, also after errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "args.hh"
#include "error.hh"
#include "handler.hh"
#include "notifier.hh"
#include "packet.hh"
#include "task.hh"

namespace click {

class Element;
class Router;

/// The other end of a connection.
struct Port {
    Element *element = nullptr;
    int port = 0;

    // Of a push output.
    inline void push(Packet *p) const;
    /// All of them; the batch is empty afterwards.
    inline void push(Batch &batch) const;
    // Of a pull input.
    inline Packet *pull() const;
    /// Adds up to `max` packets to the batch, and says how many: fewer than there are where the
    /// moment of each pull is seen.
    inline uint32_t pull(Batch &batch, uint32_t max) const;
    /// How many a pull may bring.
    uint32_t at_once = Batch::capacity;

    bool is_active() const { return element != nullptr; }
};

/// When cleanup() is called.
enum class CleanupStage {
    before_configure,
    configure_failed,
    configured,
    initialize_failed,
    initialized,
    router_initialized
};

class Element {
  public:
    Element() = default;
    virtual ~Element() = default;
    Element(const Element &) = delete;

    virtual const char *class_name() const = 0;
    /// Inputs/outputs: "1/1", "1/1-2", "-/1" (any), "1-/=" (as many outputs as inputs).
    virtual const char *port_count() const { return "0/0"; }
    /// h push, l pull, a agnostic; the last letter goes on: "h/l", "a/ah" (second output on: push).
    virtual const char *processing() const { return "a/a"; }
    /// Which outputs a packet may leave by, for what looks along the graph: "x/x" all, "x/y" none,
    /// "xy/x" only from the first input.
    virtual const char *flow_code() const { return "x/x"; }
    /// This, when `name` is the class's or that of an interface it has: static_cast from void *.
    virtual void *cast(const char *name);

    /// Elements are configured in order of phase: information (names) before others.
    enum Phase {
        phase_first = 0,
        phase_info = 20,
        phase_privileged = 90,
        phase_default = 100,
        phase_last = 2000
    };
    virtual int configure_phase() const { return phase_default; }
    virtual int configure(Args &args) { return args.complete(); }
    /// With `other` gone to work: all are configured, connected and checked. May look for elements,
    /// tasks, notifiers; allocate, open files.
    virtual int initialize(ErrorHandler &) { return 0; }
    virtual void cleanup(CleanupStage) {}
    virtual void add_handlers() {}
    /// Hot swap: `old` is the element of the same name and class in the router that ends.
    virtual void take_state(Element * /*old*/, ErrorHandler &) {}
    /// Whether the `config` handler may be written (configure() is called again).
    virtual bool can_live_reconfigure() const { return false; }
    virtual int live_reconfigure(Args &args) { return configure(args); }

    // Packets. Write SimpleElement<T>::action() or SortElement<T>::sort() where they fit
    // (element_kinds.hh): they make all four. Else override push() and pull(), and the batch forms
    // where speed counts.
    virtual void push(int port, Packet *p);
    virtual Packet *pull(int port);
    virtual void push_batch(int port, Batch &batch);
    virtual uint32_t pull_batch(int port, Batch &batch, uint32_t max);

    virtual bool run_task(Task *) { return false; }
    virtual void run_timer(Timer *) {}
    virtual void selected(int /*fd*/, int /*mask*/) {}
    /// The notifier behind a pull output that sleeps when there is nothing to pull.
    virtual Notifier *empty_notifier(int /*output*/) { return nullptr; }
    /// The notifier behind a push input that sleeps when it is full.
    virtual Notifier *full_notifier(int /*input*/) { return nullptr; }
    /// After configure(): whether the order of packets is seen, on stdout or in files. Packets come
    /// to it one by one then, and tasks take turns as in Click as long as any come.
    virtual bool is_observer() const { return false; }
    /// Whether packets of one flow leave by one output, so that it doesn't matter in which order
    /// packets of several outputs meet again further on.
    virtual bool keeps_flows() const { return true; }

    const std::string &name() const { return name_; }
    const std::string &landmark() const { return landmark_; }
    /// "x :: Counter"
    std::string declaration() const;
    /// "a/b/" for "a/b/x"
    std::string_view scope() const;
    int index() const { return index_; }
    Router &router() const { return *router_; }
    const std::vector<std::string> &configuration() const { return configuration_; }

    int ninputs() const { return static_cast<int>(inputs_.size()); }
    int noutputs() const { return static_cast<int>(outputs_.size()); }
    const Port &input(int i) const { return inputs_[static_cast<size_t>(i)]; }
    const Port &output(int i) const { return outputs_[static_cast<size_t>(i)]; }
    bool input_is_push(int i) const { return input_push_[static_cast<size_t>(i)]; }
    bool output_is_push(int i) const { return output_push_[static_cast<size_t>(i)]; }
    bool input_is_pull(int i) const { return !input_is_push(i); }
    bool output_is_pull(int i) const { return !output_is_push(i); }
    /// Pushes, or kills the packet when there is no such output.
    void checked_push(int output, Packet *p) const {
        if (static_cast<unsigned>(output) < outputs_.size())
            outputs_[static_cast<size_t>(output)].push(p);
        else
            p->kill();
    }

    // For add_handlers(). Reads: no parameter, or (const std::string &), or with (…, ErrorHandler
    // &); the result by to_text(). Writes: (), (const std::string &), (…, ErrorHandler &),
    // returning
    // nothing or an int that is negative after an error.
    template <class F> Handler &add_read(const char *name, F f);
    template <class F> Handler &add_write(const char *name, F f);
    enum DataHandler { data_read = 1, data_write = 2, data_both = 3 };
    template <class T> void add_data(const char *name, int flags, T *value);
    /// `active`, `scheduled`, `tickets` of a task.
    void add_task_handlers(Task *task);
    const Handler *find_handler(std::string_view name) const;
    /// A handler for a name that find_handler() doesn't know.
    virtual const Handler *missing_handler(std::string_view) { return nullptr; }
    const std::vector<Handler> &handlers() const { return handlers_; }
    Handler &handler_named(const char *name);

    /// A message on stderr while packets run, "NAME: text".
    void chatter(const char *text, ...) const CLICK_PRINTF(2, 3);

  protected:
    /// Something happens that somebody sees: tasks take turns by single packets for a while.
    void keep_step() const;
    /// Pushes packets [begin, end) of a batch, which isn't emptied.
    void push_part(int output, Batch &batch, uint32_t begin, uint32_t end) const;
    /// is_observer(), as the router found it.
    bool sees_order() const { return sees_order_; }
    /// Whether packets that leave by several outputs must do so in their order.
    bool is_in_order() const { return is_in_order_; }

  private:
    friend class Router;
    bool sees_order_ = false, is_in_order_ = false;
    std::vector<Port> inputs_, outputs_;
    std::vector<bool> input_push_, output_push_;
    std::string name_, landmark_;
    std::vector<std::string> configuration_;
    std::vector<Handler> handlers_;
    Router *router_ = nullptr;
    int index_ = -1;
};

inline void Port::push(Packet *p) const { element->push(port, p); }
inline void Port::push(Batch &batch) const {
    if (batch.empty()) return;
    element->push_batch(port, batch);
    batch.clear();
}
inline Packet *Port::pull() const { return element->pull(port); }
inline uint32_t Port::pull(Batch &batch, uint32_t max) const {
    return element->pull_batch(port, batch, max < at_once ? max : at_once);
}

template <class F> Handler &Element::add_read(const char *name, F f) {
    Handler &h = handler_named(name);
    if constexpr (std::is_invocable_v<F, const std::string &, ErrorHandler &>)
        h.read = [f](const std::string &parameter, ErrorHandler &errh) {
            return to_text(f(parameter, errh));
        };
    else if constexpr (std::is_invocable_v<F, const std::string &>)
        h.read = [f](const std::string &parameter, ErrorHandler &) {
            return to_text(f(parameter));
        };
    else
        h.read = [f](const std::string &, ErrorHandler &) { return to_text(f()); };
    h.takes_parameter = !std::is_invocable_v<F>;
    return h;
}

template <class F> Handler &Element::add_write(const char *name, F f) {
    Handler &h = handler_named(name);
    const auto call = [f](const std::string &value, ErrorHandler &errh) {
        if constexpr (std::is_invocable_v<F, const std::string &, ErrorHandler &>)
            return f(value, errh);
        else if constexpr (std::is_invocable_v<F, const std::string &>)
            return f(value);
        else
            return f();
    };
    h.is_button = std::is_invocable_v<F>;
    h.write = [call](const std::string &value, ErrorHandler &errh) -> int {
        if constexpr (std::is_void_v<decltype(call(value, errh))>) {
            call(value, errh);
            return 0;
        } else {
            return static_cast<int>(call(value, errh));
        }
    };
    return h;
}

template <class T> void Element::add_data(const char *name, int flags, T *value) {
    if (flags & data_read) add_read(name, [value] { return *value; });
    if (flags & data_write)
        add_write(name, [value, this, name](const std::string &text, ErrorHandler &errh) {
            ArgContext context{this, errh, name};
            T parsed{};
            if (parse_arg(trim(text), parsed, context)) return *value = parsed, 0;
            return context.has_failed ? -1 : errh.error("syntax error");
        });
}

} // namespace click

#include "element_kinds.hh"

/// At the end of an element's file; registry.def has its line.
#define EXPORT_ELEMENT(name)                                                                       \
    namespace click {                                                                              \
    Element *make_##name() { return new name; }                                                    \
    }
