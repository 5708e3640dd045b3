/*
=c
LookupIP6Route(DADDR/MASK [GW] OUTPUT, ...)
=s ip6
looks up IPv6 routes
=d
Expects packets with an IPv6 destination address annotation. The longest prefix that it is in
decides on the output; when that route has a gateway other than ::0, the annotation becomes the
gateway. A packet without a route is dropped, and the first told on stderr.
=h table r
=h lookup r+
The output and gateway for an address.
=h add w
=h remove w
=h ctrl w
Lines of add and remove: all or none.
=a GetIP6Address, RadixIPLookup
*/
#include <algorithm>
#include <unordered_map>

#include "element.hh"

namespace click {

class LookupIP6Route final : public SortElement<LookupIP6Route> {
  public:
    const char *class_name() const override { return "LookupIP6Route"; }
    const char *port_count() const override { return "1/-"; }
    int configure(Args &args) override {
        std::vector<Route> routes;
        bool is_good = true;
        for (size_t i = 0; i < args.conf().size(); i += 1) {
            Route route;
            if (!parse(args.conf()[i], true, route)) {
                args.error("argument %zu should be DADDR/MASK [GW] OUTPUT", i + 1);
                is_good = false;
            } else if (route.port < 0 || route.port >= noutputs()) {
                args.error("argument %zu bad OUTPUT", i + 1);
                is_good = false;
            } else {
                put(routes, route);
            }
        }
        set(std::move(routes));
        return is_good ? 0 : -1;
    }
    void add_handlers() override;
    int sort(int, Packet *p) {
        const Route *found = find(p->anno_as<IP6Address>(anno::dst_ip6));
        if (!found) [[unlikely]] {
            if (misses_++ == 0)
                chatter("no route for %s", p->anno_as<IP6Address>(anno::dst_ip6).text().c_str());
            return noutputs();
        }
        if (found->gateway) p->set_anno(anno::dst_ip6, found->gateway);
        return found->port;
    }

  private:
    struct Route {
        IP6Prefix prefix;
        IP6Address gateway;
        int port = -1;
    };
    struct Hash {
        size_t operator()(const IP6Address &a) const {
            uint64_t words[2];
            std::memcpy(words, a.bytes, sizeof words);
            return (words[0] ^ (words[1] * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu >> 7;
        }
    };
    /// All prefixes of one length.
    struct Length {
        uint32_t bits;
        IP6Address mask;
        std::unordered_map<IP6Address, uint32_t, Hash> places;
    };

    static IP6Address masked(IP6Address address, const IP6Address &mask) {
        for (int i = 0; i < 16; i += 1) address.bytes[i] &= mask.bytes[i];
        return address;
    }
    static bool is_same(const Route &a, const Route &b) {
        return a.prefix.length == b.prefix.length && a.prefix.address == b.prefix.address;
    }
    static void put(std::vector<Route> &routes, const Route &route) {
        for (Route &it : routes)
            if (is_same(it, route)) return void(it = route);
        routes.push_back(route);
    }
    /// One hash table per length that occurs, longest first.
    const Route *find(const IP6Address &address) const {
        for (const Length &it : lengths_) {
            const auto found = it.places.find(masked(address, it.mask));
            if (found != it.places.end()) return &routes_[found->second];
        }
        return nullptr;
    }
    void set(std::vector<Route> routes) {
        routes_ = std::move(routes);
        lengths_.clear();
        for (uint32_t i = 0; i < routes_.size(); i += 1) {
            const IP6Prefix &prefix = routes_[i].prefix;
            const auto has_it = [&](const Length &it) { return it.bits == prefix.length; };
            auto at = std::find_if(lengths_.begin(), lengths_.end(), has_it);
            if (at == lengths_.end())
                at = lengths_.insert(
                    at, {prefix.length, IP6Address::prefix_mask(prefix.length), {}});
            at->places[prefix.address] = i;
        }
        std::sort(lengths_.begin(), lengths_.end(),
                  [](const Length &a, const Length &b) { return a.bits > b.bits; });
    }
    bool parse(const std::string &text, bool wants_port, Route &out) {
        const std::vector<std::string> words = split_words(text);
        SilentErrorHandler silent;
        ArgContext context{this, silent, ""};
        if (words.empty() || words.size() > 3 || !parse_arg(words[0], out.prefix, context))
            return false;
        out.prefix.address =
            masked(out.prefix.address, IP6Address::prefix_mask(out.prefix.length));
        size_t next = 1;
        if (words.size() - next == 2 || (!wants_port && next < words.size())) {
            if (words[next] != "-" && !parse_arg(words[next], out.gateway, context)) return false;
            next += 1;
        }
        if (next < words.size() && !parse_arg(words[next++], out.port, context)) return false;
        return next == words.size() && (!wants_port || out.port >= 0);
    }
    int run(std::vector<Route> &routes, const std::string &command, const std::string &text,
            ErrorHandler &errh) {
        Route route;
        const bool adds = command == "add" || command == "set";
        if (!adds && command != "remove")
            return errh.error("bad command '%s', should be 'add', 'set', or 'remove'",
                              command.c_str());
        if (!parse(text, adds, route))
            return errh.error("expected 'DADDR/MASK [GW]%s'", adds ? " OUTPUT" : "");
        if (route.port >= noutputs()) return errh.error("port number out of range");
        if (adds) return put(routes, route), 0;
        const auto is_it = [&](const Route &it) { return is_same(it, route); };
        return std::erase_if(routes, is_it) ? 0 : errh.error("route not found");
    }

    std::vector<Route> routes_;
    std::vector<Length> lengths_;
    uint64_t misses_ = 0;
};

void LookupIP6Route::add_handlers() {
    add_read("table", [this] {
        std::string out;
        for (const Route &it : routes_)
            out += it.prefix.address.text() + "/" + std::to_string(it.prefix.length) + "\t" +
                   (it.gateway ? it.gateway.text() : "-") + "\t" + std::to_string(it.port) + "\n";
        return out;
    });
    add_read("lookup", [this](const std::string &text, ErrorHandler &errh) {
        IP6Address address;
        ArgContext context{this, errh, ""};
        if (!parse_arg(trim(text), address, context))
            return errh.error("expected IP6 address"), std::string();
        const Route *found = find(address);
        if (!found) return std::string("-1");
        return std::to_string(found->port) + (found->gateway ? " " + found->gateway.text() : "");
    });
    for (const char *command : {"add", "set", "remove"})
        add_write(command, [this, command](const std::string &text, ErrorHandler &errh) {
            std::vector<Route> next = routes_;
            if (run(next, command, text, errh) < 0) return -1;
            set(std::move(next));
            return 0;
        });
    add_write("ctrl", [this](const std::string &text, ErrorHandler &errh) {
        std::vector<Route> next = routes_;
        for (size_t at = 0; at < text.size();) {
            const size_t end = std::min(text.find('\n', at), text.size());
            std::string_view line = trim(std::string_view(text).substr(at, end - at));
            at = end + 1;
            if (line.empty()) continue;
            const std::string command = pop_word(line);
            if (run(next, command, std::string(line), errh) < 0) return -1;
        }
        set(std::move(next));
        return 0;
    });
}

} // namespace click

EXPORT_ELEMENT(LookupIP6Route)
