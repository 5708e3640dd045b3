
#ifdef __cplusplus
extern "C" {
#endif

/* One frame: a word to be passed on, never kept after it was sent. Read it with the functions
 * below. */
typedef uint64_t lvrm_frame;

/* A link to lvrm. Only these fields are public, and constant. */
typedef struct lvrm_vr {
    uint8_t *arena;
    uint64_t slot_bytes;
    uint64_t arena_bytes;
} lvrm_vr;

/* Attaches to the link that lvrm named in the environment (LVRM_LINK), comparing layout hashes: of
 * this header, of the library and of lvrm. Returns NULL on failure: lvrm_vr_error() says why. Call
 * once. */
lvrm_vr *lvrm_vr_attach_as(uint64_t abi_hash);
static inline lvrm_vr *lvrm_vr_attach(void) { return lvrm_vr_attach_as(LVRM_ABI_HASH); }
const char *lvrm_vr_error(void);

/* LVRM_ABI_HASH of the library. */
uint64_t lvrm_vr_abi_hash(void);

/* Says that this VRI can take frames; call it after the LVRM_EVENT_SYNCHRONISED event. `wants`:
 * LVRM_WANTS_*; `ports`: bitmap of 4 words over port numbers that the wants are about,
 * NULL: all. */
void lvrm_vr_ready(lvrm_vr *vr, uint32_t wants, const uint64_t *ports);

/* False once lvrm is gone. A VR then exits. */
bool lvrm_vr_alive(lvrm_vr *vr);

/* Takes up to `max` frames, 0 when there is none. Serve control events first. */
size_t lvrm_vr_receive(lvrm_vr *vr, lvrm_frame *frames, size_t max);

/* Gives frames back, each with its output port set or a drop reason. Waits while lvrm is behind;
 * returns how many it took: fewer than `count` only when lvrm is gone. */
size_t lvrm_vr_send(lvrm_vr *vr, const lvrm_frame *frames, size_t count);

/* Takes up to `max` empty slots for frames of the VR's own making (ICMP, ARP, fragments). Each has
 * length 0 and the usual headroom; an unused one is kept for later use, not sent. */
size_t lvrm_vr_take_empty(lvrm_vr *vr, lvrm_frame *frames, size_t max);

/* Next control event: payload into `payload` (LVRM_MAX_EVENT_BYTES suffice), header into `header`.
 * Returns false when there is none. */
bool lvrm_vr_receive_event(lvrm_vr *vr, struct lvrm_event_header *header, void *payload);

/* Sends a control event: LVRM_EVENT_NEED_NEIGHBOUR, LVRM_EVENT_RENEW_NEIGHBOUR,
 * LVRM_EVENT_HANDLER_REPLY, or LVRM_EVENT_SIBLINGS to all other VRIs of this VR. Returns 0,
 * -EAGAIN when the queue is full (the receiver's too: an event waits in its sender's queue),
 * -EMSGSIZE when too long. */
int lvrm_vr_send_event(lvrm_vr *vr, uint16_t kind, const void *payload, size_t bytes);

/* This VRI's number, and the only name that its siblings know it by: as the `source` of an event
 * that it sent. Unique while it lives; a later VRI may get it again. */
uint32_t lvrm_vr_number(lvrm_vr *vr);

/* Sends an event of kind LVRM_EVENT_SIBLING to one sibling, whose number came as the `source` of
 * one of its events. It is lost in silence when that VRI is gone; it never leaves the VR. Returns
 * as lvrm_vr_send_event. */
int lvrm_vr_send_sibling(lvrm_vr *vr, uint32_t number, const void *payload, size_t bytes);

/* Waits for frames or events: spins, yields, then sleeps, at most `timeout_ms`. Call it when there
 * was nothing to do. While one thread waits here, another may send frames and events, take empty
 * slots, and ask for lvrm_vr_alive. */
void lvrm_vr_wait(lvrm_vr *vr, uint32_t timeout_ms);

/* Says that this VRI was busy for `ns` nanoseconds more. lvrm takes a VRI for busy from a look that
 * finds frames to one that finds none; from the first call of this on, it goes by what is said here
 * instead: for a VR whose frames take time that it doesn't spend itself. */
void lvrm_vr_add_busy(lvrm_vr *vr, uint64_t ns);

static inline uint32_t lvrm_frame_length(lvrm_frame f) {
    return (uint32_t)(f >> LVRM_LENGTH_SHIFT & LVRM_LENGTH_MASK);
}
static inline uint32_t lvrm_frame_offset(lvrm_frame f) {
    return (uint32_t)(f >> LVRM_OFFSET_SHIFT & LVRM_OFFSET_MASK) * 2;
}
static inline uint32_t lvrm_frame_input_port(lvrm_frame f) {
    return (uint32_t)(f >> LVRM_INPUT_PORT_SHIFT & LVRM_INPUT_PORT_MASK);
}
/* The slot's first byte; the frame may lie anywhere in the slot's slot_bytes bytes. */
static inline uint8_t *lvrm_frame_slot(const lvrm_vr *vr, lvrm_frame f) {
    return vr->arena + (f >> LVRM_SLOT_SHIFT & LVRM_SLOT_MASK) * vr->slot_bytes;
}
/* The frame's first byte: its Ethernet header. */
static inline uint8_t *lvrm_frame_data(const lvrm_vr *vr, lvrm_frame f) {
    return lvrm_frame_slot(vr, f) + lvrm_frame_offset(f);
}
static inline lvrm_frame lvrm_set_length(lvrm_frame f, uint32_t length) {
    return (f & ~(LVRM_LENGTH_MASK << LVRM_LENGTH_SHIFT)) |
        ((uint64_t)length & LVRM_LENGTH_MASK) << LVRM_LENGTH_SHIFT;
}
/* `offset` in bytes, even, at most 510. */
static inline lvrm_frame lvrm_set_offset(lvrm_frame f, uint32_t offset) {
    return (f & ~(LVRM_OFFSET_MASK << LVRM_OFFSET_SHIFT)) |
        ((uint64_t)(offset / 2) & LVRM_OFFSET_MASK) << LVRM_OFFSET_SHIFT;
}
static inline lvrm_frame lvrm_forward(lvrm_frame f, uint32_t port) {
    return (f & ~(LVRM_OUTPUT_MASK << LVRM_OUTPUT_SHIFT |
                  LVRM_DROPPED_MASK << LVRM_DROPPED_SHIFT)) |
           ((uint64_t)port & LVRM_OUTPUT_MASK) << LVRM_OUTPUT_SHIFT;
}
static inline lvrm_frame lvrm_drop_frame(lvrm_frame f, uint32_t reason) {
    return lvrm_forward(f, reason) | UINT64_C(1) << LVRM_DROPPED_SHIFT;
}

#ifdef __cplusplus
}
#endif
#endif
