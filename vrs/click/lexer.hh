// Tokens of the Click language, with the places where they stand.
#pragma once

#include <string>
#include <string_view>

#include "error.hh"

namespace click {

enum class Tok {
    end,
    word,      // identifier, class or number: letters, digits, '_', '@', '/'
    variable,  // $name
    declare,   // ::
    arrow,     // ->
    fat_arrow, // =>
    bar,       // |
    bars,      // ||
    dots,      // ...
    symbol,    // one character: ( ) [ ] { } , ; and what is none of the language's
};

struct Token {
    Tok kind = Tok::end;
    std::string text;
    std::string landmark;
    bool is(char c) const { return kind == Tok::symbol && text[0] == c; }
    bool is(std::string_view word) const { return kind == Tok::word && text == word; }
};

/// Over a text that outlives it.
class Lexer {
  public:
    Lexer(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

    const Token &peek();
    Token next();
    /// After "(" was taken: the raw text up to its ")", which is taken too.
    bool read_config(std::string &out, ErrorHandler &errh);
    std::string landmark() const { return file_ + ":" + std::to_string(line_); }

  private:
    void skip_space();
    bool skip_comment();
    void take_line_mark();
    char at(size_t ahead) const { return here_ + ahead < text_.size() ? text_[here_ + ahead] : 0; }
    void advance(size_t bytes);
    Token lex();

    std::string_view text_;
    std::string file_;
    size_t here_ = 0;
    int line_ = 1;
    bool has_peeked_ = false;
    Token peeked_;
};

} // namespace click
