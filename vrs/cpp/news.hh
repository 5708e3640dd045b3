// What the VRIs of one VR tell each other (LVRM_EVENT_SIBLINGS), so that one question to the kernel
// does for all of them and an answer reaches all at once. Hints only: lvrm's own events say the
// same, and they win.
#pragma once

#include <lvrm_vr.h>

#include "address.hh"

namespace cppvr {

struct NeighbourNews {
    static constexpr uint32_t magic_v1 = 0x31565043; // "CPV1": the payload is the VR's own affair

    uint32_t magic = magic_v1;
    /// LVRM_EVENT_NEED_NEIGHBOUR or LVRM_EVENT_RENEW_NEIGHBOUR: the sender has just asked lvrm for
    /// that. LVRM_EVENT_NEIGHBOUR: it has just learned it.
    uint16_t kind = 0;
    uint16_t reserved = 0;
    lvrm_neighbour_event neighbour{};
};

inline NeighbourNews news_of(uint16_t kind, uint8_t port, const Address &address) {
    NeighbourNews news;
    news.kind = kind;
    news.neighbour.port = port;
    news.neighbour.family = address.family;
    store_address(news.neighbour.address, address);
    return news;
}

} // namespace cppvr
