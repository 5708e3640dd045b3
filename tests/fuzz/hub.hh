// Two ports for routers under the fuzzer, in place of lvrm's. Every frame is an allocation of its
// own and of its exact size, so that a sanitizer sees each byte that is read beyond it.
#pragma once

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "element.hh"
#include "names.hh"
#include "port_hub.hh"

namespace click {

class FuzzHub final : public PortHub {
  public:
    FuzzHub() {
        for (size_t i = 0; i < ports_.size(); i += 1) {
            Info &it = ports_[i];
            it.is_present = it.is_up = true;
            it.name = i == 0 ? "eth1" : "eth2";
            const uint8_t mac[6] = {2, 0, 0, 0, 0, static_cast<uint8_t>(i + 1)};
            it.mac = EtherAddress(mac);
            it.addresses.push_back({4, 24, {10, 0, static_cast<uint8_t>(i), 1}});
        }
        port_hub = this;
        find_port_address = [](NameKind kind, std::string_view device, void *out) {
            return static_cast<FuzzHub *>(port_hub)->address(kind, device, out);
        };
        Packet::release_frame = [](uint64_t frame) {
            std::free(reinterpret_cast<void *>(static_cast<uintptr_t>(frame)));
        };
    }
    ~FuzzHub() override { port_hub = nullptr; }

    int find(const std::string &name) const override {
        for (size_t i = 0; i < ports_.size(); i += 1)
            if (name == ports_[i].name || name == "#" + std::to_string(i))
                return static_cast<int>(i);
        return none;
    }
    const Info &info(int port) const override { return ports_[static_cast<size_t>(port)]; }
    void receive(const std::string &name, Element *element, bool, bool) override {
        if (const int port = find(name); port != none) bound_[static_cast<size_t>(port)] = element;
    }
    void forget(Element *element) override {
        for (Element *&it : bound_)
            if (it == element) it = nullptr;
    }
    bool send(int, Packet *p) override { return p->kill(), true; }
    uint32_t version() const override { return 1; }
    void expect(const std::string &) override {}

    /// A frame comes in by a port.
    void deliver(size_t port, std::string_view bytes) {
        Element *element = bound_[port];
        if (!element || bytes.empty()) return;
        auto *slot = static_cast<uint8_t *>(std::malloc(bytes.size()));
        std::memcpy(slot, bytes.data(), bytes.size());
        const auto length = static_cast<uint32_t>(bytes.size());
        Packet *p = Packet::around(reinterpret_cast<uintptr_t>(slot), slot, length, 0, length);
        p->set_timestamp(Timestamp::now());
        p->set_input_port(static_cast<int16_t>(port));
        if (length >= 14) p->set_mac_header(slot, 14);
        if (slot[0] & 1) p->set_packet_type(PacketType::multicast);
        element->push(0, p);
    }

  private:
    bool address(NameKind kind, std::string_view device, void *out) const {
        const int port = find(std::string(device));
        if (port == none) return false;
        const Info &it = info(port);
        if (kind == NameKind::ether) return std::memcpy(out, &it.mac, 6), true;
        const uint8_t *bytes = it.addresses[0].bytes;
        const uint8_t prefix[8] = {bytes[0], bytes[1], bytes[2], 0, 255, 255, 255, 0};
        if (kind == NameKind::ip) return std::memcpy(out, bytes, 4), true;
        if (kind == NameKind::ip_prefix) return std::memcpy(out, prefix, sizeof prefix), true;
        return false;
    }

    std::array<Info, 2> ports_;
    std::array<Element *, 2> bound_{};
};

} // namespace click
