// What route_table.hh declares.
#include "elements/ip/route_table.hh"

#include <algorithm>

namespace click {

std::string IPRoute::text(bool has_columns) const {
    // Columns at 24 and 40, whatever their width.
    const std::string prefix = IPPrefix{address, mask}.text();
    const std::string next = gateway ? gateway.text() : "-";
    if (!has_columns) return prefix + " " + next + " " + std::to_string(port);
    return prefix + (prefix.size() < 16 ? "\t\t" : "\t") + next +
           (next.size() < 8 ? "\t\t" : "\t") + std::to_string(port);
}

void RouteTrie::clear() {
    top_.assign(1 << 16, none);
    nodes_.clear();
}

uint32_t &RouteTrie::node_of(uint32_t &entry, uint32_t index) {
    if (!(entry & is_node)) {
        const auto node = static_cast<uint32_t>(nodes_.size() / 256);
        const uint32_t value = entry;
        entry = is_node | node; // before the vector grows: `entry` may be in it
        nodes_.resize(nodes_.size() + 256, value);
        return nodes_[node * 256 + index];
    }
    return nodes_[(entry & ~is_node) * 256 + index];
}

void RouteTrie::fill(uint32_t *entries, uint32_t count, uint32_t value) {
    std::fill(entries, entries + count, value);
}

void RouteTrie::add(uint32_t prefix, uint32_t length, uint32_t value) {
    if (length <= 16) return fill(&top_[prefix >> 16], 1u << (16 - length), value);
    uint32_t &middle = node_of(top_[prefix >> 16], prefix >> 8 & 255);
    if (length <= 24) return fill(&middle, 1u << (24 - length), value);
    uint32_t &last = node_of(middle, prefix & 255);
    fill(&last, 1u << (32 - length), value);
}

bool IPRouteTable::parse_route(const std::string &text, bool wants_port, IPRoute &out,
                               ErrorHandler &errh) {
    const std::vector<std::string> words = split_words(text);
    ArgContext context{this, errh, ""};
    IPPrefix prefix;
    if (words.empty() || !PrefixArg{true}(words[0], prefix, context)) {
        errh.error("expected 'ADDR/MASK [GATEWAY] OUTPUT'");
        return false;
    }
    out = {prefix.address & prefix.mask, prefix.mask, {}, -1};
    size_t next = 1;
    if (words.size() > next && (words.size() > 2 || !wants_port)) {
        if (words[next] == "-" || parse_arg(words[next], out.gateway, context)) next += 1;
    }
    const bool has_port = next < words.size() && parse_arg(words[next], out.port, context);
    next += has_port;
    if (next != words.size() || (wants_port && !has_port)) {
        errh.error("expected 'ADDR/MASK [GATEWAY] OUTPUT'");
        return false;
    }
    if (prefix.mask.mask_length() < 0 && !takes_any_mask()) {
        errh.error("bad mask in '%s'", words[0].c_str());
        return false;
    }
    if (has_port && (out.port < 0 || out.port >= noutputs())) {
        errh.error("port number out of range");
        return false;
    }
    return true;
}

int IPRouteTable::configure(Args &args) {
    routes_.clear();
    bool is_good = true;
    for (size_t i = 0; i < args.conf().size(); i += 1) {
        IPRoute route;
        PrefixErrorHandler errh(args.errh(), "argument " + std::to_string(i + 1) + ": ");
        if (!parse_route(args.conf()[i], true, route, errh))
            is_good = false;
        else
            add_route(route, true, errh);
    }
    rebuild();
    return is_good ? 0 : -1;
}

int IPRouteTable::add_route(const IPRoute &route, bool may_replace, ErrorHandler &errh) {
    for (IPRoute &it : routes_) {
        if (it.address != route.address || it.mask != route.mask) continue;
        if (!may_replace)
            return errh.error("conflict with existing route '%s'", it.text(false).c_str());
        it = route;
        return 0;
    }
    routes_.push_back(route);
    return 0;
}

int IPRouteTable::remove_route(const IPRoute &route, ErrorHandler &errh) {
    const size_t removed = std::erase_if(routes_, [&](const IPRoute &it) {
        return it.address == route.address && it.mask == route.mask &&
               (!route.gateway || it.gateway == route.gateway) &&
               (route.port < 0 || it.port == route.port);
    });
    if (removed == 0)
        return errh.error("route '%s' not found",
                          IPPrefix{route.address, route.mask}.text().c_str());
    return 0;
}

void IPRouteTable::rebuild() {
    std::vector<uint32_t> order(routes_.size());
    for (uint32_t i = 0; i < order.size(); i += 1) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return routes_[a].mask.mask_length() < routes_[b].mask.mask_length();
    });
    trie_.clear();
    actions_.clear();
    is_linear_ = false;
    for (const IPRoute &it : routes_) {
        actions_.push_back({it.gateway.addr, it.port});
        is_linear_ |= it.mask.mask_length() < 0;
    }
    if (is_linear_) return;
    for (const uint32_t i : order)
        trie_.add(routes_[i].address.host(), static_cast<uint32_t>(routes_[i].mask.mask_length()),
                  i);
}

/// With masks that are no prefixes: the most specific one, of two that don't contain each other the
/// first.
uint32_t IPRouteTable::search(IPAddress address) const {
    uint32_t best = RouteTrie::none;
    for (uint32_t i = 0; i < routes_.size(); i += 1) {
        const IPRoute &it = routes_[i];
        if (!address.matches_prefix(it.address, it.mask)) continue;
        if (best != RouteTrie::none) {
            const uint32_t other = routes_[best].mask.addr;
            if ((it.mask.addr & other) != other || it.mask.addr == other) continue;
        }
        best = i;
    }
    return best;
}

const IPRoute *IPRouteTable::lookup(IPAddress address) const {
    const uint32_t found = is_linear_ ? search(address) : trie_.lookup(address.host());
    return found == RouteTrie::none ? nullptr : &routes_[found];
}

std::string IPRouteTable::dump() const {
    std::string out;
    for (const IPRoute &it : routes_) out += it.text() + "\n";
    return out;
}

int IPRouteTable::run(const std::string &command, const std::string &text, ErrorHandler &errh) {
    IPRoute route;
    if (command == "add" || command == "set")
        return parse_route(text, true, route, errh) ? add_route(route, command == "set", errh) : -1;
    if (command == "remove")
        return parse_route(text, false, route, errh) ? remove_route(route, errh) : -1;
    return errh.error("bad command '%s', should be 'add', 'set', or 'remove'", command.c_str());
}

/// Lines "add …", "set …", "remove …": all, or none when one is wrong.
int IPRouteTable::control(const std::string &text, ErrorHandler &errh) {
    const std::vector<IPRoute> before = routes_;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = trim(std::string_view(text).substr(at, end - at));
        at = end + 1;
        if (line.empty()) continue;
        const std::string command = pop_word(line);
        if (run(command, std::string(line), errh) >= 0) continue;
        routes_ = before;
        return -1;
    }
    rebuild();
    return 0;
}

void IPRouteTable::add_handlers() {
    add_read("table", [this] { return dump(); });
    add_read("lookup", [this](const std::string &text, ErrorHandler &errh) {
        IPAddress address;
        ArgContext context{this, errh, ""};
        if (!parse_arg(trim(text), address, context)) {
            errh.error("expected IP address");
            return std::string();
        }
        const IPRoute *route = lookup(address);
        if (!route) return std::string("-1");
        return std::to_string(route->port) + (route->gateway ? " " + route->gateway.text() : "");
    });
    if (is_static()) return;
    for (const char *command : {"add", "set", "remove"})
        add_write(command, [this, command](const std::string &text, ErrorHandler &errh) {
            const int result = run(command, text, errh);
            rebuild();
            return result;
        });
    add_write("ctrl",
              [this](const std::string &text, ErrorHandler &errh) { return control(text, errh); });
    add_write("flush", [this] {
        routes_.clear();
        rebuild();
    });
}

} // namespace click
