// cppvr's command line: the words after `cppvr` in `--vr SUBNET=cppvr …`.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tables.hh"

namespace cppvr {

struct StaticRoute {
    Address prefix;
    uint8_t prefix_length = 0;
    PortName port;
    Address gateway; // family 0: the destination is on the link
};

struct Relay {
    PortName a;
    PortName b;
};

struct CommandLine {
    std::optional<Relay> relay;
    std::vector<StaticRoute> routes;
    std::optional<unsigned> service_rate_fps; // of the dummy load
    bool is_paced = false;
    bool wants_help = false;
    bool wants_version = false;
};

/// Parses the words (without the program's name). The error is one line: what, and what to do.
std::expected<CommandLine, std::string> parse_command_line(std::span<const char *const> words);

extern const char *const help_text;

} // namespace cppvr
