// Longest-prefix match, and what the IP lookup elements have in common: arguments, handlers,
// routes.
#pragma once

#include <map>

#include "element.hh"

namespace click {

struct IPRoute {
    IPAddress address, mask, gateway;
    int port = -1;
    std::string text(bool has_columns = true) const; // "10.0.0.0/8 10.0.0.1 2"
};

/// A flat table of 16, 8 and 8 bits: at most three loads per lookup.
class RouteTrie {
  public:
    static constexpr uint32_t none = 0x7fffffff;
    RouteTrie() { clear(); }
    void clear();
    /// Every longer prefix must come after the shorter ones around it: rebuild from sorted routes.
    void add(uint32_t prefix_host_order, uint32_t length, uint32_t value);
    uint32_t lookup(uint32_t address_host_order) const {
        uint32_t entry = top_[address_host_order >> 16];
        if (!(entry & is_node)) return entry;
        entry = nodes_[(entry & ~is_node) * 256 + (address_host_order >> 8 & 255)];
        if (!(entry & is_node)) return entry;
        return nodes_[(entry & ~is_node) * 256 + (address_host_order & 255)];
    }

  private:
    static constexpr uint32_t is_node = 0x80000000;
    uint32_t &node_of(uint32_t &entry, uint32_t index);
    void fill(uint32_t *entries, uint32_t count, uint32_t value);
    std::vector<uint32_t> top_, nodes_;
};

/// Routes ADDRESS/MASK [GATEWAY] PORT. Packets leave by the port of the longest prefix that their
/// destination annotation is in, which becomes the gateway when there is one.
class IPRouteTable : public SortElement<IPRouteTable> {
  public:
    const char *port_count() const override { return "1/-"; }
    void *cast(const char *name) override {
        return std::string_view(name) == "IPRouteTable" ? this : Element::cast(name);
    }
    int configure(Args &args) override;
    void add_handlers() override;
    int sort(int, Packet *p) {
        const uint32_t found = is_linear_ ? search(p->dst_ip_anno())
                                          : trie_.lookup(__builtin_bswap32(p->dst_ip_anno()));
        if (found == RouteTrie::none) [[unlikely]] {
            if (misses_++ == 0)
                chatter("no route for %s", IPAddress(p->dst_ip_anno()).text().c_str());
            return noutputs();
        }
        const Action &action = actions_[found];
        if (action.gateway) p->set_dst_ip_anno(action.gateway);
        return action.port;
    }
    const IPRoute *lookup(IPAddress address) const;
    /// Whether routes may be added and removed while packets run.
    virtual bool is_static() const { return false; }
    /// Whether masks may be others than prefixes; routes are then looked through one by one.
    virtual bool takes_any_mask() const { return false; }

  protected:
    int add_route(const IPRoute &route, bool may_replace, ErrorHandler &errh);
    int remove_route(const IPRoute &route, ErrorHandler &errh);
    bool parse_route(const std::string &text, bool wants_port, IPRoute &out, ErrorHandler &errh);
    void rebuild();

  private:
    struct Action {
        uint32_t gateway; // 0: none
        int port;
    };
    int control(const std::string &text, ErrorHandler &errh);
    int run(const std::string &command, const std::string &text, ErrorHandler &errh);
    std::string dump() const;
    uint32_t search(IPAddress address) const;

    std::vector<IPRoute> routes_; // in the order given
    RouteTrie trie_;
    std::vector<Action> actions_;
    bool is_linear_ = false;
    uint64_t misses_ = 0;
};

} // namespace click
