// What substitute.hh declares.
#include "substitute.hh"

#include <algorithm>
#include <cstdlib>

#include "text.hh"

namespace click {

namespace {

/// The variable at text[at] == '$': its name, index and end. False when there is none.
bool find_variable(std::string_view text, size_t at, std::string_view &name,
                   std::string_view &index, size_t &end) {
    index = {};
    if (at + 1 >= text.size()) return false;
    if (text[at + 1] == '{') {
        end = text.find('}', at);
        if (end == std::string_view::npos) return false;
        name = text.substr(at + 2, end - at - 2);
        end += 1;
        if (const size_t open = name.find('['); open != std::string_view::npos) {
            if (name.back() != ']') return false;
            index = name.substr(open + 1, name.size() - open - 2);
            name = name.substr(0, open);
        }
        return !name.empty();
    }
    end = at + 1;
    if (std::string_view("?$#").find(text[end]) != std::string_view::npos) {
        name = text.substr(end, 1);
        end += 1;
        return true;
    }
    while (end < text.size() && (is_word_char(text[end]) && text[end] != '@')) end += 1;
    name = text.substr(at + 1, end - at - 1);
    return !name.empty();
}

/// The end of the "$(…)" whose inside starts here.
size_t find_closing(std::string_view text, size_t at) {
    for (int open = 1; at < text.size(); at += 1) {
        open += text[at] == '(';
        open -= text[at] == ')';
        if (open == 0) break;
    }
    return at;
}

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == '$') out += '\\';
        out += c;
    }
    return out;
}

} // namespace

std::string substitute(std::string_view text, const Variables &look,
                       const Expressions &expressions) {
    if (text.find('$') == std::string_view::npos) return std::string(text);
    std::string out;
    char quote = 0;
    const auto put = [&](const std::string &value) {
        if (quote == '"')
            out += escaped(value);
        else
            out += expressions.quotes_values ? '"' + escaped(value) + '"' : value;
    };
    for (size_t at = 0; at < text.size();) {
        const char c = text[at];
        const bool may_escape = quote == '"' || (!quote && expressions.evaluate);
        if (may_escape && c == '\\' && at + 1 < text.size()) {
            out.append(text, at, 2);
            at += 2;
            continue;
        }
        if (quote && c == quote)
            quote = 0;
        else if (!quote && (c == '"' || c == '\''))
            quote = c;
        if (c == '$' && quote != '\'' && expressions.evaluate && text.substr(at + 1, 1) == "(") {
            const size_t end = find_closing(text, at + 2);
            put(expressions.evaluate(text.substr(at + 2, end - at - 2)));
            at = std::min(end + 1, text.size());
            continue;
        }
        std::string_view name, index;
        size_t end;
        std::string value;
        if (c != '$' || quote == '\'' || !find_variable(text, at, name, index, end) ||
            !look(name, value)) {
            out += c;
            at += 1;
            continue;
        }
        if (!index.empty()) {
            const std::vector<std::string> words = split_words(value);
            const std::string number = substitute(index, look);
            const size_t i = static_cast<size_t>(std::strtoul(number.c_str(), nullptr, 10));
            value = i < words.size() ? words[i] : "";
        }
        put(quote == '"' ? unquote(value) : value);
        at = end;
    }
    return out;
}

} // namespace click
