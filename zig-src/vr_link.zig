//! The VRI's side of a link: attach, take frames, give them back, exchange control events, wait.
//! Linked into VRs as `liblvrm_vr` (`vr_exports.zig` is its C face). One thread uses a link; but
//! while it is in `wait`, another may `send`, `takeEmpty`, `sendEvent` and ask for `alive`: these
//! and `wait` share no state but the heartbeat and `check`, which both may run.
//!
//! Where several dispatchers hand out frames, each has a lane of the link. Batches are taken from
//! them in turn; each frame goes back by the lane that its slot belongs to, whatever became of it
//! meanwhile, so frames of one flow, which all come by one lane, leave in the order in which the VR
//! gives them back. Control events take the first lane's dispatcher.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const control = @import("ipc_queue/control.zig");
const ipc_queue = @import("ipc_queue/registry.zig");
const link = @import("link.zig");
const shm = @import("shm.zig");
const slice = @import("slice.zig");
const Busy = @import("busy.zig").Busy;
const Patience = @import("patience.zig").Patience;

/// The first three fields are `struct lvrm_vr` of lvrm_vr.h.
pub const VrLink = extern struct {
    arena: [*]u8,
    slot_bytes: u64,
    arena_bytes: u64,
    private: Private,

    const Private = extern struct { bytes: [@sizeOf(State)]u8 align(@alignOf(State)) };

    pub fn state(l: *VrLink) *State {
        return @ptrCast(&l.private);
    }
};

const stale_ns = 5 * std.time.ns_per_s; // monitor's heartbeat, before it counts as gone
const beat_ms = 90; // longest sleep: our own heartbeat goes on

/// One dispatcher's queues, and what it says of itself.
const Lane = struct {
    shared: *abi.Lane,
    data_in: ipc_queue.Consumer,
    data_out: ipc_queue.Producer,
    free: ipc_queue.Consumer,
    slots: Slots,

    /// Those of the arena that are the lane's.
    const Slots = struct {
        first: u32,
        count: u32,

        inline fn has(s: Slots, word: u64) bool {
            const it: abi.Descriptor = @bitCast(word);
            return @as(u32, it.slot) -% s.first < s.count;
        }
    };

    inline fn pop(l: *Lane, into: []u64) usize {
        return switch (l.data_in) {
            inline else => |*q| q.pop(into),
        };
    }

    /// After publishing: the fence puts the index before the look at the flag. The dispatcher sets
    /// its flag, fences, then looks at the queues: one of the two sees the other.
    fn wakeDispatcher(l: *const Lane) void {
        fence();
        if (@atomicLoad(u32, &l.shared.monitor.sleeping, .monotonic) == 0) return;
        const one: u64 = 1;
        _ = linux.write(l.shared.wake_fd, std.mem.asBytes(&one), 8);
    }
};

pub const State = struct {
    header: *abi.Link,
    /// That of the last batch: empty slots are taken from it too, so that what a VR makes out of a
    /// frame leaves by the same way.
    lane: *Lane,
    lanes: []Lane,
    control_in: control.Consumer,
    control_out: control.Producer,
    parent: linux.pid_t, // as we attached: it changes when our parent dies
    gone: bool = false,
    looks: u32 = 0, // calls of `alive` since the last real check
    patience: Patience = .{},
    roused: u32 = 0, // `ParkingWords.roused`, as last seen
    expects: bool = false, // frames are to come: worth waiting for
    beat: u64 = 0, // monitor's, as last seen
    beat_ns: u64 = 0,
    busy: Busy,
    lapsed_looks: u32 = 0,

    /// Up to `into.len` frames. What is taken is ours: the index is published before they are
    /// touched.
    pub fn receive(s: *State, into: []u64) usize {
        s.tick();
        const count = if (s.lanes.len == 1) s.lane.pop(into) else s.takeTurn(into);
        if (count != 0) {
            s.patience.reset();
            const words = &s.header.vri_words;
            words.frames +%= count;
            words.batches +%= 1;
            if (s.busy.begin()) {
                // What it was roused for, if it was.
                s.roused = @atomicLoad(u32, &s.header.parking.roused, .monotonic);
                s.expects = false;
            }
        } else s.busy.lookAgain();
        return count;
    }

    /// A batch of the first lane that has one, after that of the last batch.
    fn takeTurn(s: *State, into: []u64) usize {
        for (0..s.lanes.len) |_| {
            const next = s.lane - s.lanes.ptr + 1;
            s.lane = &s.lanes[if (next == s.lanes.len) 0 else next];
            const count = s.lane.pop(into);
            if (count != 0) return count;
        }
        return 0;
    }

    /// Our heartbeat: a plain store to a line of our own.
    fn tick(s: *State) void {
        const beat = &s.header.vri_words.beat;
        @atomicStore(u64, beat, @atomicLoad(u64, beat, .monotonic) +% 1, .monotonic);
    }

    /// Of the lane of the last batch, and of no other: see `lane`.
    pub fn takeEmpty(s: *State, into: []u64) usize {
        return switch (s.lane.free) {
            inline else => |*q| q.pop(into),
        };
    }

    /// Gives frames back; waits while the queue is full. Fewer than all only when lvrm is gone.
    pub fn send(s: *State, words: []const u64) usize {
        return if (s.lanes.len == 1) s.sendBy(s.lane, words) else s.sendApart(words);
    }

    /// Each frame by the lane that it came from, in runs.
    fn sendApart(s: *State, words: []const u64) usize {
        var sent: usize = 0;
        while (sent < words.len) {
            const lane = s.laneOf(words[sent]);
            var end = sent + 1;
            while (end < words.len and lane.slots.has(words[end])) end += 1;
            const count = s.sendBy(lane, words[sent..end]);
            sent += count;
            if (sent < end) break;
        }
        return sent;
    }

    /// A slot that is no lane's is the first dispatcher's to refuse.
    fn laneOf(s: *State, word: u64) *Lane {
        if (s.lane.slots.has(word)) return s.lane;
        for (s.lanes) |*lane| if (lane.slots.has(word)) return lane;
        return &s.lanes[0];
    }

    inline fn sendBy(s: *State, lane: *Lane, words: []const u64) usize {
        var sent: usize = 0;
        while (true) {
            switch (lane.data_out) {
                inline else => |*q| {
                    sent += q.push(words[sent..]);
                    q.publish();
                },
            }
            lane.wakeDispatcher();
            if (sent == words.len) return sent;
            s.tick();
            _ = linux.sched_yield();
            if (!s.check()) return sent;
        }
    }

    pub fn receiveEvent(
        s: *State,
        header: *abi.EventHeader,
        payload: *[abi.max_event_bytes]u8,
    ) bool {
        _ = s.control_in.peek(header, payload) orelse return false;
        s.control_in.take(header.bytes);
        s.patience.reset();
        s.busy.waited_ns = 0; // frames are not what it is busy with
        // As `wakeDispatcher`: the new index before the look at the flag.
        fence();
        const waits = &s.lanes[0].shared.monitor.events_wait;
        if (@atomicLoad(u32, waits, .monotonic) != 0) s.lanes[0].wakeDispatcher();
        return true;
    }

    /// `target`: the sibling that a `sibling` event is for; else not looked at.
    pub fn sendEvent(s: *State, kind: u16, target: u32, payload: []const u8) linux.E {
        if (payload.len > abi.max_event_bytes) return .MSGSIZE;
        const header: abi.EventHeader = .{
            .bytes = @intCast(payload.len),
            .kind = kind,
            .source = target,
        };
        if (!s.control_out.push(header, payload)) return .AGAIN;
        s.lanes[0].wakeDispatcher();
        return .SUCCESS;
    }

    pub fn ready(s: *State, wants: u32, ports: [4]u64) void {
        const words = &s.header.vri_words;
        words.wants = wants;
        words.wanted_ports = ports;
        slice.shorten();
        @atomicStore(u32, &words.ready, 1, .release);
        s.lanes[0].wakeDispatcher();
    }

    /// Cheap: a real check (system call, clock) once in 256 calls and after each sleep.
    pub fn alive(s: *State) bool {
        s.looks +%= 1;
        if (s.looks & 255 != 0) return !s.gone;
        return s.check();
    }

    /// lvrm is gone when our parent is another (it died), or when its heartbeat has stood still
    /// over several looks and five seconds: several, as we may have been the one that was stopped.
    fn check(s: *State) bool {
        if (linux.getppid() != s.parent) s.gone = true;
        const beat = @atomicLoad(u64, &s.lanes[0].shared.monitor.beat, .monotonic);
        const now = nowNs();
        s.busy.account(now);
        if (beat != s.beat or s.beat_ns == 0) {
            s.beat = beat;
            s.beat_ns = now;
            s.lapsed_looks = 0;
        } else if (now -% s.beat_ns > stale_ns) {
            s.lapsed_looks += 1;
            if (s.lapsed_looks > 20) s.gone = true;
        }
        return !s.gone;
    }

    /// Our number: what siblings call us by.
    pub fn number(s: *const State) u32 {
        return s.header.vri;
    }

    /// Looks again, then yields, then sleeps until something comes, at most `timeout_ms`.
    pub fn wait(s: *State, timeout_ms: u32) void {
        s.tick();
        const monitor = &s.lanes[0].shared.monitor;
        const idle: abi.Idle = .{
            .spins = @atomicLoad(u32, &monitor.idle.spins, .monotonic),
            .yields = @atomicLoad(u32, &monitor.idle.yields, .monotonic),
        };
        const busy_poll = @atomicLoad(u32, &monitor.busy_poll, .monotonic) != 0;
        const now_ns = nowNs();
        s.busy.rest(now_ns);
        const roused = @atomicLoad(u32, &s.header.parking.roused, .monotonic);
        if (roused != s.roused) {
            s.roused = roused;
            s.expects = true;
        }
        // Without leave to yield it sleeps in between, whatever is to come.
        const awaits = s.expects and idle.yields != 0;
        switch (s.patience.next(idle, busy_poll, awaits, now_ns)) {
            // Some looks at the queues for one at the clock and everything else that a VR does.
            .look => for (0..4) |_| {
                if (s.somethingWaits()) break;
                std.atomic.spinLoopHint();
            },
            .yield => {
                _ = linux.sched_yield();
                s.busy.waited_ns = nowNs(); // somebody else may have had the core
            },
            .sleep => {
                s.expects = false;
                s.sleep(timeout_ms);
                s.busy.waited_ns = nowNs();
                s.patience.slept(idle, s.busy.waited_ns - now_ns);
                _ = s.check();
            },
        }
    }

    /// The flag, a fence, then one more look: whoever published before the fence is seen here,
    /// whoever publishes after it sees the flag. The futex compares the flag once more, in the
    /// kernel, so a wake between look and sleep isn't lost either.
    fn sleep(s: *State, timeout_ms: u32) void {
        const flag = &s.header.parking.sleeping;
        @atomicStore(u32, flag, 1, .monotonic);
        fence();
        if (!s.somethingWaits()) {
            s.header.vri_words.sleeps +%= 1;
            const ms = @min(timeout_ms, beat_ms);
            const limit: linux.timespec = .{
                .sec = 0,
                .nsec = @as(isize, ms) * std.time.ns_per_ms,
            };
            _ = linux.futex_4arg(flag, .{ .cmd = .WAIT, .private = false }, 1, &limit);
        }
        @atomicStore(u32, flag, 0, .monotonic);
    }

    fn somethingWaits(s: *State) bool {
        if (!s.control_in.empty()) return true;
        for (s.lanes) |*lane| switch (lane.data_in) {
            inline else => |*q| if (q.length() != 0) return true,
        };
        return false;
    }
};

fn fence() void {
    var word: u32 = 0;
    _ = @atomicRmw(u32, &word, .Or, 0, .seq_cst);
}

const nowNs = @import("monotonic.zig").ns;

pub const Error = error{ NotUnderLvrm, BadLink, OtherVersion, NoLink, NoArena, OutOfMemory };

/// Attaches to the link that the environment names.
pub fn attach(gpa: std.mem.Allocator, link_text: ?[*:0]const u8) Error!*VrLink {
    const text = std.mem.span(link_text orelse return error.NotUnderLvrm);
    const id = std.fmt.parseInt(i32, text, 10) catch return error.BadLink;
    const first = shm.attach(id, @sizeOf(abi.Link)) catch return error.NoLink;
    const header: *abi.Link = @ptrCast(first.ptr);
    if (header.magic != abi.magic) return error.BadLink;
    if (header.abi_hash != abi.hash) return error.OtherVersion;
    const arena = shm.attach(header.arena_shmid, header.arena_bytes) catch return error.NoArena;
    _ = shm.adviseHuge(arena);
    const l = try gpa.create(VrLink);
    errdefer gpa.destroy(l);
    l.arena = arena.ptr;
    l.slot_bytes = header.slot_bytes;
    l.arena_bytes = arena.len;
    const lanes = try gpa.alloc(Lane, header.lanes);
    for (lanes, link.lanesOf(header), 0..) |*lane, *shared, i|
        lane.* = openLane(header, shared, @intCast(i));
    l.state().* = .{
        .header = header,
        .lane = &lanes[0],
        .lanes = lanes,
        .control_in = .init(link.at(header, header.control_in_offset), header.control_capacity),
        .control_out = .init(link.at(header, header.control_out_offset), header.control_capacity),
        .parent = linux.getppid(),
        .busy = .{ .words = &header.vri_words },
    };
    header.vri_words.pid = @intCast(linux.getpid());
    @atomicStore(u32, &header.vri_words.attached, 1, .release);
    l.state().lanes[0].wakeDispatcher();
    return l;
}

fn openLane(header: *abi.Link, shared: *abi.Lane, number: u32) Lane {
    const queue = header.queue;
    const capacity = header.queue_capacity;
    const at = link.at;
    const In = ipc_queue.Consumer;
    const Out = ipc_queue.Producer;
    return .{
        .shared = shared,
        .data_in = ipc_queue.open(In, queue, at(header, shared.data_in_offset), capacity),
        .data_out = ipc_queue.open(Out, queue, at(header, shared.data_out_offset), capacity),
        .free = ipc_queue.open(In, queue, at(header, shared.free_offset), header.free_capacity),
        .slots = .{ .first = number * header.lane_slots, .count = header.lane_slots },
    };
}

/// Frees what `attach` allocated; the segments stay attached. For tests.
pub fn destroy(gpa: std.mem.Allocator, l: *VrLink) void {
    gpa.free(l.state().lanes);
    gpa.destroy(l);
}
