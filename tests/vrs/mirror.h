/* What the tests' VRs have in common: a tiny router that answers every IPv4 echo request itself,
 * whoever was asked, and drops the rest. No state, no routes: the frame goes back where it came
 * from. Single-threaded, as every VR. */
#ifndef MIRROR_H
#define MIRROR_H

#include <string.h>

#include "lvrm_vr.h"

static void swap(uint8_t *a, uint8_t *b, size_t bytes) {
    uint8_t kept[16];
    memcpy(kept, a, bytes);
    memcpy(a, b, bytes);
    memcpy(b, kept, bytes);
}

/* Turns an echo request into its reply, in place; RFC 1624 for the checksum (type 8 becomes 0). */
static inline lvrm_frame mirror(const lvrm_vr *vr, lvrm_frame frame) {
    uint8_t *data = lvrm_frame_data(vr, frame);
    uint8_t *packet = data + 14;
    uint8_t *icmp = packet + 20;
    if (lvrm_frame_length(frame) < 42 || data[12] != 8 || data[13] != 0 || packet[0] != 0x45 ||
        packet[9] != 1 || icmp[0] != 8)
        return lvrm_drop_frame(frame, LVRM_DROP_POLICY);
    swap(data, data + 6, 6);
    swap(packet + 12, packet + 16, 4);
    icmp[0] = 0;
    uint32_t sum = (uint32_t)(icmp[2] << 8 | icmp[3]) + 0x0800;
    sum = (sum & 0xffff) + (sum >> 16);
    icmp[2] = (uint8_t)(sum >> 8);
    icmp[3] = (uint8_t)sum;
    return lvrm_forward(frame, lvrm_frame_input_port(frame));
}

/* Serves events; false when told to stop. Says ready once the snapshot is complete. */
static inline bool serve_events(lvrm_vr *vr) {
    static uint8_t payload[LVRM_MAX_EVENT_BYTES];
    struct lvrm_event_header header;
    while (lvrm_vr_receive_event(vr, &header, payload)) {
        if (header.kind == LVRM_EVENT_SYNCHRONISED) lvrm_vr_ready(vr, 0, NULL);
        if (header.kind == LVRM_EVENT_STOP) return false;
    }
    return true;
}

#endif
