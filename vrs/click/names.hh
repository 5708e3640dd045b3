// Names for values: what AddressInfo, PortInfo and annotation names define, by scope.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace click {

enum class NameKind { ip, ip_prefix, ip6, ip6_prefix, ether, tcp_port, udp_port, ip_protocol };

/// Values as bytes: IPAddress, IPPrefix, IP6Address, IP6Prefix, EtherAddress, uint16_t, uint8_t.
class NameTable {
  public:
    /// `scope`: the compound's name with a slash at its end ("gw/"), empty at the top.
    template <class T>
    void add(NameKind kind, std::string_view scope, std::string_view name, const T &value) {
        entries_[{kind, std::string(scope) + std::string(name)}] =
            std::string(reinterpret_cast<const char *>(&value), sizeof value);
    }
    /// Looks in the scope of `element_name` and in those around it.
    template <class T>
    bool find(NameKind kind, std::string_view element_name, std::string_view name, T &out) const {
        const std::string *value = look(kind, element_name, name);
        if (!value || value->size() != sizeof out) return false;
        value->copy(reinterpret_cast<char *>(&out), sizeof out);
        return true;
    }

  private:
    const std::string *look(NameKind kind, std::string_view element_name,
                            std::string_view name) const;
    std::map<std::pair<NameKind, std::string>, std::string> entries_;
};

/// An interface's own addresses: of lvrm's port, or of the machine. Its text like the argument's.
bool device_address(NameKind kind, std::string_view device, void *out);
inline bool (*find_port_address)(NameKind kind, std::string_view device, void *out) = nullptr;

} // namespace click
