//! What crosses a boundary: every struct, limit and constant that two of {TypeScript, dispatcher,
//! VRI} share. This file is the only source: `zig build abi` prints `ffi/abi.gen.ts` and
//! `vrs/include/lvrm_vr.h` from it, and `hash` (over names, offsets, sizes and variant names) is
//! compared when the library is loaded and when a VRI attaches.
//!
//! Who writes what is said at each struct. Whatever a VRI can write is input to the dispatcher.
const std = @import("std");

pub const magic: u64 = 0x314d_5256_4c4d_5256; // "VRMLVRM1"
pub const version = "0.1.0";

// Limits. All arrays that these bound are fixed at start; the frame path never allocates.
pub const max_ports = 255; // port numbers 0..254; 255 means "no port"
pub const no_port = 255;
pub const max_vrs = 1024;
pub const max_vris = 4096;
pub const max_dispatchers = 16;
pub const max_slots = 1 << 22;
pub const max_frame_bytes = (1 << 14) - 1;
pub const max_event_bytes = 4096; // payload of one control event
pub const max_announcements = 16; // at once
pub const max_handler_bytes = 1 << 20; // of one handler's name and value, or of what it says
pub const max_next_hops = 64; // per route event
pub const cache_line_bytes = 128; // two lines: the adjacent-line prefetcher pairs them
pub const no_vlan: u16 = 0xffff; // PortConfig.vlan of an untagged port
pub const interface_name_bytes = 16; // IFNAMSIZ

/// Where a captured frame starts in its slot: room for encapsulation before it, and the IP header
/// (14 bytes later) 16-byte aligned; a 60-byte frame then lies in one cache line.
pub const headroom_bytes = 66;

/// Slots, and those of arenas for jumbo frames: one line more than a power of two, so that the
/// headers of many frames spread over all sets of the caches, not over a few that they fight for.
pub const slot_bytes = 2048 + 64;
pub const jumbo_slot_bytes = 16384 + 64;

/// One frame on its way: the word that travels through data queues. Never zero, since `present`
/// is always set (FastForward takes zero for "empty"). Every field is validated on return.
pub const Descriptor = packed struct(u64) {
    slot: u22,
    length: u14, // bytes
    offset: u8, // where the frame starts in its slot, in 2-byte units
    input_port: u8,
    output: u8, // output port, or the Drop reason where `dropped`
    present: bool = true,
    dropped: bool = false,
    reserved: u2 = 0,
};

/// Why a frame went no further: one name for each, counted once per frame, by the dispatcher.
pub const Drop = enum(u8) {
    // The dispatcher's own.
    no_vri = 0, // its VR has no VRI that takes frames
    queue_full = 1, // the chosen VRI's incoming data queue is full
    arena_full = 2, // no free slot in the VR's arena
    too_long = 3, // longer than a slot
    truncated = 4, // the capture did not hold all of it
    bad_segment = 5, // a super-frame whose offload header makes no sense
    send_full = 6, // the output port's transmit queue stayed full
    send_failed = 7, // the output port refused it (down, gone)
    vri_died = 8, // it was in the hands of a VRI that ended
    quarantined = 9, // it was in the hands of a VRI that broke the rules
    vr_removed = 10, // its VR was taken away
    // A router's reasons (RFC 1812, RFC 4443); any VR may use them.
    bad_header = 32, // version, header length or total length (RFC 1812 5.2.2)
    bad_checksum = 33, // IPv4 header checksum
    ttl_expired = 34,
    no_route = 35,
    blackhole = 36,
    unreachable_route = 37, // an unreachable route
    prohibited = 38, // a prohibit route
    too_big = 39, // does not fit the link and may not be fragmented
    no_neighbour = 40, // the next hop did not answer
    neighbour_queue_full = 41, // too many frames already wait for this next hop
    bad_source = 42, // martian source (RFC 1812 5.3.7)
    bad_destination = 43, // martian destination
    reverse_path = 44, // rp_filter
    source_route = 45, // IPv4 source-route option
    link_down = 46,
    no_output_port = 47, // the route leads out of an interface that is no port of lvrm
    no_empty_slot = 48, // no empty slot to make fragments in
    not_ip = 49, // not a protocol this router forwards
    policy = 50, // a VR's own rule
    other = 51,
    _,
};

/// Why a VRI was quarantined: it wrote something that no VRI may write.
pub const Violation = enum(u8) {
    none = 0,
    bad_slot = 1, // out of range
    not_owner = 2, // a slot that this VRI doesn't hold
    bad_length = 3, // frame does not lie within its slot, or shorter than an Ethernet header
    bad_port = 4, // output port that does not exist or is not permitted to this VR
    bad_flags = 5, // reserved bits set, or not present
    bad_reason = 6, // unknown drop reason
    bad_index = 7, // queue index outside of the queue
    bad_event = 8, // malformed or over-long control event
    _,
};

/// State of a VRI as a plan gives it to the dispatcher.
pub const VriState = enum(u32) {
    attaching = 0, // control events only
    running = 1, // gets frames
    draining = 2, // no new frames; what it holds is collected
    dead = 3, // reaped: collect its output, dispatch its untaken input again, reclaim the rest
};

/// Bits of `VriWords.wants`: what a VR asks of lvrm when it says it is ready.
pub const wants_neighbour_frames: u32 = 1; // copies of ARP and ND frames from its wanted ports
pub const wants_promiscuous: u32 = 2; // other hosts' frames too, from its wanted ports
pub const wants_handler_requests: u32 = 4; // it has handlers; of no port

/// How many times, at most, an idle reader looks again before it yields, and yields before it
/// sleeps. Follows from placement and comes with the plan; within it, each reader learns how long
/// waiting pays (`patience.zig`).
pub const Idle = extern struct { spins: u32, yields: u32 };

/// Times that one spin and one yield stand for, roughly: a pause instruction with the look that
/// follows, and a system call.
pub const spin_ns = 60;
pub const yield_ns = 500;

/// First bytes of a link segment: one per VRI, mapped by the dispatcher and that VRI.
pub const Link = extern struct {
    // Constant after creation; written by the library before the VRI starts.
    magic: u64,
    abi_hash: u64,
    bytes: u64, // of this segment
    arena_bytes: u64,
    arena_shmid: i32,
    slot_bytes: u32,
    slot_count: u32,
    vr: u32,
    vri: u32,
    queue: u32, // index into the manifest's queues
    queue_capacity: u32, // descriptors; data queues; a power of two
    free_capacity: u32, // descriptors; the `free` queue
    control_capacity: u32, // bytes; control queues; a power of two
    control_in_offset: u32, // byte offsets in this segment, here and in `Lane`
    control_out_offset: u32,
    lanes_offset: u32, // of as many Lanes as there are dispatchers
    lanes: u32,
    lane_slots: u32, // slots of the arena that are each lane's; the first ones are lane 0's
    monitor_pid: u32,
    reserved: u32 = 0,

    // Written by the VRI; by dispatchers only to clear `sleeping` as they wake it.
    parking: ParkingWords align(cache_line_bytes),
    // Written by the VRI.
    vri_words: VriWords align(cache_line_bytes),
};

/// What one dispatcher and the VRI share beside the link's common part: frames come and go through
/// these queues, and those of a lane go back by it. Control events take lane 0's dispatcher.
pub const Lane = extern struct {
    // Constant after creation.
    wake_fd: i32, // eventfd that the VRI inherited, to wake the dispatcher
    data_in_offset: u32,
    data_out_offset: u32,
    free_offset: u32,

    // Written by the dispatcher.
    monitor: MonitorWords align(cache_line_bytes),
};

pub const MonitorWords = extern struct {
    beat: u64, // moves at least every 100 ms while the dispatcher lives
    sleeping: u32, // dispatcher is about to sleep: whoever publishes writes to `wake_fd`
    idle: Idle,
    busy_poll: u32 = 0, // 1: never sleep, only spin and yield
    events_wait: u32 = 0, // 1: events wait for room in control-in: to take one wakes the dispatcher
    reserved: u32 = 0,
};

pub const ParkingWords = extern struct {
    sleeping: u32, // futex word: 1 while the VRI sleeps or is about to
    roused: u32 = 0, // grows when lvrm wakes a standby that frames will come for soon
};

pub const VriWords = extern struct {
    beat: u64, // moves at least every 100 ms while the VRI lives
    attached: u32, // 1 once the hash was compared and the segments are mapped
    ready: u32, // 1 once it has taken its route snapshot and can take frames
    wants: u32,
    pid: u32,
    wanted_ports: [4]u64, // bitmap over port numbers
    frames: u64, // descriptors taken in
    batches: u64,
    sleeps: u64,
    busy_ns: u64, // with frames
};

// ---- Control events -------------------------------------------------------------------------

/// Precedes every record of a control queue. Records are padded to 8 bytes.
pub const EventHeader = extern struct {
    bytes: u16, // of the payload, 0..max_event_bytes
    kind: u16, // EventKind
    /// As received: the VRI that sent it, 0xffffffff = lvrm itself; filled in by the dispatcher. As
    /// sent by a VRI: the sibling that a `sibling` event is for, else not looked at.
    source: u32,
};

pub const EventKind = enum(u16) {
    // From lvrm to a VRI.
    link = 1,
    address = 2,
    route = 3,
    neighbour = 4,
    synchronised = 5, // the snapshot is complete: say ready. Comes again after a resynchronisation
    stop = 6, // finish what you hold, then exit 0
    flush = 7, // forget routes, addresses, neighbours and links: a fresh snapshot follows
    handler_request = 8, // payload HandlerEvent and text: to a VRI that wants them
    // From a VRI to lvrm.
    need_neighbour = 16, // payload NeighbourRequest: resolve it
    renew_neighbour = 17, // payload NeighbourRequest: in use, keep it fresh (NTF_USE)
    handler_reply = 18, // payload HandlerEvent and text
    // Between VRIs of one VR.
    siblings = 32, // opaque payload to all siblings
    sibling = 33, // opaque payload to the one sibling whose number `source` names
    _,
};

pub const LinkEvent = extern struct {
    port: u8,
    up: u8, // administratively up and with carrier
    removed: u8,
    rp_filter: u8, // 0 none, 1 strict, 2 loose (RFC 3704), as the gateway's sysctl says
    mtu: u32,
    ifindex: u32,
    vlan: u16, // tag that the port stands for, or no_vlan. A VR sees its frames without the tag
    mac: [6]u8,
    name: [interface_name_bytes]u8, // zero-terminated
};

pub const AddressEvent = extern struct {
    port: u8,
    family: u8, // 4 or 6
    prefix_length: u8,
    removed: u8,
    reserved: u32 = 0,
    address: [16]u8, // IPv4: the first four bytes
};

pub const RouteKind = enum(u8) {
    unicast = 1,
    local = 2,
    blackhole = 6,
    @"unreachable" = 7,
    prohibit = 8,
    _,
};

/// Followed by `next_hops` times NextHop. One event per prefix: the best route only, and a later
/// event for the same prefix replaces it.
pub const RouteEvent = extern struct {
    family: u8,
    prefix_length: u8,
    removed: u8,
    kind: u8, // RouteKind
    next_hops: u8,
    reserved: [3]u8 = @splat(0),
    mtu: u32, // of the route, 0 = the link's
    reserved2: u32 = 0,
    prefix: [16]u8,
};

pub const NextHop = extern struct {
    port: u8, // no_port: leads out of an interface that is no port of lvrm
    family: u8, // of the gateway: 4, 6, or 0 = the destination is on the link
    weight: u16, // 1..256
    reserved: u32 = 0,
    gateway: [16]u8,
};

pub const NeighbourEvent = extern struct {
    port: u8,
    family: u8,
    removed: u8, // or failed: not usable
    stale: u8, // usable, but the kernel is not sure of it: renew when used
    reserved: u16 = 0,
    mac: [6]u8,
    address: [16]u8,
};

pub const NeighbourRequest = extern struct {
    port: u8,
    family: u8,
    reserved: [6]u8 = @splat(0),
    address: [16]u8,
};

/// What a handler request asks for.
pub const HandlerOperation = enum(u8) {
    list = 1, // a line "NAME<tab>FLAGS[<tab>CLASS]" for each handler; of one element when named
    read = 2,
    write = 3,
    // A write to all VRIs of a VR or to none, in two steps. `write` then means both at once.
    prepare = 4, // check the value, and keep what follows from it; change nothing
    commit = 5, // what was prepared last takes effect
    abort = 6, // what was prepared last is forgotten
    adopt = 7, // prepare and commit: what the others have by now. No reply; who can't, exits
    _,
};

pub const HandlerStatus = enum(u8) {
    ok = 0,
    failed = 1, // the text says why
    count = 2, // ok, and the text is a number that may be added to that of other VRIs
    _,
};

/// Head of a part of a request or of its reply; `bytes` of the event's header say how long the part
/// is. The text of a request is the handler's name, then the value. Parts of one text follow each
/// other without parts of another in between.
pub const HandlerEvent = extern struct {
    request: u32, // chosen by lvrm; its reply repeats it
    total_bytes: u32, // of the whole text, 0..max_handler_bytes
    offset: u32, // of this part in it
    name_bytes: u16, // of a request: the handler's name
    code: u8, // HandlerOperation in a request, HandlerStatus in a reply
    reserved: u8 = 0,
};

// ---- Across the FFI -------------------------------------------------------------------------

pub const StartConfig = extern struct {
    cores: [max_dispatchers]i32, // to pin each dispatcher on; -1: leave it to the kernel
    dispatchers: u32 = 1,
    idle: Idle,
    busy_poll: u32, // 1: neither dispatchers nor any VRI ever sleep
};

pub const PortConfig = extern struct {
    port: u32,
    adapter: u32, // index into the manifest's adapters
    ifindex: u32,
    vlan: u16,
    mac: [6]u8,
    mtu: u32,
    receive_buffer_bytes: u32, // 0: the default
    name: [interface_name_bytes]u8,
    // Of the adapters `memory` and `pcap`; zero for the others.
    trace: u32, // number of the trace, plus one; 0: none
    frame_limit: u64, // frames to hand out; 0: no end
    rate_fps: u32, // 0: as fast as they are taken
    window_frames: u32, // on their way through the gateway at most; 0: no such bound
    trace_flags: u32, // trace_replay and so on
    capture: u32, // number of the capture, plus one: of the adapter `pcap`
    // Filled in by the library: each dispatcher opens the port for itself.
    dispatcher: u32 = 0,
    dispatchers: u32 = 1,
    fanout: u32 = 0, // that dispatcher 0's sockets have founded; 0: none
    zero_copy: u32 = 0, // 1: a driver may put all frames into the arena, the kernel's too
};

/// Bits of `PortConfig.trace_flags`.
pub const trace_replay: u32 = 1; // the port receives the trace's frames
pub const trace_record: u32 = 2; // the stamps of what the port sends are read
pub const trace_stamp: u32 = 4; // each frame's last 8 bytes tell when it was handed out
pub const trace_own_mac: u32 = 8; // unicast to the port's own MAC is for it; else all unicast is
pub const trace_zero_copy: u32 = 16; // its frames are put into their VRs' arenas beforehand

/// Frames to generate: `frames` of them, whose sizes come in turn. Flow n (frame number modulo
/// `flows`) comes from subnet n mod `sources` and goes to subnet 7919 n mod `destinations`, of
/// consecutive subnets from the address given on.
pub const TraceSpec = extern struct {
    frames: u32, // 0: an empty trace, for lvrm_trace_append
    size_count: u32,
    sizes: [16]u16, // bytes as captured, without check sequence
    flows: u32,
    family: u32, // 4 or 6
    source: [16]u8, // of the first subnet; IPv4: the first four bytes
    destination: [16]u8,
    sources: u32,
    source_length: u32, // bits
    destinations: u32,
    destination_length: u32,
    source_mac: [6]u8,
    destination_mac: [6]u8,
    reserved: u32 = 0,
};

/// A capture file that an offline run writes, and the timing of what it reads.
pub const CaptureConfig = extern struct {
    format: u32, // CaptureFormat
    nanoseconds: u32, // 1: times in nanoseconds; 0: in microseconds
    interfaces: u32, // ports of the run: interfaces of a pcapng file, pcap0, pcap1, …
    speed_permille: u32, // of the captured timing; 0: as fast as frames are taken
};

pub const CaptureFormat = enum(u32) { pcap = 0, pcapng = 1 };

/// What became of a capture file.
pub const CaptureReport = extern struct {
    written_frames: u64 = 0,
    written_bytes: u64 = 0,
    lost_frames: u64 = 0, // counted as sent, but not written
    errno: u64 = 0, // of the first write that failed
    finished: u64 = 0, // 1: the writer has ended
};

/// Latencies that a trace's recording ports saw, in picoseconds.
pub const LatencyReport = extern struct {
    frames: u64 = 0,
    mean_ps: u64 = 0,
    p50_ps: u64 = 0,
    p99_ps: u64 = 0,
    p999_ps: u64 = 0,
    max_ps: u64 = 0,
    clock_ps: u64 = 0, // that one reading of the clock takes
};

pub const VrConfig = extern struct {
    vr: u32,
    slot_bytes: u32, // abi.slot_bytes or jumbo_slot_bytes
    slot_count: u32,
    balancer: u32, // index into the manifest's balancers
    by_frame: u32, // 1: frame-based balancing, as in the paper's experiments; 0: flow-based
    flow_count: u32, // places of the flow table: a power of two
    flow_idle_ms: u32, // how long a flow must be silent before it may move, or lose its place
    load_estimator: u32, // index into the manifest's load estimators
    load_weight: u32, // of a new observation, in 1/256: 1..256
    resident_count: u32 = 0, // slots beside `slot_count`, for frames that stay in the arena
    kernel_count: u32 = 0, // and for rings out of which the kernel fills them (`af_xdp`)
};

pub const VriConfig = extern struct {
    vri: u32,
    vr: u32,
    queue: u32,
    queue_capacity: u32,
    free_capacity: u32,
    control_capacity: u32,
};

pub const VriCreated = extern struct {
    link_shmid: i32, // for the VRI's environment, LVRM_LINK
    wake_fds: [max_dispatchers]i32, // to be inherited by the VRI; -1: none
};

/// A plan: this header, then PlanPort, PlanVr, PlanVri, PlanPrefix (served), PlanPrefix (local).
pub const PlanHeader = extern struct {
    ports: u32,
    vrs: u32,
    vris: u32,
    served: u32,
    local: u32, // destinations that are the gateway's own: never served
    reserved: u32 = 0,
};

pub const PlanPort = extern struct { port: u32, promiscuous: u32 };

pub const PlanVr = extern struct {
    vr: u32,
    wants: u32, // as its VRIs said
    wanted_ports: [4]u64,
    permitted_ports: [4]u64, // that its VRIs may send to
};

pub const PlanVri = extern struct {
    vri: u32,
    state: u32, // VriState
    idle: Idle,
    decided_ns: u64, // when the control plane chose this state, by CLOCK_MONOTONIC
    pid: i32, // of its process, a child of lvrm's that the dispatcher may move; 0: none
    reserved: u32 = 0,
};

/// A VRI that runs from now on, or leaves, ahead of the plan that says so.
pub const Announcement = extern struct {
    vri: u32,
    state: u32, // VriState
    decided_ns: u64, // as in PlanVri
};

pub const PlanPrefix = extern struct {
    address: [16]u8,
    family: u8,
    length: u8,
    reserved: u16 = 0,
    vr: u32, // of served prefixes
};

// ---- Counters: written by the dispatcher only, read by TypeScript from the snapshot ----------

pub const Totals = extern struct {
    received_frames: u64 = 0,
    originated_frames: u64 = 0,
    replicated_frames: u64 = 0,
    sent_frames: u64 = 0,
    dropped_frames: u64 = 0,
    kept_frames: u64 = 0,
    in_flight_frames: u64 = 0, // from slot owners
    received_bytes: u64 = 0,
    sent_bytes: u64 = 0,
    passes: u64 = 0,
    sleeps: u64 = 0,
    events_lost: u64 = 0, // `sibling` events whose VRI was not (or no longer) there
    batches: [batch_buckets]u64 = @splat(0), // received from ports, by frames (`batchBucket`)
    drops: [64]u64 = @splat(0), // by Drop

    /// Frames that have entered and not ended: exact between passes.
    pub fn underway(t: *const Totals) u64 {
        const entered = t.received_frames + t.originated_frames + t.replicated_frames;
        return entered -% t.sent_frames -% t.dropped_frames -% t.kept_frames;
    }
};

pub const PortCounters = extern struct {
    received_frames: u64 = 0,
    received_bytes: u64 = 0,
    missed_frames: u64 = 0, // lost by the kernel before us
    sent_frames: u64 = 0,
    sent_bytes: u64 = 0,
    kept_frames: u64 = 0,
    send_dropped_frames: u64 = 0,
    receive_errors: u64 = 0,
    uncopied_frames: u64 = 0, // of the received ones: they lay in their VR's arena already
    starved_frames: u64 = 0, // of the missed ones: the arena had no slot to receive into
    ended: u64 = 0, // 1: no more will be received (a trace that is through)
};

pub const VrCounters = extern struct {
    received_frames: u64 = 0,
    originated_frames: u64 = 0,
    replicated_frames: u64 = 0,
    sent_frames: u64 = 0,
    dropped_frames: u64 = 0,
    in_flight_frames: u64 = 0,
    received_bytes: u64 = 0,
    sent_bytes: u64 = 0,
    free_slots: u64 = 0,
    kernel_slots: u64 = 0, // in the kernel's hands: to be filled, or on their way out
    shared_flows: u64 = 0, // new flows that found the table full and joined another
    arrival_rate_millifps: u64 = 0, // moving average of received frames, per 1000 s
    arrival_rate_bps: u64 = 0, // the same of received bytes, per second
    arena_pages: u64 = 0, // ArenaPages
    drops: [64]u64 = @splat(0),
};

pub const VriCounters = extern struct {
    received_frames: u64 = 0, // handed to it
    sent_frames: u64 = 0, // that it forwarded and that left by a port
    dropped_frames: u64 = 0, // by its own decision, or lost with it
    originated_frames: u64 = 0,
    queue_frames: u64 = 0, // in its incoming data queue
    load: u64 = 0, // estimate, in its VR's estimator's unit
    in_flight_frames: u64 = 0, // slots with frames that it holds
    beat_age_ns: u64 = 0, // since its heartbeat last moved
    attached: u64 = 0,
    ready: u64 = 0,
    wants: u64 = 0,
    violation: u64 = 0, // Violation; not none = quarantined
    wanted_ports: [4]u64 = @splat(0),
    sleeps: u64 = 0,
    busy_ns: u64 = 0, // that it spent with frames, by its own account
    loaned_slots: u64 = 0, // empty slots that it has
    // Its last allocation and deallocation, by CLOCK_MONOTONIC; 0: did not happen (yet).
    decided_ns: u64 = 0, // the control plane chose to run it, or to drain it
    unparked_ns: u64 = 0, // a plan that lets it run was put in force
    first_frame_ns: u64 = 0, // the first frame came back from it since
    emptied_ns: u64 = 0, // nothing was left in its hands since it was told to drain
    batches: [batch_buckets]u64 = @splat(0), // handed to it, by frames (`batchBucket`)
};

pub const batch_buckets = 8;

/// Bucket of a batch of `frames` (at least one): 1, 2, 4, 8, 16, 32, 64, 128 and more.
pub inline fn batchBucket(frames: u32) usize {
    return @min(31 - @clz(frames), batch_buckets - 1);
}

/// What kind of pages a VR's arena lies on.
pub const ArenaPages = enum(u64) {
    base = 0,
    transparent = 1, // the kernel was asked for huge ones and gives them as it can
    huge = 2, // of the machine's reserve
};

/// Copied by a dispatcher at the end of a pass, when asked (`lvrm_snapshot_request`): all of one
/// instant, so the conservation equation holds exactly in it. Each dispatcher has one of its own;
/// they lie one after the other, and their sums are what all did.
pub const Snapshot = extern struct {
    sequence: u64 = 0, // of the request that this answers; stored last, with release
    generation: u64 = 0, // of the plan in force
    clock_ns: u64 = 0, // CLOCK_MONOTONIC
    totals: Totals = .{},
    ports: [max_ports]PortCounters = @splat(.{}),
    vrs: [max_vrs]VrCounters = @splat(.{}),
    vris: [max_vris]VriCounters = @splat(.{}),
};

// ---- Layout hash ----------------------------------------------------------------------------

pub const shared_structs = .{
    Link,           Lane,             MonitorWords, ParkingWords, VriWords,
    EventHeader,    LinkEvent,        AddressEvent, RouteEvent,   NextHop,
    NeighbourEvent, NeighbourRequest, HandlerEvent,
};
pub const ffi_structs = .{
    Idle,          StartConfig,  PortConfig,    VrConfig,
    VriConfig,     VriCreated,   PlanHeader,    PlanPort,
    PlanVr,        PlanVri,      PlanPrefix,    Announcement,
    Totals,        PortCounters, VrCounters,    VriCounters,
    Snapshot,      TraceSpec,    LatencyReport, CaptureConfig,
    CaptureReport,
};

comptime {
    for (shared_structs ++ ffi_structs) |T| {
        // No hidden padding between fields: a foreign writer would not know of it. (Cache-line
        // alignment of what Link and Lane end in is wanted.)
        if (T == Link or T == Lane) continue;
        var end: usize = 0;
        for (@typeInfo(T).@"struct".fields) |f| {
            if (@offsetOf(T, f.name) != end)
                @compileError(@typeName(T) ++ " has padding before " ++ f.name);
            end += @sizeOf(f.type);
        }
        if (end != @sizeOf(T)) @compileError(@typeName(T) ++ " has padding at its end");
    }
    if (@bitOffsetOf(Descriptor, "output") != 52) @compileError("Descriptor layout");
}

/// Name of a type without its file.
pub fn shortName(comptime T: type) []const u8 {
    const full = @typeName(T);
    const dot = std.mem.lastIndexOfScalar(u8, full, '.') orelse return full;
    return full[dot + 1 ..];
}

fn describe(comptime T: type) []const u8 {
    comptime {
        var s: []const u8 = shortName(T) ++ std.fmt.comptimePrint(" {d}\n", .{@sizeOf(T)});
        for (@typeInfo(T).@"struct".fields) |f| {
            s = s ++ std.fmt.comptimePrint("{s} {d} {d}\n", .{
                f.name, @bitOffsetOf(T, f.name), @bitSizeOf(f.type),
            });
        }
        return s;
    }
}

fn describeEnum(comptime T: type) []const u8 {
    comptime {
        var s: []const u8 = shortName(T) ++ "\n";
        for (@typeInfo(T).@"enum".fields) |f|
            s = s ++ std.fmt.comptimePrint("{s} {d}\n", .{ f.name, f.value });
        return s;
    }
}

/// FNV-1a over every layout, enum and queue name: what both sides of a link compile in. The FFI's
/// hash (`manifest.zig`) covers the exported signatures and all variant names besides.
pub const hash: u64 = blk: {
    @setEvalBranchQuota(1_000_000);
    var text: []const u8 = version;
    for (shared_structs ++ ffi_structs ++ .{Descriptor}) |T| text = text ++ describe(T);
    for (.{
        Drop,          Violation,        VriState,      EventKind, RouteKind, ArenaPages,
        CaptureFormat, HandlerOperation, HandlerStatus,
    }) |T| text = text ++ describeEnum(T);
    for (@import("ipc_queue/registry.zig").names) |name| text = text ++ name;
    break :blk fnv1a(text, 0xcbf29ce484222325);
};

/// One more round of the layout hash.
pub fn fnv1a(comptime text: []const u8, comptime start: u64) u64 {
    var h = start;
    for (text) |c| h = (h ^ c) *% 0x100000001b3;
    return h;
}

/// The name of a drop reason, or null for a number that has none.
pub fn dropName(reason: u8) ?[]const u8 {
    inline for (@typeInfo(Drop).@"enum".fields) |f| if (f.value == reason) return f.name;
    return null;
}

test "descriptor is one word and never zero" {
    const d: Descriptor = .{ .slot = 0, .length = 0, .offset = 0, .input_port = 0, .output = 0 };
    try std.testing.expect(@as(u64, @bitCast(d)) != 0);
}
