// Assigning arguments to what asked for them.
#include "args.hh"

#include "element.hh"

namespace click {

bool ArgContext::error(const char *text, ...) {
    va_list list;
    va_start(list, text);
    const std::string message = format_list(text, list);
    va_end(list);
    has_failed = true;
    errh.error("%s%s%s", name.c_str(), name.empty() ? "" : ": ", message.c_str());
    return false;
}

int Args::error(const char *text, ...) {
    va_list list;
    va_start(list, text);
    const std::string message = format_list(text, list);
    va_end(list);
    return errh_.error("%s", message.c_str());
}

Args &Args::add(const char *name, bool is_positional, bool is_mandatory, Parser parse,
                bool *given) {
    specs_.push_back({name, is_positional, is_mandatory, std::move(parse), given, nullptr});
    return *this;
}

Args &Args::each(const char *name, std::vector<std::string> &out) {
    specs_.push_back({name, false, false, nullptr, nullptr, &out});
    return *this;
}

namespace {

/// "KEYWORD value": the value; false when `arg` doesn't start with that word.
bool split_keyword(std::string_view arg, std::string_view keyword, std::string &value) {
    if (!arg.starts_with(keyword)) return false;
    const std::string_view rest = arg.substr(keyword.size());
    if (!rest.empty() && !is_space(rest[0])) return false;
    value = trim(rest);
    return true;
}

/// Whether it looks like "KEYWORD value" or "KEYWORD".
std::string keyword_of(std::string_view arg) {
    size_t end = 0;
    while (end < arg.size() && ((arg[end] >= 'A' && arg[end] <= 'Z') || arg[end] == '_' ||
                                (end > 0 && is_digit(arg[end]))))
        end += 1;
    if (end < 2 || (end < arg.size() && !is_space(arg[end]))) return "";
    return std::string(arg.substr(0, end));
}

} // namespace

/// Finds the argument of each spec: its number in conf_, or -1. What is over goes to `left_over`.
int Args::assign(std::vector<int> &values, std::vector<std::string> &left_over) {
    values.assign(specs_.size(), -1);
    std::vector<bool> taken(conf_.size());
    for (size_t a = 0; a < conf_.size(); a += 1)
        for (size_t s = 0; s < specs_.size(); s += 1) {
            std::string value;
            if (!split_keyword(conf_[a], specs_[s].name, value)) continue;
            if (specs_[s].is_positional && value.empty()) continue; // a value that looks like it
            taken[a] = true;
            conf_[a] = value;
            if (specs_[s].all) specs_[s].all->push_back(value);
            values[s] = static_cast<int>(a); // the last one counts
            break;
        }
    size_t next = 0;
    for (size_t a = 0; a < conf_.size(); a += 1) {
        if (taken[a]) continue;
        while (next < specs_.size() && (!specs_[next].is_positional || values[next] >= 0))
            next += 1;
        if (next < specs_.size())
            values[next] = static_cast<int>(a);
        else
            left_over.push_back(conf_[a]);
    }
    return 0;
}

int Args::complete() {
    const int before = errh_.errors();
    std::vector<int> values;
    std::vector<std::string> left_over;
    const std::vector<std::string> written = conf_;
    assign(values, left_over);
    // "WORD value" in the place of a number or the like was meant as a keyword.
    for (size_t s = 0; s < specs_.size() && !rest_; s += 1) {
        const auto at = static_cast<size_t>(values[s]);
        if (values[s] < 0 || conf_[at] != written[at] || !specs_[s].parse ||
            conf_[at].find(' ') == std::string::npos || keyword_of(conf_[at]).empty())
            continue;
        SilentErrorHandler silent;
        ArgContext context{element_, silent, specs_[s].name};
        if (specs_[s].parse(conf_[at], context)) continue;
        left_over.push_back(conf_[at]);
        values[s] = -1;
    }
    for (size_t s = 0; s < specs_.size(); s += 1) {
        const Spec &spec = specs_[s];
        if (spec.given) *spec.given = values[s] >= 0;
        if (values[s] < 0) {
            if (spec.is_mandatory) errh_.error("required %s argument missing", spec.name);
            continue;
        }
        if (!spec.parse) continue;
        ArgContext context{element_, errh_, spec.name};
        if (!spec.parse(conf_[static_cast<size_t>(values[s])], context) && !context.has_failed)
            context.error("syntax error");
    }
    if (rest_) {
        *rest_ = std::move(left_over);
    } else if (!left_over.empty()) {
        std::string bad, known;
        bool are_too_many = specs_.empty();
        for (const std::string &it : left_over) {
            const std::string keyword = keyword_of(it);
            if (keyword.empty())
                are_too_many = true;
            else
                bad += (bad.empty() ? "" : ", ") + keyword;
        }
        for (const Spec &it : specs_) known += (known.empty() ? "" : ", ") + std::string(it.name);
        if (are_too_many) errh_.error("too many arguments");
        if (!bad.empty() && !specs_.empty())
            errh_.error("bad keyword(s) %s\n(valid keywords are %s)", bad.c_str(), known.c_str());
    }
    return errh_.errors() == before ? 0 : -1;
}

} // namespace click
