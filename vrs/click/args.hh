// The arguments of an element, read in the order in which its manual lists them:
//
//     int configure(Args &args) override {
//         return args.mandatory("NAME", name_)        // positional; or NAME value
//             .positional("LIMIT", limit_)            // positional, may be absent
//             .keyword("STOP", stops_)                // STOP value, anywhere
//             .complete();                            // -1 and messages when something is wrong
//     }
//
// Nothing is stored before complete(). A value's C++ type says how it is read (parse_arg() below);
// where the type doesn't say enough, a parser follows the name: args.positional("RATE",
// Bandwidth{},
// rate_). `given` (last argument, optional) says whether the argument was there.
#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "address.hh"
#include "error.hh"
#include "packet.hh"
#include "text.hh"
#include "time.hh"

namespace click {

class Element;
class Router;

/// What a parser may look at. error() says "NAME: text" and returns false.
struct ArgContext {
    Element *element;
    ErrorHandler &errh;
    std::string name;
    bool has_failed = false;
    bool error(const char *text, ...) CLICK_PRINTF(2, 3);
};

// Parsers by type. `text` is one argument, trimmed. False: a syntax error, said by error() or not.
bool parse_arg(std::string_view text, bool &out, ArgContext &context);
bool parse_arg(std::string_view text, double &out, ArgContext &context);
bool parse_arg(std::string_view text, std::string &out, ArgContext &context); // unquoted
bool parse_arg(std::string_view text, Timestamp &out, ArgContext &context);   // "1.5", seconds
bool parse_arg(std::string_view text, IPAddress &out, ArgContext &context);   // or a name
bool parse_arg(std::string_view text, IP6Address &out, ArgContext &context);
bool parse_arg(std::string_view text, EtherAddress &out, ArgContext &context);
bool parse_arg(std::string_view text, IPPrefix &out, ArgContext &context); // or one address
bool parse_arg(std::string_view text, IP6Prefix &out, ArgContext &context);
bool parse_arg(std::string_view text, Element *&out, ArgContext &context); // by its name
bool parse_arg(std::string_view text, std::vector<IPAddress> &out, ArgContext &context);
bool parse_limited(std::string_view text, int64_t low, uint64_t high, uint64_t &out,
                   ArgContext &context, int base = 0);

template <std::integral T>
    requires(!std::same_as<T, bool>)
bool parse_arg(std::string_view text, T &out, ArgContext &context) {
    uint64_t value;
    if (!parse_limited(text, static_cast<int64_t>(std::numeric_limits<T>::min()),
                       static_cast<uint64_t>(std::numeric_limits<T>::max()), value, context))
        return false;
    out = static_cast<T>(value);
    return true;
}

// Parsers with a name: parse(text, out, context).
struct Any { // as written, quotes too
    bool operator()(std::string_view text, std::string &out, ArgContext &) const {
        out = text;
        return true;
    }
};
struct Word { // one word, unquoted
    bool operator()(std::string_view text, std::string &out, ArgContext &context) const;
};
struct Filename { // unquoted, "~/" is the home directory; "-" allowed
    bool operator()(std::string_view text, std::string &out, ArgContext &context) const;
};
/// Bytes per second, from "8Mbps", "1MB/s" or a number.
struct Bandwidth {
    bool operator()(std::string_view text, double &out, ArgContext &context) const;
    bool operator()(std::string_view text, uint32_t &out, ArgContext &context) const;
};
/// Seconds with units: "10ms", "3m". Into a double, or a Timestamp.
struct Seconds {
    bool operator()(std::string_view text, double &out, ArgContext &context) const;
    bool operator()(std::string_view text, Timestamp &out, ArgContext &context) const;
};
/// A whole number within bounds.
template <class T> struct Bounded {
    T low, high;
    bool operator()(std::string_view text, T &out, ArgContext &context) const {
        uint64_t value;
        if (!parse_limited(text, static_cast<int64_t>(low), static_cast<uint64_t>(high), value,
                           context))
            return false;
        out = static_cast<T>(value);
        return true;
    }
};
template <class T> Bounded(T, T) -> Bounded<T>;
/// A real number from 0 to 1, as a fraction of 2^`bits`: probabilities.
struct Fraction {
    int bits;
    bool operator()(std::string_view text, uint32_t &out, ArgContext &context) const;
};
/// An annotation: its name (PAINT, AGGREGATE, …) or offset, perhaps "OFFSET/BYTES".
struct AnnoArg {
    uint8_t bytes;
    bool operator()(std::string_view text, uint8_t &offset, ArgContext &context) const;
};
/// A prefix that must have a length.
struct PrefixArg {
    bool allow_bare;
    bool operator()(std::string_view text, IPPrefix &out, ArgContext &context) const;
};
/// An element that casts to T (Element::cast(class_name)).
template <class T> struct ElementOf {
    const char *class_name;
    bool operator()(std::string_view text, T *&out, ArgContext &context) const;
};
/// One of some words: `out` gets its number.
struct OneOf {
    std::vector<const char *> words;
    bool operator()(std::string_view text, int &out, ArgContext &context) const;
};
/// A UDP or TCP port by number or name.
struct PortArg {
    uint8_t protocol;
    bool operator()(std::string_view text, uint16_t &out, ArgContext &context) const;
};

void *cast_element(Element *element, const char *class_name);

template <class T>
bool ElementOf<T>::operator()(std::string_view text, T *&out, ArgContext &context) const {
    Element *element = nullptr;
    if (!parse_arg(text, element, context)) return false;
    out = static_cast<T *>(element ? cast_element(element, class_name) : nullptr);
    if (!out) return context.error("element is not a %s", class_name);
    return true;
}

class Args {
  public:
    Args(std::vector<std::string> conf, Element *element, ErrorHandler &errh)
        : conf_(std::move(conf)), element_(element), errh_(errh) {}

    template <class T> Args &mandatory(const char *name, T &out) {
        return add(name, true, true, typed(out), nullptr);
    }
    template <class P, class T> Args &mandatory(const char *name, P parser, T &out) {
        return add(name, true, true, with(parser, out), nullptr);
    }
    template <class T> Args &positional(const char *name, T &out) {
        return add(name, true, false, typed(out), nullptr);
    }
    template <class T> Args &positional(const char *name, T &out, bool &given) {
        return add(name, true, false, typed(out), &given);
    }
    template <class P, class T>
        requires(std::invocable<P, std::string_view, T &, ArgContext &>)
    Args &positional(const char *name, P parser, T &out) {
        return add(name, true, false, with(parser, out), nullptr);
    }
    template <class P, class T> Args &positional(const char *name, P parser, T &out, bool &given) {
        return add(name, true, false, with(parser, out), &given);
    }
    template <class T> Args &keyword(const char *name, T &out) {
        return add(name, false, false, typed(out), nullptr);
    }
    template <class T> Args &keyword(const char *name, T &out, bool &given) {
        return add(name, false, false, typed(out), &given);
    }
    template <class P, class T>
        requires(std::invocable<P, std::string_view, T &, ArgContext &>)
    Args &keyword(const char *name, P parser, T &out) {
        return add(name, false, false, with(parser, out), nullptr);
    }
    template <class P, class T> Args &keyword(const char *name, P parser, T &out, bool &given) {
        return add(name, false, false, with(parser, out), &given);
    }
    template <class T> Args &mandatory_keyword(const char *name, T &out) {
        return add(name, false, true, typed(out), nullptr);
    }
    template <class P, class T> Args &mandatory_keyword(const char *name, P parser, T &out) {
        return add(name, false, true, with(parser, out), nullptr);
    }
    /// All that are neither keywords nor taken by a positional, in their order.
    Args &rest(std::vector<std::string> &out) {
        rest_ = &out;
        return *this;
    }
    /// Every use of a keyword that may be repeated, in order.
    Args &each(const char *name, std::vector<std::string> &out);

    /// Reads all. Returns 0, or -1 after messages: too many, too few, bad keywords, bad values.
    int complete();

    const std::vector<std::string> &conf() const { return conf_; }
    Element *element() const { return element_; }
    ErrorHandler &errh() const { return errh_; }
    int error(const char *text, ...) CLICK_PRINTF(2, 3);

  private:
    using Parser = std::function<bool(std::string_view, ArgContext &)>;
    struct Spec {
        const char *name;
        bool is_positional, is_mandatory;
        Parser parse;
        bool *given;
        std::vector<std::string> *all;
    };

    template <class T> static Parser typed(T &out) {
        return [&out](std::string_view text, ArgContext &c) { return parse_arg(text, out, c); };
    }
    template <class P, class T> static Parser with(P parser, T &out) {
        return
            [parser, &out](std::string_view text, ArgContext &c) { return parser(text, out, c); };
    }
    Args &add(const char *name, bool is_positional, bool is_mandatory, Parser parse, bool *given);
    int assign(std::vector<int> &values, std::vector<std::string> &left_over);

    std::vector<std::string> conf_;
    Element *element_;
    ErrorHandler &errh_;
    std::vector<Spec> specs_;
    std::vector<std::string> *rest_ = nullptr;
};

} // namespace click
