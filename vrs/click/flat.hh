// A flat configuration: elements and connections, as a router runs them.
#pragma once

#include <string>
#include <vector>

namespace click {

struct FlatElement {
    std::string name, type, config, landmark;
};

struct FlatConnection {
    int from, from_port, to, to_port;
    auto operator<=>(const FlatConnection &) const = default;
};

struct FlatConfiguration {
    std::vector<FlatElement> elements;
    std::vector<FlatConnection> connections;
    std::vector<std::string> requirements;

    /// As text in the language.
    std::string text() const;
};

} // namespace click
