// Making a router: elements, configuration, initialisation. router_ports.cc checks connections.
#include "router.hh"

#include <algorithm>

#include "registry.hh"

namespace click {

Router::Router(FlatConfiguration flat, std::string text)
    : flat_(std::move(flat)), text_(std::move(text)) {}

Router::~Router() {
    for (size_t i = elements_.size(); i-- > 0;)
        if (elements_[i])
            elements_[i]->cleanup(is_initialized_ ? CleanupStage::router_initialized : stages_[i]);
    // Elements go in reverse: later ones may look for earlier ones.
    while (!elements_.empty()) elements_.pop_back();
}

bool Router::create(ErrorHandler &errh) {
    static const std::vector<std::string> provided = {
        "userlevel", "click", "lvrm", "analysis", "ip6", "umultithread", "linux"};
    bool is_good = true;
    for (const std::string &it : flat_.requirements) {
        if (std::find(provided.begin(), provided.end(), it) != provided.end() ||
            is_element_class(it))
            continue;
        errh.error("unavailable requirement '%s'", it.c_str());
        is_good = false;
    }
    for (const FlatElement &it : flat_.elements) {
        elements_.emplace_back(make_element(it.type));
        stages_.push_back(CleanupStage::before_configure);
        Element *element = elements_.back().get();
        if (!element) {
            errh.lerror(it.landmark, "unknown element class '%s'", it.type.c_str());
            is_good = false;
            continue;
        }
        element->name_ = it.name;
        element->landmark_ = it.landmark;
        element->configuration_ = split_args(it.config);
        element->router_ = this;
        element->index_ = static_cast<int>(elements_.size()) - 1;
        by_name_[it.name] = element;
    }
    return is_good;
}

bool Router::configure(ErrorHandler &errh) {
    std::vector<Element *> order;
    for (const auto &it : elements_) order.push_back(it.get());
    std::stable_sort(order.begin(), order.end(), [](const Element *a, const Element *b) {
        return a->configure_phase() < b->configure_phase();
    });
    bool is_good = true;
    for (Element *it : order) {
        ContextErrorHandler context(
            errh, "While configuring '" + it->declaration() + "':", it->landmark());
        const int before = errh.errors();
        Args args(it->configuration(), it, context);
        const bool is_done = it->configure(args) >= 0 && errh.errors() == before;
        if (!is_done && errh.errors() == before) context.error("unspecified error");
        stages_[static_cast<size_t>(it->index())] =
            is_done ? CleanupStage::configured : CleanupStage::configure_failed;
        is_good &= is_done;
        has_observer_ |= it->is_observer();
    }
    return is_good;
}

bool Router::initialize_elements(ErrorHandler &errh) {
    std::vector<Element *> order;
    for (const auto &it : elements_) order.push_back(it.get());
    std::stable_sort(order.begin(), order.end(), [](const Element *a, const Element *b) {
        return a->configure_phase() < b->configure_phase();
    });
    bool is_good = true;
    for (Element *it : order) {
        ContextErrorHandler context(
            errh, "While initializing '" + it->declaration() + "':", it->landmark());
        const int before = errh.errors();
        const bool is_done = it->initialize(context) >= 0 && errh.errors() == before;
        if (!is_done && errh.errors() == before) context.error("unspecified error");
        stages_[static_cast<size_t>(it->index())] =
            is_done ? CleanupStage::initialized : CleanupStage::initialize_failed;
        is_good &= is_done;
    }
    return is_good;
}

bool Router::prepare(ErrorHandler &errh) {
    if (!create(errh) || !check_ports(errh) || !resolve(errh)) return false;
    connect();
    add_router_handlers();
    if (!configure(errh)) return false;
    for (const auto &it : elements_) {
        add_default_handlers(*it);
        it->add_handlers();
    }
    return true;
}

bool Router::check(ErrorHandler &errh) {
    if (prepare(errh)) return true;
    errh.error("Router could not be initialized!");
    return false;
}

bool Router::initialize(ErrorHandler &errh) {
    is_initialized_ = prepare(errh) && initialize_elements(errh);
    if (!is_initialized_) errh.error("Router could not be initialized!");
    return is_initialized_;
}

void Router::take_over(Router &old, ErrorHandler &errh) {
    for (const auto &it : elements_) {
        Element *before = old.find(it->name());
        if (!before || std::string_view(before->class_name()) != it->class_name()) continue;
        ContextErrorHandler context(errh,
                                    "While hot-swapping state into '" + it->declaration() + "':",
                                    it->landmark());
        it->take_state(before, context);
    }
}

Element *Router::find(std::string_view name, const Element *context) const {
    for (std::string_view scope = context ? context->scope() : "";;) {
        const auto it = by_name_.find(std::string(scope) + std::string(name));
        if (it != by_name_.end()) return it->second;
        if (scope.empty()) return nullptr;
        const size_t slash = scope.substr(0, scope.size() - 1).rfind('/');
        scope = slash == std::string_view::npos ? "" : scope.substr(0, slash + 1);
    }
}

bool Router::is_stopping() {
    while (runs_ <= 0) {
        const bool continues =
            std::any_of(stop_listeners_.begin(), stop_listeners_.end(),
                        [](StopListener *listener) { return listener->stopped(); });
        if (!continues) return true;
        runs_ += 1;
    }
    return false;
}

int Router::tickets(const Element *element) const {
    // A compound's share multiplies with those in it.
    double share = 1;
    const std::string &name = element->name();
    for (size_t end = name.find('/');; end = name.find('/', end + 1)) {
        if (const auto it = shares_.find(name.substr(0, end)); it != shares_.end())
            share *= it->second;
        if (end == std::string::npos) break;
    }
    return static_cast<int>(Task::default_tickets * share + 0.5);
}

} // namespace click
