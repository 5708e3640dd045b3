//! VRI adapter: the dispatcher's side of one VRI. Its queues, its load estimate, its counters, and
//! the check of every word that comes back. Made and unmade by the control thread; in between, used
//! by the dispatcher's thread only, but for `outbox`, which the control thread fills.
//!
//! Each dispatcher has one of its own, and its own lane of the link. Control events are the first
//! one's: for the others those queues are always empty.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const control = @import("ipc_queue/control.zig");
const ipc_queue = @import("ipc_queue/registry.zig");
const link = @import("link.zig");
const shm = @import("shm.zig");
const load_estimator = @import("load_estimator/registry.zig");
const guest = @import("guest.zig");
const Heartbeat = @import("heartbeat.zig").Heartbeat;
const Vr = @import("vr.zig").Vr;

pub const batch = 64;

pub const Vri = struct {
    number: u32,
    vr: *Vr,
    segment: shm.Segment,
    link: *abi.Link,
    monitor: *abi.MonitorWords,
    wake_fd: i32,
    data_in: ipc_queue.Producer,
    data_out: ipc_queue.Consumer,
    free: ipc_queue.Producer,
    control_in: control.Producer,
    control_out: control.Consumer,
    /// Events from the control thread, on their way to `control_in`.
    outbox_memory: link.Memory,
    outbox_capacity: u32,
    outbox: control.Producer, // control thread's end
    told: abi.VriState = .attaching, // in the newest plan; the control thread's
    outbox_out: control.Consumer, // dispatcher's end

    // The dispatcher's.
    state: abi.VriState = .attaching,
    reclaimed: bool = false,
    violation: abi.Violation = .none,
    counters: abi.VriCounters = .{},
    estimator: load_estimator.Estimator,
    visit: guest.Visit = .{},
    share: u32 = 0, // slots that it may hold at most; by the plan in force
    loaned: u32 = 0, // empty slots that it has
    staged: [batch]u64 = undefined, // dispatched in this pass, not yet in the queue
    staged_count: u32 = 0,
    handed: bool = false, // something, in this pass
    observed: bool = false, // in this pass
    unpublished: u32 = 0, // pushed since the last `settle`
    position: u32 = 0, // among its VR's running ones
    untracked: u32 = 0, // frames it holds whose flow is not known
    control_block: Block = .{}, // of the oldest event that it sent
    outbox_block: Block = .{}, // of the oldest event for it
    asked: u32 = 0, // of lvrm itself, since the last housekeeping
    events_wait: bool = false, // some event waits for room in `control_in`
    lend: bool = true, // the `free` queue may want more empty slots
    timing: bool = false, // its last change of state is not yet complete: see `noteTime`
    heartbeat: Heartbeat = .{},
    scratch: []u64, // for reclaiming: queue_capacity words

    /// Whether the dispatcher talks to it.
    pub fn live(v: *const Vri) bool {
        return v.violation == .none and v.state != .dead;
    }

    /// Whether it takes frames.
    pub fn runs(v: *const Vri) bool {
        return v.violation == .none and v.state == .running;
    }

    /// As it says: it may be anybody's.
    pub fn processId(v: *const Vri) linux.pid_t {
        return @intCast(@atomicLoad(u32, &v.link.vri_words.pid, .monotonic) & 0x7fff_ffff);
    }

    pub fn violate(v: *Vri, violation: abi.Violation) void {
        if (v.violation == .none) v.violation = violation;
    }

    /// Its state in a new plan. `decided_ns`: when the control plane chose it.
    pub fn enter(v: *Vri, state: abi.VriState, decided_ns: u64, now_ns: u64) void {
        if (state == v.state) return;
        v.state = state;
        v.timing = state == .running or state == .draining;
        if (!v.timing) return;
        v.counters.decided_ns = decided_ns;
        v.counters.emptied_ns = 0;
        if (state == .running) {
            v.counters.unparked_ns = now_ns;
            v.counters.first_frame_ns = 0;
            v.estimator = v.vr.estimators.make(); // one that ran before starts afresh
        } else v.noteTime();
    }

    /// While `timing`, when frames came back from it: the first one completes an allocation, the
    /// last one a deallocation.
    pub fn noteTime(v: *Vri) void {
        if (v.state != .running and v.held() != 0) return;
        v.timing = false;
        const now_ns = @import("monotonic.zig").ns();
        if (v.state == .running) {
            v.counters.first_frame_ns = now_ns;
        } else v.counters.emptied_ns = now_ns;
    }

    /// Frames that it holds, by what went in and came out.
    pub fn held(v: *const Vri) u64 {
        const c = &v.counters;
        return c.received_frames + c.originated_frames - c.sent_frames - c.dropped_frames;
    }

    /// Slots that it may get besides those it holds. One that keeps all its share starves alone.
    pub fn room(v: *const Vri) u32 {
        return @intCast(v.share -| (v.held() + v.loaned));
    }

    /// Puts words into its queue, unpublished; returns how many of them fit.
    pub fn push(v: *Vri, words: []const u64) u32 {
        const count = @min(words.len, v.room());
        const pushed = switch (v.data_in) {
            inline else => |*q| q.push(words[0..count]),
        };
        v.counters.received_frames += pushed;
        v.unpublished += pushed;
        return pushed;
    }

    /// Lets it see what was pushed.
    pub fn publish(v: *Vri) void {
        switch (v.data_in) {
            inline else => |*q| q.publish(),
        }
    }

    /// After what a pass handed to it. `look`: observes its load, which costs a miss, since its
    /// index lies in another core's cache.
    pub fn settle(v: *Vri, look: bool) void {
        if (v.unpublished == 0) return; // all was refused
        if (look) v.observe(v.unpublished);
        v.counters.batches[abi.batchBucket(v.unpublished)] += 1;
        v.unpublished = 0;
    }

    /// Observes its load, with so many frames just dispatched. Also without any, while siblings get
    /// some: by an estimate of when it was behind it would never be chosen again.
    pub fn observe(v: *Vri, dispatched: u32) void {
        switch (v.data_in) {
            inline else => |*q| {
                v.estimator.observe(q.length(), dispatched);
                if (q.bad) v.violate(.bad_index);
            },
        }
        v.observed = true;
    }

    /// Now and then, whether its indices can be true: with one VRI, or without events for it,
    /// nobody else looks at them.
    pub fn checkIndex(v: *Vri) void {
        _ = v.control_in.fits(0);
        if (v.control_in.bad) v.violate(.bad_index);
        switch (v.data_in) {
            inline else => |*q| {
                _ = q.length();
                if (q.bad) v.violate(.bad_index);
            },
        }
    }

    pub fn collect(v: *Vri, into: []u64) u32 {
        switch (v.data_out) {
            inline else => |*q| {
                const count = q.pop(into);
                if (q.bad) v.violate(.bad_index);
                return count;
            },
        }
    }

    pub fn waitingFrames(v: *Vri) u32 {
        return switch (v.data_in) {
            inline else => |*q| q.length(),
        };
    }

    pub fn hasFrames(v: *Vri) bool {
        return switch (v.data_out) {
            inline else => |*q| q.length(),
        } != 0;
    }

    /// Whether something from it waits for the dispatcher. For the last look before sleeping.
    pub fn hasOutput(v: *Vri) bool {
        return v.hasFrames() or (!v.control_out.empty() and !v.control_block.lasts()) or
            (!v.outbox_out.empty() and !v.outbox_block.lasts());
    }

    /// Puts an event into its control-in queue; false, and `block` says so, while that is full.
    pub fn tell(v: *Vri, header: abi.EventHeader, payload: []const u8, block: *Block) bool {
        if (!v.hasRoom(@intCast(payload.len), block)) return false;
        return v.control_in.push(header, payload);
    }

    /// Whether `tell` would work for so many bytes.
    pub fn hasRoom(v: *Vri, payload_bytes: u32, block: *Block) bool {
        const head = v.control_in.taken();
        const fits = v.control_in.fits(payload_bytes);
        block.* = if (fits) .{} else .{ .on = v, .head = head };
        if (!fits) v.setEventsWait(true);
        return fits;
    }

    /// Whether it shall wake the dispatcher when it takes an event. Off at the start of each pass,
    /// on again where something still waits: before it sleeps, the dispatcher looks (`Block`).
    pub fn setEventsWait(v: *Vri, wait: bool) void {
        if (v.events_wait == wait) return;
        v.events_wait = wait;
        @atomicStore(u32, &v.monitor.events_wait, @intFromBool(wait), .monotonic);
    }

    /// An event that waits for room in some VRI's control-in queue, as of the last pass: nothing to
    /// stay awake for until that VRI has taken one.
    pub const Block = struct {
        on: ?*Vri = null,
        head: u32 = 0,

        fn lasts(b: *const Block) bool {
            const vri = b.on orelse return false;
            return vri.live() and vri.control_in.taken() == b.head;
        }
    };

    /// Fills the `free` queue up with empty slots of the VR's arena.
    pub fn lendSlots(v: *Vri) void {
        v.lend = false;
        const pool = &v.vr.pool;
        switch (v.free) {
            inline else => |*q| {
                const lendable = @min(v.share / 4 -| v.loaned, v.room());
                var left = @min(q.capacity - q.length(), lendable);
                // The last slots are for frames that arrive.
                while (left > 0 and pool.free_count > pool.ordinary_count / 8) : (left -= 1) {
                    const slot = pool.take().?;
                    pool.slots[slot] = .{ .owner = .loan(v.number) };
                    const word: abi.Descriptor = .{
                        .slot = @intCast(slot),
                        .length = 0,
                        .offset = abi.headroom_bytes / 2,
                        .input_port = abi.no_port,
                        .output = abi.no_port,
                    };
                    if (q.push(&.{@bitCast(word)}) == 0) {
                        pool.give(slot);
                        break;
                    }
                    v.loaned += 1;
                }
                q.publish();
                if (q.bad) v.violate(.bad_index);
            },
        }
    }

    /// Whether it has to be woken. The caller has issued a full fence since it published.
    pub fn sleeps(v: *const Vri) bool {
        return @atomicLoad(u32, &v.link.parking.sleeping, .monotonic) != 0;
    }

    /// Wakes it if it sleeps. The same holds.
    pub fn wake(v: *Vri) void {
        if (v.sleeps()) v.endSleep();
    }

    /// Wakes it: it sleeps.
    pub fn endSleep(v: *Vri) void {
        @atomicStore(u32, &v.link.parking.sleeping, 0, .monotonic);
        v.keepPromise();
    }

    /// Wakes it before there is anything for it: soon there will be, and to wake up takes longer
    /// than all else of an allocation, or of a frame's way.
    pub fn rouse(v: *Vri) void {
        _ = @atomicRmw(u32, &v.link.parking.roused, .Add, 1, .monotonic);
        v.keepPromise();
    }

    /// As `rouse`, in two steps, the control thread's: from the first on nobody else wakes it, so
    /// the second has to follow. What comes in between it finds when it wakes up.
    pub fn promiseWake(v: *Vri) void {
        _ = @atomicRmw(u32, &v.link.parking.roused, .Add, 1, .monotonic);
        @atomicStore(u32, &v.link.parking.sleeping, 0, .monotonic);
    }

    pub fn keepPromise(v: *Vri) void {
        _ = linux.futex_3arg(&v.link.parking.sleeping, .{ .cmd = .WAKE, .private = false }, 1);
    }
};

pub const CreateError = error{ OutOfMemory, Descriptor } || shm.Error;

/// Makes the link and the first dispatcher's side of it.
pub fn create(gpa: std.mem.Allocator, config: *const abi.VriConfig, vr: *Vr) CreateError!*Vri {
    var header: abi.Link = std.mem.zeroes(abi.Link);
    var all: [abi.max_dispatchers]abi.Lane = @splat(std.mem.zeroes(abi.Lane));
    const lanes = all[0..vr.dispatchers];
    const bytes = link.layOut(&header, lanes, config);
    const segment = try shm.create(bytes);
    errdefer shm.detach(segment.memory);
    const pool = &vr.pool;
    header.arena_bytes = pool.segment.memory.len;
    header.arena_shmid = pool.segment.id;
    header.slot_bytes = pool.slot_bytes;
    header.slot_count = pool.slot_count;
    header.lane_slots = pool.own_count;
    header.monitor_pid = @intCast(linux.getpid());
    const shared: *abi.Link = @ptrCast(segment.memory.ptr);
    shared.* = header;
    @memcpy(link.lanesOf(shared), lanes);
    return make(gpa, config, vr, segment);
}

/// Another dispatcher's side of a link. It goes before the first one's.
pub fn join(
    gpa: std.mem.Allocator,
    config: *const abi.VriConfig,
    vr: *Vr,
    first: *const Vri,
) CreateError!*Vri {
    return make(gpa, config, vr, first.segment);
}

/// Stands in for the queues of control events where they are another dispatcher's.
var silence: [control.bytesFor(silence_bytes)]u8 align(abi.cache_line_bytes) = @splat(0);
const silence_bytes = 8192;

fn make(
    gpa: std.mem.Allocator,
    config: *const abi.VriConfig,
    vr: *Vr,
    segment: shm.Segment,
) CreateError!*Vri {
    const shared: *abi.Link = @ptrCast(segment.memory.ptr);
    const lane = &link.lanesOf(shared)[vr.dispatcher];
    const rc = linux.eventfd(0, linux.EFD.NONBLOCK | linux.EFD.CLOEXEC);
    if (linux.errno(rc) != .SUCCESS) return error.Descriptor;
    lane.wake_fd = @intCast(rc);
    errdefer _ = linux.close(lane.wake_fd);
    const is_first = vr.dispatcher == 0;
    const outbox_bytes = control.bytesFor(config.control_capacity);
    const outbox: []align(abi.cache_line_bytes) u8 = if (is_first)
        try gpa.alignedAlloc(u8, .fromByteUnits(abi.cache_line_bytes), outbox_bytes)
    else
        &silence;
    errdefer if (is_first) gpa.free(outbox);
    if (is_first) @memset(outbox[0..@sizeOf(control.Shared)], 0);
    const scratch = try gpa.alloc(u64, config.queue_capacity);
    errdefer gpa.free(scratch);
    const vri = try gpa.create(Vri);
    const queue, const capacity = .{ config.queue, config.queue_capacity };
    const in = link.at(shared, lane.data_in_offset);
    const out = link.at(shared, lane.data_out_offset);
    const free = link.at(shared, lane.free_offset);
    const events_bytes = if (is_first) config.control_capacity else silence_bytes;
    const events_in = if (is_first) link.at(shared, shared.control_in_offset) else outbox.ptr;
    const events_out = if (is_first) link.at(shared, shared.control_out_offset) else outbox.ptr;
    vri.* = .{
        .number = config.vri,
        .vr = vr,
        .segment = segment,
        .link = shared,
        .monitor = &lane.monitor,
        .wake_fd = lane.wake_fd,
        .data_in = ipc_queue.open(ipc_queue.Producer, queue, in, capacity),
        .data_out = ipc_queue.open(ipc_queue.Consumer, queue, out, capacity),
        .free = ipc_queue.open(ipc_queue.Producer, queue, free, config.free_capacity),
        .control_in = .init(events_in, events_bytes),
        .control_out = .init(events_out, events_bytes),
        .outbox_memory = outbox.ptr,
        .outbox_capacity = events_bytes,
        .outbox = .init(outbox.ptr, events_bytes),
        .outbox_out = .init(outbox.ptr, events_bytes),
        .scratch = scratch,
        .estimator = vr.estimators.make(),
    };
    return vri;
}

pub fn destroy(gpa: std.mem.Allocator, v: *Vri) void {
    v.visit.deinit();
    _ = linux.close(v.wake_fd);
    if (v.vr.dispatcher == 0) {
        shm.detach(v.segment.memory);
        gpa.free(v.outbox_memory[0..control.bytesFor(v.outbox_capacity)]);
    }
    gpa.free(v.scratch);
    gpa.destroy(v);
}
