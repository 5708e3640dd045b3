/* A VR that breaks the rules: behaves as the mirror for COUNT frames, then does MODE once or for
 * ever. lvrm must end it, name the reason, and let nobody else notice.
 *
 *     hostile MODE [COUNT [FILE]]
 *
 * exits: at once.  unattached: never attaches.  silent: attaches, never says ready.  deaf: ignores
 * stop.  crash, exit: ends.  hang: stays but never looks again.  flood: sends malformed events.
 * slot, owner, length, short, offset, port, flags, zero, reason, twice: returns a descriptor that
 * no VR may return.  With FILE only while FILE exists, as it starts; else it is a good mirror. */
#include "mirror.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *mode = "crash";

static bool is(const char *name) { return strcmp(mode, name) == 0; }

static lvrm_frame spoil(lvrm_frame frame) {
    const lvrm_frame slot = LVRM_SLOT_MASK << LVRM_SLOT_SHIFT;
    if (is("slot")) return frame | slot;
    if (is("owner")) return frame ^ (UINT64_C(1) << LVRM_SLOT_SHIFT);
    if (is("length")) return lvrm_set_length(frame, LVRM_MAX_FRAME_BYTES);
    if (is("short")) return lvrm_set_length(frame, 13);
    if (is("offset")) return lvrm_set_offset(lvrm_set_length(frame, 1600), 510);
    if (is("port")) return lvrm_forward(frame, 200);
    if (is("flags")) return frame | LVRM_RESERVED_MASK << LVRM_RESERVED_SHIFT;
    if (is("zero")) return 0;
    if (is("reason")) return lvrm_drop_frame(frame, 250);
    return frame;
}

static void misbehave(lvrm_vr *vr, lvrm_frame frame) {
    if (is("crash")) abort();
    if (is("exit")) exit(7);
    if (is("hang"))
        for (;;) pause();
    if (is("flood"))
        for (int i = 0; i < 1000000; i++) lvrm_vr_send_event(vr, 999, "flood", 5);
    lvrm_frame spoilt = spoil(frame);
    lvrm_vr_send(vr, &spoilt, 1);
    if (is("twice")) lvrm_vr_send(vr, &spoilt, 1);
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
        lvrm_frame frame;
        if (lvrm_vr_receive(vr, &frame, 1) == 0) {
            lvrm_vr_wait(vr, 100);
            continue;
        }
        lvrm_frame answer = mirror(vr, frame);
        if (left > 0 || is("deaf")) {
            lvrm_vr_send(vr, &answer, 1);
            left -= left > 0;
        } else misbehave(vr, frame);
    }
    return 0;
}
