/* A VR that breaks the rules: behaves as the mirror for COUNT frames, then does MODE once or for
 * ever. lvrm must end it, name the reason, and let nobody else notice.
 *
 *     hostile MODE [COUNT [FILE]]
 *
 * exits: at once.  unattached: never attaches.  silent: attaches, never says ready.  deaf: ignores
 * stop.  crash, exit: ends.  hang: stays but never looks again.  flood: sends malformed events.
 * event: sends one of a kind that only lvrm sends.  self: sends an event to itself.
 * spam: goes on, but sends well-formed events without end, to siblings and to lvrm.
 * index:N: writes garbage into the indices of the queue whose offset lies N bytes into the link.
 * hoard: takes every frame and every empty slot, and gives none back.
 * slot, owner, length, short, offset, port, flags, zero, reason, twice: returns a descriptor that
 * no VR may return.
 * With FILE only while FILE exists, as it starts; else it is a good mirror. */
#include "mirror.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <unistd.h>

static const char *mode = "crash";

static bool is(const char *name) { return strcmp(mode, name) == 0; }

static lvrm_frame spoil(lvrm_frame frame) {
    const lvrm_frame slot = LVRM_SLOT_MASK << LVRM_SLOT_SHIFT;
    if (is("slot")) return frame | slot;
    /* One of the last is nobody's yet; one nearby may be an empty slot of our own. */
    if (is("owner")) return (frame & ~slot) | UINT64_C(8000) << LVRM_SLOT_SHIFT;
    if (is("length")) return lvrm_set_length(frame, LVRM_MAX_FRAME_BYTES);
    if (is("short")) return lvrm_set_length(frame, 13);
    if (is("offset")) return lvrm_set_offset(lvrm_set_length(frame, 1603), 510);
    if (is("port")) return lvrm_forward(frame, 200);
    if (is("flags")) return frame | LVRM_RESERVED_MASK << LVRM_RESERVED_SHIFT;
    if (is("zero")) return 0;
    if (is("reason")) return lvrm_drop_frame(frame, 250);
    return frame;
}

/* Both indices of a queue, each in a line of 128 bytes of its own at the queue's start. */
static void spoil_indices(unsigned long offset_at) {
    uint8_t *link = shmat(atoi(getenv("LVRM_LINK")), NULL, 0);
    if (link == (void *)-1) exit(8);
    uint32_t queue;
    memcpy(&queue, link + offset_at, sizeof queue);
    for (int line = 0; line < 2; line++)
        *(volatile uint32_t *)(link + queue + 128 * line) += UINT32_C(0x40000004);
}

static void hoard(lvrm_vr *vr) {
    lvrm_frame frames[64];
    while (lvrm_vr_alive(vr) && serve_events(vr)) {
        while (lvrm_vr_take_empty(vr, frames, 64) > 0) {}
        if (lvrm_vr_receive(vr, frames, 64) == 0) lvrm_vr_wait(vr, 100);
    }
    exit(0);
}

/* As many events as lvrm takes: none of them breaks a rule. */
static void spam(lvrm_vr *vr) {
    static uint8_t large[LVRM_MAX_EVENT_BYTES];
    static struct lvrm_neighbour_request request = {.family = 4, .address = {10, 0, 1}};
    for (int i = 0; i < 256; i++) {
        request.address[3] = (uint8_t)i;
        lvrm_vr_send_event(vr, LVRM_EVENT_NEED_NEIGHBOUR, &request, sizeof request);
        if (i % 8 == 0) lvrm_vr_send_event(vr, LVRM_EVENT_SIBLINGS, large, sizeof large);
    }
}

static void misbehave(lvrm_vr *vr, lvrm_frame frame) {
    if (is("crash")) abort();
    if (is("exit")) exit(7);
    if (is("hang"))
        for (;;) pause();
    if (is("flood"))
        for (int i = 0; i < 1000000; i++) lvrm_vr_send_event(vr, 999, "flood", 5);
    if (is("event")) lvrm_vr_send_event(vr, LVRM_EVENT_ROUTE, "event", 5);
    if (is("self")) lvrm_vr_send_sibling(vr, lvrm_vr_number(vr), "self", 4);
    if (strncmp(mode, "index:", 6) == 0) {
        spoil_indices(strtoul(mode + 6, NULL, 10));
        while (lvrm_vr_alive(vr)) lvrm_vr_wait(vr, 100); /* a send would put it right again */
    }
    if (is("hoard")) hoard(vr);
    lvrm_frame spoilt = spoil(frame);
    lvrm_frame both[2] = {spoilt, spoilt};
    lvrm_vr_send(vr, both, is("twice") ? 2 : 1);
}

int main(int argc, char **argv) {
    if (argc > 1) mode = argv[1];
    unsigned long left = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc > 3 && access(argv[3], F_OK) != 0) mode = "good";
    if (is("good")) left = ULONG_MAX;
    if (is("exits")) return 3;
    if (is("unattached"))
        for (;;) pause();
    lvrm_vr *vr = lvrm_vr_attach();
    if (vr == NULL) return 1;
    if (is("silent"))
        for (;;) pause();
    if (is("deaf")) signal(SIGTERM, SIG_IGN);
    while (lvrm_vr_alive(vr)) {
        if (!serve_events(vr) && !is("deaf")) break;
        if (is("spam") && left == 0) spam(vr);
        lvrm_frame frame;
        if (lvrm_vr_receive(vr, &frame, 1) == 0) {
            if (!is("spam") || left > 0) lvrm_vr_wait(vr, 100);
            continue;
        }
        lvrm_frame answer = mirror(vr, frame);
        if (left > 0 || is("deaf") || is("spam")) {
            lvrm_vr_send(vr, &answer, 1);
            left -= left > 0;
        } else misbehave(vr, answer);
    }
    return 0;
}
