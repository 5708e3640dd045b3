/* A VR with handlers, as docs/writing-a-vr.md says: `frames` (a count), `text` (read and written)
 * and `hotconfig`, which is taken when it starts with "good". It answers pings, as mirror.h does.
 *
 * With a word it breaks the rules of answering, which are lvrm's to bear: `silent`, `parts` (that
 * don't fit together), `strangers` (answers to what nobody asked, without end), `long` (more than
 * it may), `dies` (when it is asked). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "mirror.h"

static const char *mode = "";
static uint64_t frames;
static char text[LVRM_MAX_HANDLER_BYTES + 1] = "unset";
static char configuration[LVRM_MAX_HANDLER_BYTES + 1], prepared[LVRM_MAX_HANDLER_BYTES + 1];

static void send_part(lvrm_vr *vr, struct lvrm_handler_event head, const char *from, size_t bytes) {
    char payload[LVRM_MAX_EVENT_BYTES];
    memcpy(payload, &head, sizeof head);
    memcpy(payload + sizeof head, from, bytes);
    while (lvrm_vr_send_event(vr, LVRM_EVENT_HANDLER_REPLY, payload, sizeof head + bytes) ==
           -EAGAIN) {
        if (!lvrm_vr_alive(vr)) exit(0);
        lvrm_vr_wait(vr, 1);
    }
}

static void reply(lvrm_vr *vr, uint32_t request, uint8_t status, const char *said) {
    const size_t total = strlen(said);
    const size_t most = LVRM_MAX_EVENT_BYTES - sizeof(struct lvrm_handler_event);
    size_t offset = 0;
    do {
        const size_t bytes = total - offset < most ? total - offset : most;
        const struct lvrm_handler_event head = {
            .request = request, .total_bytes = (uint32_t)total, .offset = (uint32_t)offset,
            .code = status};
        send_part(vr, head, said + offset, bytes);
        offset += bytes;
    } while (offset < total);
}

/* Breaks the rules; false where the mode has none. */
static bool misbehave(lvrm_vr *vr, uint32_t request) {
    static char junk[4000];
    struct lvrm_handler_event head = {.request = request, .total_bytes = 8000};
    if (!strcmp(mode, "silent")) return true;
    if (!strcmp(mode, "dies")) abort();
    if (!strcmp(mode, "parts")) {
        send_part(vr, head, junk, sizeof junk);
        head.offset = 100;
        send_part(vr, head, junk, sizeof junk);
        return true;
    }
    if (!strcmp(mode, "long")) {
        head.total_bytes = LVRM_MAX_HANDLER_BYTES + 1;
        send_part(vr, head, junk, sizeof junk);
        return true;
    }
    return false;
}

static void answer(lvrm_vr *vr, const struct lvrm_handler_event *head, const char *name,
                   const char *value) {
    static char said[64];
    const uint32_t request = head->request;
    if (head->code == LVRM_HANDLER_ADOPT) {
        strcpy(configuration, value);
        return;
    }
    if (misbehave(vr, request)) return;
    if (head->code == LVRM_HANDLER_LIST && !*name)
        return reply(vr, request, LVRM_HANDLER_STATUS_OK, "frames\tr\ntext\trw\nhotconfig\trw\n");
    if (head->code == LVRM_HANDLER_READ && !strcmp(name, "frames")) {
        snprintf(said, sizeof said, "%llu", (unsigned long long)frames);
        return reply(vr, request, LVRM_HANDLER_STATUS_COUNT, said);
    }
    if (head->code == LVRM_HANDLER_READ && !strcmp(name, "text"))
        return reply(vr, request, LVRM_HANDLER_STATUS_OK, text);
    if (head->code == LVRM_HANDLER_READ && !strcmp(name, "hotconfig"))
        return reply(vr, request, LVRM_HANDLER_STATUS_OK, configuration);
    if (head->code == LVRM_HANDLER_WRITE && !strcmp(name, "text")) {
        strcpy(text, value);
        return reply(vr, request, LVRM_HANDLER_STATUS_OK, "");
    }
    if (head->code == LVRM_HANDLER_PREPARE && !strncmp(value, "good", 4)) {
        strcpy(prepared, value);
        return reply(vr, request, LVRM_HANDLER_STATUS_OK, "");
    }
    if (head->code == LVRM_HANDLER_PREPARE)
        return reply(vr, request, LVRM_HANDLER_STATUS_FAILED, "this is not good");
    if (head->code == LVRM_HANDLER_COMMIT) strcpy(configuration, prepared);
    if (head->code == LVRM_HANDLER_COMMIT || head->code == LVRM_HANDLER_ABORT)
        return reply(vr, request, LVRM_HANDLER_STATUS_OK, "");
    reply(vr, request, LVRM_HANDLER_STATUS_FAILED, "there is no such handler");
}

/* Puts the parts of a request together. What lvrm says is so: no checks. */
static void take_request(lvrm_vr *vr, const uint8_t *payload, size_t bytes) {
    static char whole[LVRM_MAX_HANDLER_BYTES + 1], name[1025];
    struct lvrm_handler_event head;
    memcpy(&head, payload, sizeof head);
    memcpy(whole + head.offset, payload + sizeof head, bytes - sizeof head);
    if (head.offset + (bytes - sizeof head) < head.total_bytes) return;
    whole[head.total_bytes] = 0;
    memcpy(name, whole, head.name_bytes);
    name[head.name_bytes] = 0;
    answer(vr, &head, name, whole + head.name_bytes);
}

static bool take_events(lvrm_vr *vr) {
    static uint8_t payload[LVRM_MAX_EVENT_BYTES];
    struct lvrm_event_header header;
    while (lvrm_vr_receive_event(vr, &header, payload)) {
        if (header.kind == LVRM_EVENT_SYNCHRONISED)
            lvrm_vr_ready(vr, LVRM_WANTS_HANDLER_REQUESTS, NULL);
        if (header.kind == LVRM_EVENT_HANDLER_REQUEST) take_request(vr, payload, header.bytes);
        if (header.kind == LVRM_EVENT_STOP) return false;
    }
    return true;
}

int main(int argc, char **argv) {
    lvrm_vr *vr = lvrm_vr_attach();
    if (!vr) return fprintf(stderr, "handlers: %s\n", lvrm_vr_error()), 4;
    if (argc > 1) mode = argv[1];
    const bool floods = !strcmp(mode, "strangers");
    while (lvrm_vr_alive(vr) && take_events(vr)) {
        lvrm_frame batch[64];
        const size_t count = lvrm_vr_receive(vr, batch, 64);
        for (size_t i = 0; i < count; i++) batch[i] = mirror(vr, batch[i]);
        frames += count;
        if (floods) {
            const struct lvrm_handler_event head = {.request = (uint32_t)rand(),
                                                    .total_bytes = 4000};
            char payload[4016] = {0};
            memcpy(payload, &head, sizeof head);
            lvrm_vr_send_event(vr, LVRM_EVENT_HANDLER_REPLY, payload, sizeof payload);
        }
        if (count > 0)
            lvrm_vr_send(vr, batch, count);
        else if (!floods)
            lvrm_vr_wait(vr, 1000);
    }
    return 0;
}
