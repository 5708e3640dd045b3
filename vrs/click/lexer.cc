// What lexer.hh declares.
#include "lexer.hh"

#include <algorithm>
#include <cstdlib>

#include "text.hh"

namespace click {

void Lexer::advance(size_t bytes) {
    for (; bytes > 0 && here_ < text_.size(); bytes -= 1, here_ += 1) line_ += text_[here_] == '\n';
}

/// `# 12 "file"` or `#line 12 "file"` at a line's start: the next line's place.
void Lexer::take_line_mark() {
    const size_t end = std::min(text_.find('\n', here_), text_.size());
    std::string_view rest = text_.substr(here_ + 1, end - here_ - 1);
    rest = trim(rest);
    if (rest.starts_with("line")) rest = trim(rest.substr(4));
    size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) digits += 1;
    const int line = std::atoi(std::string(rest.substr(0, digits)).c_str());
    std::string_view name = trim(rest.substr(digits));
    if (name.size() >= 2 && name[0] == '"') {
        name = name.substr(1, name.find('"', 1) - 1);
        file_ = name;
    }
    here_ = end;
    if (digits > 0) line_ = line - 1; // the newline comes
}

bool Lexer::skip_comment() {
    if (at(0) == '/' && at(1) == '/') {
        here_ = std::min(text_.find('\n', here_), text_.size());
        return true;
    }
    if (at(0) == '/' && at(1) == '*') {
        const size_t end = text_.find("*/", here_ + 2);
        advance((end == std::string_view::npos ? text_.size() : end + 2) - here_);
        return true;
    }
    return false;
}

void Lexer::skip_space() {
    while (here_ < text_.size()) {
        if (is_space(text_[here_]))
            advance(1);
        else if (text_[here_] == '#' && (here_ == 0 || text_[here_ - 1] == '\n'))
            take_line_mark();
        else if (!skip_comment())
            return;
    }
}

Token Lexer::lex() {
    skip_space();
    Token token{Tok::end, "", landmark()};
    if (here_ >= text_.size()) return token;
    const auto take = [&](Tok kind, size_t bytes) {
        token.kind = kind;
        token.text = text_.substr(here_, bytes);
        advance(bytes);
        return token;
    };
    const char c = at(0);
    const auto is_name_char = [&](size_t i) {
        // "/" joins names of compounds, but starts comments.
        return is_word_char(at(i)) || (at(i) == '/' && at(i + 1) != '/' && at(i + 1) != '*');
    };
    if (is_word_char(c)) {
        size_t end = 1;
        while (is_name_char(end)) end += 1;
        return take(Tok::word, end);
    }
    if (c == '$' && (is_word_char(at(1)))) {
        size_t end = 2;
        while (is_word_char(at(end))) end += 1;
        return take(Tok::variable, end);
    }
    if (c == ':' && at(1) == ':') return take(Tok::declare, 2);
    if (c == '-' && at(1) == '>') return take(Tok::arrow, 2);
    if (c == '=' && at(1) == '>') return take(Tok::fat_arrow, 2);
    if (c == '|' && at(1) == '|') return take(Tok::bars, 2);
    if (c == '|') return take(Tok::bar, 1);
    if (c == '.' && at(1) == '.' && at(2) == '.') return take(Tok::dots, 3);
    return take(Tok::symbol, 1);
}

const Token &Lexer::peek() {
    if (!has_peeked_) peeked_ = lex();
    has_peeked_ = true;
    return peeked_;
}

Token Lexer::next() {
    peek();
    has_peeked_ = false;
    return std::move(peeked_);
}

bool Lexer::read_config(std::string &out, ErrorHandler &errh) {
    const std::string start = landmark();
    size_t depth = 1;
    const size_t from = here_;
    char quote = 0;
    while (here_ < text_.size()) {
        const char c = at(0);
        if (quote == '"' && c == '\\') {
            advance(2);
        } else if (quote) {
            if (c == quote) quote = 0;
            advance(1);
        } else if (c == '"' || c == '\'') {
            quote = c;
            advance(1);
        } else if (c == '\\' && at(1) == '<') {
            const size_t end = text_.find('>', here_);
            advance((end == std::string_view::npos ? text_.size() : end + 1) - here_);
        } else if (skip_comment()) {
        } else {
            depth += c == '(';
            depth -= c == ')';
            advance(1);
            if (depth > 0) continue;
            out = trim(text_.substr(from, here_ - 1 - from));
            return true;
        }
    }
    out = trim(text_.substr(from));
    errh.lerror(start, "missing ')'");
    return false;
}

} // namespace click
