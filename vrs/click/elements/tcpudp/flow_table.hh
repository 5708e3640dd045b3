// The flows that a rewriter knows: found by what a packet of either direction looks like.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "address.hh"
#include "headers.hh"

namespace click {

/// What tells flows apart. Fields that a rewriter doesn't look at are 0. Network byte order.
struct FlowKey {
    uint32_t source = 0, destination = 0;
    uint16_t source_port = 0, destination_port = 0;
    uint32_t protocol = 0;

    FlowKey reversed() const {
        return {destination, source, destination_port, source_port, protocol};
    }
    bool operator==(const FlowKey &) const = default;
    uint32_t hash() const {
        uint64_t a = uint64_t{source} << 32 | destination;
        const uint64_t ports = uint64_t{source_port} << 16 | destination_port;
        const uint64_t b = ports << 32 | protocol;
        a = (a ^ b * 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93;
        a ^= a >> 32;
        return static_cast<uint32_t>((a * 0xd6e8feb86659fd93) >> 32);
    }
    std::string text() const; // "(1.0.0.1, 20, 2.0.0.2, 80)"
};

struct Flow {
    /// A packet that looks like key[d] becomes key[!d].reversed(). Direction 0 is forward.
    FlowKey key[2];
    int16_t output[2] = {-1, -1};
    uint16_t input = 0;
    uint8_t state = 0; // Seen bits, by what touches it
    bool is_used = false;
    bool is_own = false; // this VRI saw its packets last
    uint16_t ip_delta[2] = {}, transport_delta[2] = {};
    int64_t expiry_ns = 0, guaranteed_ns = 0, announced_ns = 0;

    FlowKey rewritten(int direction) const { return key[!direction].reversed(); }
    /// Checksum differences that the two rewritings make.
    void prepare();
};

/// Adds a prepared difference to a checksum field, all in memory order.
inline uint16_t apply_delta(uint16_t field, uint16_t delta) {
    uint32_t sum = static_cast<uint16_t>(~field) + uint32_t{delta};
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

class FlowTable {
  public:
    static constexpr int none = -1;
    FlowTable() { clear(); }
    void clear();

    /// Flow * 2 + direction, or `none`.
    int find(const FlowKey &key) const {
        const uint32_t hash = key.hash();
        for (uint32_t i = hash & mask_;; i = (i + 1) & mask_) {
            const Slot &slot = slots_[i];
            if (slot.reference == 0) return none;
            if (slot.hash != hash) continue;
            const uint32_t reference = slot.reference - 1;
            if (flows_[reference / 2].key[reference % 2] == key) return static_cast<int>(reference);
        }
    }
    /// Both keys must be new and different. Returns the flow's number.
    uint32_t insert(const Flow &flow);
    void remove(uint32_t number);
    uint32_t size() const { return size_; }

    /// By number; those that aren't used have is_used false.
    Flow &operator[](uint32_t number) { return flows_[number]; }
    const Flow &operator[](uint32_t number) const { return flows_[number]; }
    uint32_t end() const { return static_cast<uint32_t>(flows_.size()); }

  private:
    struct Slot {
        uint32_t hash, reference; // 1 + flow * 2 + direction, 0: free
    };
    void put(uint32_t hash, uint32_t reference);
    void take_out(uint32_t hash, uint32_t reference);
    void grow();

    std::vector<Flow> flows_;
    std::vector<uint32_t> free_;
    std::vector<Slot> slots_;
    uint32_t mask_ = 0, size_ = 0;
};

} // namespace click
