// What flat.hh declares.
#include "flat.hh"

#include <map>

namespace click {

std::string FlatConfiguration::text() const {
    std::string out;
    for (const std::string &it : requirements) out += "require(" + it + ");\n";
    if (!requirements.empty()) out += "\n";
    for (const FlatElement &it : elements)
        out +=
            it.name + " :: " + it.type + (it.config.empty() ? "" : "(" + it.config + ")") + ";\n";
    if (!connections.empty()) out += "\n";
    std::multimap<int, size_t> from;
    for (size_t i = 0; i < connections.size(); i += 1) from.emplace(connections[i].from, i);
    std::vector<bool> done(connections.size());
    const auto name = [&](int element) { return elements[static_cast<size_t>(element)].name; };
    for (size_t i = 0; i < connections.size(); i += 1) {
        if (done[i]) continue;
        out += name(connections[i].from);
        // A chain goes on by any connection of the element it reached that isn't told yet.
        for (size_t at = i;;) {
            const FlatConnection &it = connections[at];
            done[at] = true;
            if (it.from_port) out += " [" + std::to_string(it.from_port) + "]";
            out += at == i ? " -> " : "\n    -> ";
            if (it.to_port) out += "[" + std::to_string(it.to_port) + "] ";
            out += name(it.to);
            size_t next = connections.size();
            const auto [first, last] = from.equal_range(it.to);
            for (auto other = first; other != last && next == connections.size(); ++other)
                if (!done[other->second]) next = other->second;
            if (next == connections.size()) break;
            at = next;
        }
        out += ";\n";
    }
    return out;
}

} // namespace click
