// Handlers: named texts of an element that are read and written while it runs.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "address.hh"
#include "error.hh"
#include "time.hh"

namespace click {

class Element;
class Router;

/// How a value looks in a read handler.
inline std::string to_text(bool v) { return v ? "true" : "false"; }
inline std::string to_text(std::string v) { return v; }
inline std::string to_text(const char *v) { return v; }
std::string to_text(double v); // shortest that is exact enough: "0.25", "1e+06"
inline std::string to_text(Timestamp v) { return v.text(); }
inline std::string to_text(IPAddress v) { return v.text(); }
inline std::string to_text(const IP6Address &v) { return v.text(); }
inline std::string to_text(const EtherAddress &v) { return v.text(); }
inline std::string to_text(const IPPrefix &v) { return v.text(); }
template <std::integral T>
    requires(!std::same_as<T, bool>)
std::string to_text(T v) {
    return std::to_string(v);
}

struct Handler {
    using Read = std::function<std::string(const std::string &parameter, ErrorHandler &)>;
    using Write = std::function<int(const std::string &value, ErrorHandler &)>;
    std::string name;
    Read read;
    Write write;
    bool takes_parameter = false; // the read handler wants a parameter
    bool is_raw = false;          // the text isn't trimmed, nothing is added to it
    bool is_button = false;       // written without a value
    bool is_hidden = false;       // not listed
    bool is_expensive = false;
};

/// "element.handler", perhaps with a value; found when the router is initialised.
struct HandlerCall {
    Element *element = nullptr; // null: of the router itself
    const Handler *handler = nullptr;
    std::string value;

    explicit operator bool() const { return handler != nullptr; }
    std::string read(ErrorHandler &errh) const;
    int write(const std::string &value, ErrorHandler &errh) const;
    int write(ErrorHandler &errh) const { return write(value, errh); }
    /// "element.handler VALUE", names seen from `context`. Says errors; false then.
    bool parse(std::string_view text, Element *context, Router &router, bool writes,
               ErrorHandler &errh);
};

} // namespace click
