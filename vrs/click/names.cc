// What names.hh declares.
#include "names.hh"

#include <cstring>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "address.hh"

namespace click {

const std::string *NameTable::look(NameKind kind, std::string_view element_name,
                                   std::string_view name) const {
    for (std::string_view scope = element_name;;) {
        const size_t slash = scope.rfind('/');
        scope = slash == std::string_view::npos ? "" : scope.substr(0, slash);
        const std::string full =
            scope.empty() ? std::string(name) : std::string(scope) + "/" + std::string(name);
        if (const auto it = entries_.find({kind, full}); it != entries_.end()) return &it->second;
        if (scope.empty()) return nullptr;
    }
}

namespace {

bool read(const ifaddrs &entry, NameKind kind, void *out) {
    const int family = entry.ifa_addr->sa_family;
    if (kind == NameKind::ether && family == AF_PACKET) {
        const auto *link = reinterpret_cast<const sockaddr_ll *>(entry.ifa_addr);
        if (link->sll_halen != 6) return false;
        std::memcpy(out, link->sll_addr, 6);
        return true;
    }
    if (family == AF_INET && (kind == NameKind::ip || kind == NameKind::ip_prefix)) {
        const auto *at = reinterpret_cast<const sockaddr_in *>(entry.ifa_addr);
        IPPrefix prefix{{at->sin_addr.s_addr}};
        if (entry.ifa_netmask)
            prefix.mask = {
                reinterpret_cast<const sockaddr_in *>(entry.ifa_netmask)->sin_addr.s_addr};
        std::memcpy(out, &prefix, kind == NameKind::ip ? sizeof prefix.address : sizeof prefix);
        return true;
    }
    if (family == AF_INET6 && kind == NameKind::ip6) {
        std::memcpy(out, &reinterpret_cast<const sockaddr_in6 *>(entry.ifa_addr)->sin6_addr, 16);
        return true;
    }
    return false;
}

} // namespace

bool device_address(NameKind kind, std::string_view device, void *out) {
    if (find_port_address) return find_port_address(kind, device, out);
    // "eth0:100" is a port of lvrm's: outside of it, the interface.
    if (const size_t colon = device.find(':'); colon != std::string_view::npos)
        device = device.substr(0, colon);
    ifaddrs *all = nullptr;
    if (getifaddrs(&all) != 0) return false;
    bool is_found = false;
    for (const ifaddrs *it = all; it && !is_found; it = it->ifa_next)
        if (it->ifa_addr && device == it->ifa_name) is_found = read(*it, kind, out);
    freeifaddrs(all);
    return is_found;
}

} // namespace click
