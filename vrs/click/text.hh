// Text of configurations: arguments, words, quotes, numbers. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace click {

bool is_space(char c);
bool is_digit(char c);
bool is_word_start(char c); // letter, '_' or '@'
bool is_word_char(char c);  // and digits
std::string_view trim(std::string_view text);

/// "a, 'b, c', d" → the arguments, without comments, as written but for space around them.
/// An empty text has none; an empty last argument doesn't count.
std::vector<std::string> split_args(std::string_view config);
/// Words separated by space; quoted space doesn't separate.
std::vector<std::string> split_words(std::string_view text);
/// Takes the first word off `text`, and the space behind it. Empty when there is none.
std::string pop_word(std::string_view &text);
std::string join_args(const std::vector<std::string> &args);

/// The string that a quoted text means: "…" with \n \t \\ \" \$ \ooo \xhh \<hex>, '…' as it is,
/// \<hex> outside quotes too.
std::string unquote(std::string_view text);
/// A text that unquote() turns into `text`; as it is when it needs no quotes.
std::string quote(std::string_view text);

/// Decimal, 0x hexadecimal or 0 octal, or any in `base`; the whole text.
bool parse_integer(std::string_view text, uint64_t &out, bool &is_negative, bool &overflows,
                   int base = 0);
bool parse_real(std::string_view text, double &out);
bool parse_bool(std::string_view text, bool &out); // true false yes no 1 0
/// "1.5s", "20ms", "3 min", plain seconds.
bool parse_seconds(std::string_view text, double &out);
/// Bytes per second: "100Mbps", "10kB/s", plain bytes per second.
bool parse_bandwidth(std::string_view text, double &out);

/// As parse_bandwidth() reads it, in the largest unit that leaves a whole number: "8Mbps".
std::string bandwidth_text(double bytes_per_second);

/// The candidate most like `word`, or empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string> &candidates);

int hex_digit(char c); // -1 when it is none

} // namespace click
