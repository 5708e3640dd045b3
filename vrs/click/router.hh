// A router: elements connected as a flat configuration says, and what they share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "driver.hh"
#include "element.hh"
#include "flat.hh"
#include "names.hh"

namespace click {

/// Told when the router is asked to stop; false: let it stop.
class StopListener {
  public:
    virtual bool stopped() = 0;

  protected:
    ~StopListener() = default;
};

class Router {
  public:
    Router(FlatConfiguration flat, std::string text);
    ~Router();
    Router(const Router &) = delete;

    /// Creates, connects, configures and initialises all elements. False after messages, the last
    /// of which is "Router could not be initialized!"; cleanup has happened then.
    bool initialize(ErrorHandler &errh);
    /// Hot swap, between two passes: elements take the state of those of the same name and class.
    /// `old` is good for nothing but to be destroyed then.
    void take_over(Router &old, ErrorHandler &errh);
    /// Creates, connects and configures, but starts nothing: whether the configuration is right.
    bool check(ErrorHandler &errh);
    bool is_initialized() const { return is_initialized_; }

    const std::vector<std::unique_ptr<Element>> &elements() const { return elements_; }
    /// By name as seen from `context`: in its compound, then around it.
    Element *find(std::string_view name, const Element *context = nullptr) const;
    const FlatConfiguration &flat() const { return flat_; }
    const std::string &text() const { return text_; }
    NameTable &names() { return names_; }
    Driver &driver() { return driver_; }

    /// Handlers of the router itself: version, list, config, flatconfig, requirements, stop, …
    const Handler *find_handler(std::string_view name) const;
    const std::vector<Handler> &handlers() const { return handlers_; }

    /// One stop, or a driver element's turn; how `stop` and elements with STOP end the run.
    void please_stop() { // the pass that is running ends first, and doesn't wait
        runs_ -= 1;
        driver_.skip_wait();
    }
    /// Whether it is to stop; asks the listeners.
    bool is_stopping();
    void add_stop_listener(StopListener *listener) { stop_listeners_.push_back(listener); }
    void continue_running() { runs_ += 1; }

    /// Packets a source may make at once: 1 when somebody sees their order.
    uint32_t max_burst() const { return has_observer_ ? 1 : Batch::capacity; }
    bool has_observer() const { return has_observer_; }
    int tasks = 0; // initialised

    /// Tickets that ScheduleInfo gives an element; the default when it says nothing.
    int tickets(const Element *element) const;
    void set_tickets(const std::string &name, double share) { shares_[name] = share; }

    /// What elements share by name, such as Script's variables or tables of a kind.
    std::map<std::string, void *> attachments;
    /// A configuration that shall replace this one, taken by who runs it between two passes.
    std::unique_ptr<Router> replacement;
    /// Makes a router from text, for `hotconfig`; set by who runs routers that can be replaced.
    std::unique_ptr<Router> (*make_replacement)(const std::string &text, Router &old,
                                                ErrorHandler &errh) = nullptr;

  private:
    bool prepare(ErrorHandler &errh);
    bool create(ErrorHandler &errh);
    bool check_ports(ErrorHandler &errh);
    bool resolve(ErrorHandler &errh);
    bool check_connections(ErrorHandler &errh);
    void connect();
    bool configure(ErrorHandler &errh);
    bool initialize_elements(ErrorHandler &errh);
    void add_default_handlers(Element &element);
    void add_router_handlers();
    std::string describe_ports(const Element &element) const;

    FlatConfiguration flat_;
    std::string text_;
    Driver driver_; // of its own: one that is prepared doesn't run yet
    std::vector<std::unique_ptr<Element>> elements_;
    std::vector<CleanupStage> stages_;
    std::vector<std::vector<char>> processing_[2]; // by element and port: h, l or a
    std::map<std::string, Element *, std::less<>> by_name_;
    NameTable names_;
    std::vector<Handler> handlers_;
    std::map<std::string, double> shares_;
    std::vector<StopListener *> stop_listeners_;
    int runs_ = 1;
    bool is_initialized_ = false;
    bool has_observer_ = false;
};

} // namespace click
