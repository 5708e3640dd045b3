// From text to a running router.
#pragma once

#include <map>
#include <memory>

#include "router.hh"

namespace click {

/// Parses and flattens. False after messages.
bool flatten(std::string_view text, const std::string &file,
             const std::map<std::string, std::string> &parameters, FlatConfiguration &out,
             ErrorHandler &errh);

/// Parses and flattens; null after messages.
std::unique_ptr<Router> load(std::string_view text, const std::string &file,
                             const std::map<std::string, std::string> &parameters,
                             ErrorHandler &errh);

/// What `hotconfig` does: the same with the parameters of the first load, and initialised.
std::unique_ptr<Router> reload(const std::string &text, Router &old, ErrorHandler &errh);

/// The text of a file, "-" or "" standard input; false after a message.
bool read_file(const std::string &file, std::string &out, ErrorHandler &errh);

} // namespace click
