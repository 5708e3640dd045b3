// The functions of Script's expressions. Whole numbers stay whole; others are doubles.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <random>

#include "elements/standard/script.hh"
#include "headers.hh"
#include "port_hub.hh"

namespace click {

namespace {

using Words = std::vector<std::string>;
using Function = std::function<bool(const Words &, std::string &, ErrorHandler &)>;

/// A whole number or a real one.
struct Number {
    bool is_whole = true;
    int64_t whole = 0;
    double real = 0;
};

bool parse(const std::string &text, Number &out) {
    uint64_t value;
    bool is_negative, overflows;
    const std::string_view it = trim(text);
    if (parse_integer(it, value, is_negative, overflows) && !overflows && value < (1ull << 63)) {
        out.whole = is_negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
        out.real = static_cast<double>(out.whole);
        return true;
    }
    out.is_whole = false;
    return parse_real(it, out.real);
}

std::string show(double value) {
    if (value == std::floor(value) && std::fabs(value) < 1e15)
        return std::to_string(static_cast<int64_t>(value));
    return to_text(value);
}

bool fail(ErrorHandler &errh, const char *text) {
    errh.error("%s", text);
    return true;
}

/// Folds numbers: whole ones by `whole` unless that overflows, else by `real`.
template <class W, class R> Function fold(Number start, bool starts_with_first, W whole, R real) {
    return [=](const Words &words, std::string &out, ErrorHandler &errh) {
        Number sum = start;
        for (size_t i = 0; i < words.size(); i += 1) {
            Number it;
            if (!parse(words[i], it)) return fail(errh, "expected list of numbers");
            if (i == 0 && starts_with_first && words.size() > 1) {
                sum = it;
                continue;
            }
            int64_t result;
            if (sum.is_whole && it.is_whole && !whole(sum.whole, it.whole, &result)) {
                sum = {true, result, static_cast<double>(result)};
            } else {
                sum.real = real(sum.real, it.real);
                sum.is_whole = false;
            }
        }
        out = sum.is_whole ? std::to_string(sum.whole) : show(sum.real);
        return true;
    };
}

template <class T> Function compare(T holds, bool allows_text) {
    return [=](const Words &words, std::string &out, ErrorHandler &errh) {
        if (words.size() != 2) return fail(errh, "expected two arguments");
        Number a, b;
        int order;
        if (parse(words[0], a) && parse(words[1], b)) {
            if (a.is_whole && b.is_whole)
                order = a.whole < b.whole ? -1 : a.whole > b.whole;
            else
                order = a.real < b.real ? -1 : a.real > b.real;
        } else {
            if (!allows_text) return fail(errh, "expected two numbers");
            order = words[0].compare(words[1]);
        }
        out = holds(order) ? "true" : "false";
        return true;
    };
}

Function logic(bool is_and, bool is_negated) {
    return [=](const Words &words, std::string &out, ErrorHandler &errh) {
        bool result = is_and;
        for (const std::string &word : words) {
            bool it;
            if (!parse_bool(word, it)) return fail(errh, "expected list of booleans");
            result = is_and ? result && it : result || it;
        }
        out = result != is_negated ? "true" : "false";
        return true;
    };
}

bool two_whole(const Words &words, int64_t &a, int64_t &b, ErrorHandler &errh) {
    Number x, y;
    if (words.size() != 2 || !parse(words[0], x) || !parse(words[1], y) || !x.is_whole ||
        !y.is_whole || y.whole == 0 || (y.whole == -1 && x.whole == INT64_MIN)) {
        errh.error(words.size() == 2 && y.is_whole && y.whole == 0 ? "division by zero"
                                                                   : "expected two integers");
        return false;
    }
    a = x.whole;
    b = y.whole;
    return true;
}

/// printf with checked conversions.
bool sprintf_words(const Words &words, std::string &out, ErrorHandler &errh) {
    if (words.empty()) return fail(errh, "missing format");
    size_t next = 1;
    const std::string &text = words[0];
    for (size_t at = 0; at < text.size(); at += 1) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        if (at + 1 < text.size() && text[at + 1] == '%') {
            out += '%';
            at += 1;
            continue;
        }
        size_t end = at + 1;
        while (end < text.size() &&
               std::string_view("0123456789.-+ #").find(text[end]) != std::string_view::npos)
            end += 1;
        if (end >= text.size() || end - at > 8) return fail(errh, "bad format");
        const std::string spec = text.substr(at, end - at);
        const char kind = text[end];
        const std::string arg = next < words.size() ? words[next] : "";
        if (next++ >= words.size()) return fail(errh, "too few arguments for format");
        Number number;
        char buffer[512];
        if (kind == 's') {
            const int width = std::atoi(spec.c_str() + 1);
            const size_t pad = static_cast<size_t>(std::min(std::abs(width), 400));
            const std::string space(pad > arg.size() ? pad - arg.size() : 0, ' ');
            out += width < 0 ? arg + space : space + arg;
        } else if (std::string_view("diuxXoc").find(kind) != std::string_view::npos) {
            if (!parse(arg, number)) return fail(errh, "expected integer");
            if (!number.is_whole) number.whole = static_cast<int64_t>(number.real);
            if (kind == 'c') {
                out += static_cast<char>(number.whole);
            } else {
                // The conversion was checked above.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
                std::snprintf(buffer, sizeof buffer, (spec + "ll" + kind).c_str(), number.whole);
#pragma clang diagnostic pop
                out += buffer;
            }
        } else if (std::string_view("feEgG").find(kind) != std::string_view::npos) {
            if (!parse(arg, number)) return fail(errh, "expected number");
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
            std::snprintf(buffer, sizeof buffer, (spec + kind).c_str(), number.real);
#pragma clang diagnostic pop
            out += buffer;
        } else {
            return fail(errh, "bad format");
        }
        at = end;
    }
    return true;
}

bool random_number(const Words &words, std::string &out, ErrorHandler &errh) {
    static std::mt19937_64 engine{std::random_device{}()};
    Number a, b;
    if (words.size() > 2) return fail(errh, "expected at most two arguments");
    for (size_t i = 0; i < words.size(); i += 1)
        if (!parse(words[i], i ? b : a) || !(i ? b : a).is_whole)
            return fail(errh, "expected integer");
    int64_t low = words.size() == 2 ? a.whole : 0;
    int64_t high = words.size() == 2 ? b.whole : words.empty() ? 0x7fffffff : a.whole - 1;
    if (high < low) return fail(errh, "empty range");
    out = std::to_string(std::uniform_int_distribution<int64_t>(low, high)(engine));
    return true;
}

std::map<std::string, Function> make_table() {
    std::map<std::string, Function> t;
    const auto real_div = [](double a, double b) { return b == 0 ? std::nan("") : a / b; };
    t["add"] = fold(
        {}, false, [](int64_t a, int64_t b, int64_t *r) { return __builtin_add_overflow(a, b, r); },
        std::plus<double>());
    t["mul"] = fold(
        {true, 1, 1}, false,
        [](int64_t a, int64_t b, int64_t *r) { return __builtin_mul_overflow(a, b, r); },
        std::multiplies<double>());
    t["sub"] = fold(
        {}, true, [](int64_t a, int64_t b, int64_t *r) { return __builtin_sub_overflow(a, b, r); },
        std::minus<double>());
    t["div"] = fold(
        {true, 1, 1}, true,
        [](int64_t a, int64_t b, int64_t *r) {
            if (b == 0 || (b == -1 && a == INT64_MIN) || a % b != 0) return true;
            *r = a / b;
            return false;
        },
        real_div);
    t["min"] = fold(
        {true, INT64_MAX, 1e300}, false,
        [](int64_t a, int64_t b, int64_t *r) { return *r = std::min(a, b), false; },
        [](double a, double b) { return std::min(a, b); });
    t["max"] = fold(
        {true, INT64_MIN, -1e300}, false,
        [](int64_t a, int64_t b, int64_t *r) { return *r = std::max(a, b), false; },
        [](double a, double b) { return std::max(a, b); });
    t["idiv"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        int64_t a, b;
        if (two_whole(w, a, b, errh)) out = std::to_string(a / b);
        return true;
    };
    t["rem"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        int64_t a, b;
        if (two_whole(w, a, b, errh)) out = std::to_string(a % b);
        return true;
    };
    t["mod"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        int64_t a, b;
        if (two_whole(w, a, b, errh)) out = std::to_string((a % b + b) % b);
        return true;
    };
    t["neg"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        Number a;
        if (w.size() != 1 || !parse(w[0], a)) return fail(errh, "expected one number");
        out = a.is_whole ? std::to_string(-a.whole) : show(-a.real);
        return true;
    };
    t["abs"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        Number a;
        if (w.size() != 1 || !parse(w[0], a)) return fail(errh, "expected one number");
        out =
            a.is_whole ? std::to_string(a.whole < 0 ? -a.whole : a.whole) : show(std::fabs(a.real));
        return true;
    };
    t["eq"] = compare([](int o) { return o == 0; }, true);
    t["ne"] = compare([](int o) { return o != 0; }, true);
    t["lt"] = compare([](int o) { return o < 0; }, true);
    t["gt"] = compare([](int o) { return o > 0; }, true);
    t["le"] = compare([](int o) { return o <= 0; }, true);
    t["ge"] = compare([](int o) { return o >= 0; }, true);
    t["and"] = logic(true, false);
    t["or"] = logic(false, false);
    t["nand"] = logic(true, true);
    t["nor"] = logic(false, true);
    t["not"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        bool it;
        if (w.size() != 1 || !parse_bool(w[0], it)) return fail(errh, "expected one boolean");
        out = it ? "false" : "true";
        return true;
    };
    t["if"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        bool it;
        if (w.size() < 2 || w.size() > 3 || !parse_bool(w[0], it))
            return fail(errh, "expected 'CONDITION TRUE FALSE'");
        out = it ? w[1] : w.size() == 3 ? w[2] : "";
        return true;
    };
    t["in"] = [](const Words &w, std::string &out, ErrorHandler &) {
        out = w.size() > 1 && std::find(w.begin() + 1, w.end(), w[0]) != w.end() ? "true" : "false";
        return true;
    };
    t["first"] = [](const Words &w, std::string &out, ErrorHandler &) {
        if (!w.empty()) out = w.front();
        return true;
    };
    t["last"] = [](const Words &w, std::string &out, ErrorHandler &) {
        if (!w.empty()) out = w.back();
        return true;
    };
    t["nth"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        Number n;
        if (w.empty() || !parse(w[0], n) || !n.is_whole) return fail(errh, "expected 'N WORD...'");
        if (n.whole >= 0 && static_cast<size_t>(n.whole) + 1 < w.size())
            out = w[static_cast<size_t>(n.whole) + 1];
        return true;
    };
    t["length"] = [](const Words &w, std::string &out, ErrorHandler &) {
        size_t bytes = w.empty() ? 0 : w.size() - 1;
        for (const std::string &it : w) bytes += it.size();
        out = std::to_string(bytes);
        return true;
    };
    t["unquote"] = [](const Words &w, std::string &out, ErrorHandler &) {
        for (const std::string &it : w) out += (out.empty() ? "" : " ") + unquote(it);
        return true;
    };
    t["sprintf"] = sprintf_words;
    t["random"] = random_number;
    t["now"] = [](const Words &, std::string &out, ErrorHandler &) {
        out = Timestamp::now().text();
        return true;
    };
    t["cat"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        for (const std::string &file : w) {
            FILE *f = std::fopen(file.c_str(), "rb");
            char buffer[4096];
            if (!f) return fail(errh, (file + ": can't read").c_str());
            for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;)
                out.append(buffer, n);
            std::fclose(f);
        }
        return true;
    };
    t["catq"] = [cat = t["cat"]](const Words &w, std::string &out, ErrorHandler &errh) {
        std::string text;
        cat(w, text, errh);
        out = quote(text);
        return true;
    };
    t["kill"] = [](const Words &w, std::string &out, ErrorHandler &errh) {
        if (port_hub) return fail(errh, "kill: not under lvrm");
        const bool has_dash = !w.empty() && w[0].starts_with('-');
        const int number = w.size() < 2 ? 0 : signal_number(w[0].substr(has_dash));
        if (number <= 0) return fail(errh, "expected 'SIGNAL PID...'");
        bool all = true;
        for (size_t i = 1; i < w.size(); i += 1) {
            Number pid;
            // Groups and "all processes" are nobody's intention.
            if (!parse(w[i], pid) || !pid.is_whole || pid.whole <= 0 || pid.whole > INT32_MAX)
                return fail(errh, "expected process number");
            all &= ::kill(static_cast<pid_t>(pid.whole), number) == 0;
        }
        out = to_text(all);
        return true;
    };
    // Script answers these two.
    for (const char *name : {"readable", "writable"})
        t[name] = [](const Words &, std::string &, ErrorHandler &) { return true; };
    for (const char *name : {"htons", "ntohs"})
        t[name] = [](const Words &w, std::string &out, ErrorHandler &errh) {
            Number a;
            if (w.size() != 1 || !parse(w[0], a) || !a.is_whole)
                return fail(errh, "expected integer");
            out = std::to_string(net16(static_cast<uint16_t>(a.whole)));
            return true;
        };
    for (const char *name : {"htonl", "ntohl"})
        t[name] = [](const Words &w, std::string &out, ErrorHandler &errh) {
            Number a;
            if (w.size() != 1 || !parse(w[0], a) || !a.is_whole)
                return fail(errh, "expected integer");
            out = std::to_string(net32(static_cast<uint32_t>(a.whole)));
            return true;
        };
    return t;
}

const std::map<std::string, Function> &table() {
    static const std::map<std::string, Function> all = make_table();
    return all;
}

} // namespace

bool script_function(const std::string &name, const std::vector<std::string> &args,
                     std::string &out, ErrorHandler &errh) {
    const auto it = table().find(name);
    if (it == table().end()) return false;
    it->second(args, out, errh);
    return true;
}

const std::vector<std::string> &script_function_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto &[name, _] : table()) all.push_back(name);
        return all;
    }();
    return names;
}

} // namespace click
