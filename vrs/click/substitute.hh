// $variables in configuration strings.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace click {

/// `look` says whether a variable is known, and its value.
using Variables = std::function<bool(std::string_view name, std::string &value)>;

/// What Script adds: "$(HANDLER ARG…)", variables named by a sign, and text that is unquoted later,
/// but without what was put in.
struct Expressions {
    std::function<std::string(std::string_view inside)> evaluate;
    bool quotes_values = false;
};

/// Replaces $name, ${name} and ${name[i]} outside single quotes; unknown ones stay. In double
/// quotes the value is unquoted and escaped.
std::string substitute(std::string_view text, const Variables &look,
                       const Expressions &expressions = {});

} // namespace click
