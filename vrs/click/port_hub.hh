// The ports of lvrm as FromDevice and ToDevice see them; null in `lvrm click`, where those two open
// the machine's interfaces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "address.hh"
#include "packet.hh"

namespace click {

class Element;

class PortHub {
  public:
    struct Address {
        uint8_t family, prefix_length;
        uint8_t bytes[16];
    };
    struct Info {
        bool is_present = false, is_up = false;
        std::string name; // "eth0", "eth0:100"
        uint32_t mtu = 1500;
        EtherAddress mac;
        std::vector<Address> addresses;
    };
    static constexpr int none = -1;

    virtual ~PortHub() = default;
    /// The port of a name, or of a number in "#3"; `none` when there is none now.
    virtual int find(const std::string &name) const = 0;
    virtual const Info &info(int port) const = 0;
    /// Frames that come in by the port of this name (`"#3"` too) are pushed to it: push(0, …),
    /// push_batch(0, …).
    virtual void receive(const std::string &name, Element *element, bool is_promiscuous,
                         bool wants_neighbours) = 0;
    virtual void forget(Element *element) = 0;
    /// That a port of this name is sent to; it must be there when the router starts.
    virtual void expect(const std::string &name) = 0;
    /// Sends a frame; false when the port isn't there: the packet is killed.
    virtual bool send(int port, Packet *p) = 0;
    /// Changes whenever a port does: what find() said may be another then.
    virtual uint32_t version() const = 0;
};

inline PortHub *port_hub = nullptr;

} // namespace click
