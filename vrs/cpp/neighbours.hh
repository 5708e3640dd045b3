// The neighbour table: MAC addresses of next hops as the gateway's kernel knows them, and the
// frames that wait for one that it does not know yet.
#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "actions.hh"
#include "limiter.hh"

namespace cppvr {

inline constexpr size_t max_waiting_frames_per_hop = 64;
inline constexpr size_t max_waiting_hops = 256;
// Waiting frames keep slots of the arena that all VRIs of this VR share.
inline constexpr size_t max_waiting_frames = 512;
inline constexpr uint64_t neighbour_timeout_ns = 3 * second_ns;
inline constexpr uint64_t ask_again_ns = second_ns;
inline constexpr uint64_t renew_after_ns = 5 * second_ns;

struct Neighbour {
    Address address; // family 0: free record
    uint8_t port = LVRM_NO_PORT;
    bool is_stale = false; // the kernel wants it confirmed while it is used
    uint8_t mac[6] = {};
    uint32_t generation = 0;
    uint64_t renewed_ns = 0;

    bool is(uint8_t on_port, const Address &of) const { return port == on_port && address == of; }
};

/// Frames in the order they came, each finished but for its MAC addresses.
struct Waiting {
    Address address;
    uint8_t port = LVRM_NO_PORT;
    bool is_asked = false;
    uint64_t asked_ns = 0;
    uint64_t deadline_ns = 0;
    std::vector<lvrm_frame> frames;
};

class Neighbours {
  public:
    Neighbours() : all_(1) {}

    /// The usable neighbour, or null. `hint` remembers where it was, so that a route's gateway is
    /// found without the hash table; it is only a guess, checked by address.
    Neighbour *find(uint8_t port, const Address &address, uint32_t &hint) {
        if (hint < all_.size() && all_[hint].is(port, address)) return &all_[hint];
        const auto at = numbers_.find({address, port});
        if (at == numbers_.end()) return nullptr;
        hint = at->second;
        return &all_[hint];
    }

    /// Adds or updates a usable neighbour; false when the table is full.
    bool set(uint8_t port, const Address &address, const uint8_t mac[6], bool is_stale,
             uint32_t generation);
    void remove(uint8_t port, const Address &address);
    /// Forgets every neighbour that was last set in another generation.
    void sweep(uint32_t generation);

    enum class Queued { waits, hop_full, table_full };
    /// Lets a frame wait for its next hop, until `neighbour_timeout_ns` after the first one.
    Queued wait(uint8_t port, const Address &address, lvrm_frame frame, uint64_t now_ns);
    /// Takes out the frames that wait for a next hop, oldest first.
    std::vector<lvrm_frame> take_waiting(uint8_t port, const Address &address);
    /// Takes out what waits for any next hop whose time is over; nothing when none is.
    std::optional<Waiting> take_expired(uint64_t now_ns);

    /// Calls `ask(waiting)` for each next hop that is to be asked for now, at most once per second
    /// each; `ask` says whether it could.
    template <class Ask> void ask_due(uint64_t now_ns, Ask ask) {
        for (Waiting &it : waiting_) {
            if (it.is_asked && now_ns - it.asked_ns < ask_again_ns) continue;
            if (!ask(it)) continue;
            it.is_asked = true;
            it.asked_ns = now_ns;
        }
    }

    /// A sibling has asked for a next hop: nobody has to again for a second.
    void note_asked(uint8_t port, const Address &address, uint64_t now_ns);

    size_t waiting_hops() const { return waiting_.size(); }
    size_t waiting_frames() const { return waiting_frames_; }
    size_t size() const { return numbers_.size(); }

  private:
    // A stranger's scan must not make the table grow without bound; the kernel's own limit
    // (gc_thresh3) is 1024 where nobody raised it.
    static constexpr size_t max_neighbours = size_t{1} << 20;

    struct Key {
        Address address;
        uint8_t port;
        bool operator==(const Key &) const = default;
    };
    struct Hash {
        size_t operator()(const Key &key) const {
            uint64_t h = (key.address.high ^ key.port) * 0x9e3779b97f4a7c15;
            h = (h ^ h >> 32 ^ key.address.low) * 0xff51afd7ed558ccd;
            return h ^ h >> 32;
        }
    };

    std::vector<Waiting>::iterator find_waiting(uint8_t port, const Address &address);
    void free_record(uint32_t number);

    std::vector<Neighbour> all_; // record 0 is never used
    std::vector<uint32_t> spare_;
    std::unordered_map<Key, uint32_t, Hash> numbers_;
    std::vector<Waiting> waiting_;
    struct Asked {
        Address address;
        uint8_t port = LVRM_NO_PORT;
        uint64_t asked_ns = 0;
    };
    std::array<Asked, 64> asked_; // by siblings, the oldest overwritten
    size_t next_asked_ = 0;
    size_t waiting_frames_ = 0;
};

} // namespace cppvr
