/* A VR of our own for the end-to-end tests: answers every ping by itself. */
#include "mirror.h"

#include <stdio.h>

int main(int argc, char **argv) {
    lvrm_vr *vr = lvrm_vr_attach();
    if (vr == NULL) {
        fprintf(stderr, "mirror: %s\n", lvrm_vr_error());
        return 1;
    }
    /* Its words, so that a test sees how ROUTER was split. */
    for (int i = 1; i < argc; i++) fprintf(stderr, "mirror word %d: [%s]\n", i, argv[i]);
    while (lvrm_vr_alive(vr) && serve_events(vr)) {
        lvrm_frame frames[64];
        size_t count = lvrm_vr_receive(vr, frames, 64);
        if (count == 0) {
            lvrm_vr_wait(vr, 100);
            continue;
        }
        for (size_t i = 0; i < count; i++) frames[i] = mirror(vr, frames[i]);
        lvrm_vr_send(vr, frames, count);
    }
    return 0;
}
