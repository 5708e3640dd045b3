/* The shortest virtual router that is of use: between two ports, with one host or router on each.
 * What comes in by one port goes out by the other, to the neighbour there. It has no routes, makes
 * no ICMP errors and leaves the time to live alone: docs/writing-a-vr.md says what a real one does,
 * vrs/cpp/ is one.
 *
 *     cc -O2 -I vrs/include vrs/example/minimal.c zig-out/lib/liblvrm_vr.a -o minimal
 *     lvrm --interface eth1 --interface eth2 --vr '10.0.1.0/24,10.0.2.0/24=./minimal' */
#include <stdio.h>
#include <string.h>

#include "lvrm_vr.h"

struct port {
    uint32_t number; /* LVRM_NO_PORT: none yet */
    uint8_t mac[6];
    uint8_t neighbour[6];
    bool has_neighbour;
};

static struct port ports[2] = {{.number = LVRM_NO_PORT}, {.number = LVRM_NO_PORT}};

static struct port *find_port(uint32_t number) {
    for (int i = 0; i < 2; i++)
        if (ports[i].number == number) return &ports[i];
    return NULL;
}

/* The first two ports that lvrm tells of are ours; a removed one makes room again. */
static void take_link(const struct lvrm_link_event *event) {
    struct port *port = find_port(event->port);
    if (port == NULL) port = find_port(LVRM_NO_PORT);
    if (port == NULL) return;
    memset(port, 0, sizeof *port);
    port->number = event->removed ? LVRM_NO_PORT : event->port;
    memcpy(port->mac, event->mac, 6);
}

static void take_neighbour(const struct lvrm_neighbour_event *event) {
    struct port *port = find_port(event->port);
    if (port == NULL || event->removed) return;
    memcpy(port->neighbour, event->mac, 6);
    port->has_neighbour = true;
}

/* Serves all control events; false when lvrm says stop. */
static bool take_events(lvrm_vr *vr) {
    union {
        uint8_t bytes[LVRM_MAX_EVENT_BYTES];
        struct lvrm_link_event link;
        struct lvrm_neighbour_event neighbour;
    } payload;
    struct lvrm_event_header header;
    while (lvrm_vr_receive_event(vr, &header, &payload)) {
        if (header.kind == LVRM_EVENT_LINK && header.bytes >= sizeof payload.link)
            take_link(&payload.link);
        if (header.kind == LVRM_EVENT_NEIGHBOUR && header.bytes >= sizeof payload.neighbour)
            take_neighbour(&payload.neighbour);
        /* The snapshot is complete: frames may come. */
        if (header.kind == LVRM_EVENT_SYNCHRONISED) lvrm_vr_ready(vr, 0, NULL);
        if (header.kind == LVRM_EVENT_STOP) return false;
    }
    return true;
}

/* Every frame goes back: with its output port set, or with the reason why not. */
static lvrm_frame forward(lvrm_vr *vr, lvrm_frame frame) {
    const struct port *in = find_port(lvrm_frame_input_port(frame));
    if (in == NULL) return lvrm_drop_frame(frame, LVRM_DROP_POLICY);
    const struct port *out = &ports[in == &ports[0]];
    if (out->number == LVRM_NO_PORT) return lvrm_drop_frame(frame, LVRM_DROP_NO_OUTPUT_PORT);
    if (!out->has_neighbour) return lvrm_drop_frame(frame, LVRM_DROP_NO_NEIGHBOUR);
    uint8_t *ethernet = lvrm_frame_data(vr, frame);
    memcpy(ethernet, out->neighbour, 6);
    memcpy(ethernet + 6, out->mac, 6);
    return lvrm_forward(frame, out->number);
}

int main(void) {
    lvrm_vr *vr = lvrm_vr_attach();
    if (vr == NULL) {
        fprintf(stderr, "minimal: %s\n", lvrm_vr_error());
        return 4;
    }
    while (lvrm_vr_alive(vr) && take_events(vr)) {
        lvrm_frame frames[64];
        size_t count = lvrm_vr_receive(vr, frames, 64);
        for (size_t i = 0; i < count; i++) frames[i] = forward(vr, frames[i]);
        if (count > 0)
            lvrm_vr_send(vr, frames, count);
        else
            lvrm_vr_wait(vr, 1000);
    }
    return 0;
}
