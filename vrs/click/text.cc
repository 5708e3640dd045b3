// What text.hh declares, without numbers (numbers.cc).
#include "text.hh"

#include <algorithm>

namespace click {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}
bool is_word_char(char c) { return is_word_start(c) || is_digit(c); }

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

namespace {

/// Where the quoted part that starts at `at` ends (behind it); `at` + 1 when none starts there.
size_t skip_quoted(std::string_view text, size_t at) {
    const char c = text[at];
    if (c == '\'') {
        const size_t end = text.find('\'', at + 1);
        return end == std::string_view::npos ? text.size() : end + 1;
    }
    if (c == '"') {
        for (at += 1; at < text.size() && text[at] != '"'; at += 1) {
            if (text[at] != '\\') continue;
            if (at + 1 < text.size() && text[at + 1] == '<') {
                const size_t end = text.find('>', at);
                if (end == std::string_view::npos) return text.size();
                at = end;
            } else {
                at += 1;
            }
        }
        return std::min(at + 1, text.size());
    }
    if (c == '\\' && at + 1 < text.size() && text[at + 1] == '<') {
        const size_t end = text.find('>', at);
        return end == std::string_view::npos ? text.size() : end + 1;
    }
    return at + 1;
}

/// Behind a comment that starts at `at`, or `at`.
size_t skip_comment(std::string_view text, size_t at) {
    if (text[at] != '/' || at + 1 >= text.size()) return at;
    if (text[at + 1] == '/') return std::min(text.find('\n', at), text.size());
    if (text[at + 1] != '*') return at;
    const size_t end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
}

} // namespace

std::vector<std::string> split_args(std::string_view config) {
    std::vector<std::string> args;
    std::string current;
    for (size_t at = 0; at < config.size();) {
        if (config[at] == ',') {
            args.emplace_back(trim(current));
            current.clear();
            at += 1;
        } else if (const size_t end = skip_comment(config, at); end != at) {
            current += ' ';
            at = end;
        } else {
            const size_t next = skip_quoted(config, at);
            current.append(config, at, next - at);
            at = next;
        }
    }
    const std::string_view last = trim(current);
    if (!last.empty()) args.emplace_back(last);
    return args;
}

std::string pop_word(std::string_view &text) {
    text = trim(text);
    size_t at = 0;
    while (at < text.size() && !is_space(text[at])) at = skip_quoted(text, at);
    std::string word(text.substr(0, at));
    text = trim(text.substr(at));
    return word;
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    for (text = trim(text); !text.empty();) words.push_back(pop_word(text));
    return words;
}

std::string join_args(const std::vector<std::string> &args) {
    std::string all;
    for (const std::string &arg : args) {
        if (!all.empty() || &arg != &args.front()) all += ", ";
        all += arg;
    }
    return all;
}

namespace {

/// Appends what the escape at `text[at]` == '\\' means, and returns where it ends.
size_t unescape(std::string_view text, size_t at, bool is_quoted, std::string &out) {
    if (at + 1 >= text.size()) {
        out += '\\';
        return at + 1;
    }
    const char c = text[at + 1];
    if (c == '<') {
        int high = -1;
        for (at += 2; at < text.size() && text[at] != '>'; at += 1) {
            // Comments may stand in hexadecimal data.
            if (const size_t end = skip_comment(text, at); end != at) {
                at = end - 1;
                continue;
            }
            const int digit = hex_digit(text[at]);
            if (digit < 0) continue;
            if (high >= 0) out += static_cast<char>(high * 16 + digit);
            high = high < 0 ? digit : -1;
        }
        return at + 1;
    }
    if (!is_quoted) {
        out += '\\';
        return at + 1;
    }
    static constexpr std::string_view from = "abfnrtv", to = "\a\b\f\n\r\t\v";
    if (const size_t i = from.find(c); i != std::string_view::npos) {
        out += to[i];
        return at + 2;
    }
    if (c == '\n') return at + 2;
    if (c == 'x') {
        int value = 0;
        size_t end = at + 2;
        for (; end < text.size() && hex_digit(text[end]) >= 0; end += 1)
            value = (value * 16 + hex_digit(text[end])) & 255;
        out += static_cast<char>(value);
        return end;
    }
    if (c >= '0' && c <= '7') {
        int value = 0;
        size_t end = at + 1;
        for (; end < text.size() && end < at + 4 && text[end] >= '0' && text[end] <= '7'; end += 1)
            value = value * 8 + (text[end] - '0');
        out += static_cast<char>(value & 255);
        return end;
    }
    out += c;
    return at + 2;
}

} // namespace

std::string unquote(std::string_view text) {
    text = trim(text);
    std::string out;
    char quote = 0;
    for (size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            at += 1;
        } else if (quote != 0 && c == quote) {
            quote = 0;
            at += 1;
        } else if (c == '\\' && quote != '\'') {
            at = unescape(text, at, quote == '"', out);
        } else {
            out += c;
            at += 1;
        }
    }
    return out;
}

std::string quote(std::string_view text) {
    const auto plain = [](char c) {
        return c > ' ' && c < 127 && c != '"' && c != '\'' && c != '\\' && c != ',' && c != '(' &&
               c != ')' && c != '$' && c != '/' && c != '#';
    };
    const bool has_comment = text.find("//") != text.npos || text.find("/*") != text.npos;
    if (!text.empty() && !has_comment &&
        std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '/'; }))
        return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == '$')
            out += '\\', out += c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (static_cast<unsigned char>(c) < ' ' || c == 127) {
            static constexpr char digits[] = "0123456789ABCDEF";
            out += "\\<";
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[c & 15];
            out += '>';
        } else
            out += c;
    }
    return out + "\"";
}

std::string nearest(std::string_view word, const std::vector<std::string> &candidates) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    std::string best;
    size_t best_distance = word.size() / 3 + 1;
    for (const std::string &it : candidates) {
        if (it.size() > word.size() + best_distance || word.size() > it.size() + best_distance)
            continue;
        std::vector<size_t> row(it.size() + 1);
        for (size_t j = 0; j <= it.size(); j += 1) row[j] = j;
        for (size_t i = 1; i <= word.size(); i += 1) {
            size_t diagonal = row[0];
            row[0] = i;
            for (size_t j = 1; j <= it.size(); j += 1) {
                const size_t above = row[j];
                const size_t change = diagonal + (lower(word[i - 1]) != lower(it[j - 1]));
                row[j] = std::min({above + 1, row[j - 1] + 1, change});
                diagonal = above;
            }
        }
        if (row[it.size()] >= best_distance) continue;
        best_distance = row[it.size()];
        best = it;
    }
    return best;
}

} // namespace click
