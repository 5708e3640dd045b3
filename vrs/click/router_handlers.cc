// The handlers that every element and the router itself have.
#include "registry.hh"
#include "router.hh"

#ifndef LVRM_VERSION
#define LVRM_VERSION "0"
#endif

namespace click {

namespace {

std::string describe(const std::vector<Handler> &handlers) {
    std::string out;
    for (const Handler &it : handlers) {
        if (it.is_hidden) continue;
        out += it.name + "\t";
        if (it.read) out += "r";
        if (it.write) out += "w";
        if (it.takes_parameter) out += "+";
        if (it.is_raw) out += "%";
        if (it.is_button) out += "b";
        if (it.is_expensive) out += "$";
        out += "\n";
    }
    return out;
}

} // namespace

void Router::add_default_handlers(Element &element) {
    element.add_read("class", [&element] { return element.class_name(); });
    element.add_read("name", [&element] { return element.name(); });
    element.add_read("config", [&element] { return join_args(element.configuration()); });
    element.add_read("handlers", [&element] { return describe(element.handlers()); });
    element.add_read("ports", [this, &element] { return describe_ports(element); });
    if (!element.can_live_reconfigure()) return;
    element.add_write("config", [&element](const std::string &value, ErrorHandler &errh) {
        Args args(split_args(value), &element, errh);
        if (element.live_reconfigure(args) < 0) return -1;
        element.configuration_ = split_args(value);
        return 0;
    });
}

void Router::add_router_handlers() {
    const auto read = [this](const char *name, auto f) {
        handlers_.push_back(
            {name, [f](const std::string &, ErrorHandler &) { return std::string(f()); }, nullptr});
    };
    read("version", [] { return LVRM_VERSION; });
    read("list", [this] {
        std::string out = std::to_string(elements_.size()) + "\n";
        for (const auto &it : elements_) out += it->name() + "\n";
        return out;
    });
    read("classes", [] {
        std::string out;
        for (const std::string &name : element_classes()) out += name + "\n";
        return out;
    });
    read("config", [this] { return text_; });
    read("flatconfig", [this] { return flat_.text(); });
    read("requirements", [this] {
        std::string out;
        for (const std::string &it : flat_.requirements) out += it + "\n";
        return out;
    });
    read("packages", [] { return ""; });
    read("handlers", [this] { return describe(handlers_); });
    handlers_.push_back({"stop", nullptr, [this](const std::string &value, ErrorHandler &errh) {
                             uint64_t times = 1;
                             bool is_negative, overflows;
                             if (!trim(value).empty() &&
                                 (!parse_integer(trim(value), times, is_negative, overflows) ||
                                  is_negative || overflows))
                                 return errh.error("expected integer");
                             for (; times > 0; times -= 1) please_stop();
                             return 0;
                         }});
    if (!make_replacement) return;
    handlers_.push_back(
        {"hotconfig", nullptr, [this](const std::string &value, ErrorHandler &errh) {
             auto next = make_replacement(value, *this, errh);
             if (!next) return -1;
             replacement = std::move(next);
             driver_.interrupt();
             return 0;
         }});
}

const Handler *Router::find_handler(std::string_view name) const {
    for (const Handler &it : handlers_)
        if (it.name == name) return &it;
    return nullptr;
}

} // namespace click
