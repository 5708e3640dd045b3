//! `lvrm-limit`: the machine's own limit, beside which lvrm's figures are put. Two processes on two
//! cores hand descriptors to each other and back through the simplest ring that is fast (one
//! producer, one consumer, private copies of the peer's index, batches of 64). Each frame is copied
//! once, with the dispatcher's own copy, from the same trace layout into the same arena layout with
//! slots reused last-in first-out, and touched once on each side. Nothing is classified, counted
//! per owner, balanced or checked. Or, with `--queue`, bare words through one of lvrm's queues.
//!
//!     lvrm-limit --cores A,B [--bytes N] [--milliseconds N] [--trace-frames N] [--window N]
//!                [--stride N] [--queue NAME]
//!     lvrm-limit --cores A,B --futex 1   how long a sleeper takes to wake, in nanoseconds
//!     lvrm-limit --cores A,B --sleepers 1   the same for two in turn, the first woken by a timer
//!     lvrm-limit --cores A,B --lines 1   how long a cache line takes to and fro
//!
//! Prints one line of JSON. Exit codes as lvrm's: 0, 1 failed, 2 usage.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const claim = @import("copy.zig").claim;
const claim_ahead = @import("copy.zig").claim_ahead;
const copy = @import("copy.zig").copy;
const ipc_queue = @import("ipc_queue/registry.zig");
const shm = @import("shm.zig");
const traces = @import("trace.zig");
const bare = @import("limit_bare.zig");

pub const panic = std.debug.simple_panic;
pub const std_options: std.Options = .{ .enable_segfault_handler = false };

const batch = 64;
const capacity = 4096;
const slot_bytes_max = abi.slot_bytes;
const slot_count = 8192;
const warm_up_ms = 50;
const spins_max = 2000;

/// Memory of a bare queue.
const Queue = [*]align(abi.cache_line_bytes) u8;

const Options = struct {
    cores: [2]u32 = .{ 0, 1 },
    bytes: u16 = 60,
    milliseconds: u32 = 500,
    trace_frames: u32 = 4096,
    window: u32 = 2048,
    stride: u32 = abi.slot_bytes,
    queue: ?u32 = null,
    futex: bool = false,
    sleepers: bool = false,
    lines: bool = false,
};

const usage = "usage: lvrm-limit --cores A,B [--bytes 60-1900] [--milliseconds N] " ++
    "[--trace-frames N] [--window 64-4032] [--stride 2048-2112] [--queue NAME] " ++
    "[--futex 0|1] [--sleepers 0|1] [--lines 0|1]\n";

pub fn main(init: std.process.Init.Minimal) u8 {
    const options = parse(init.args.vector) orelse {
        _ = linux.write(2, usage, usage.len);
        return 2;
    };
    run(&options) catch |e| {
        var line: [128]u8 = undefined;
        const format = "lvrm-limit: cannot measure: {t}\n";
        const text = std.fmt.bufPrint(&line, format, .{e}) catch return 1;
        _ = linux.write(2, text.ptr, text.len);
        return 1;
    };
    return 0;
}

fn parse(words: []const [*:0]const u8) ?Options {
    var o: Options = .{};
    var at: usize = 1;
    while (at < words.len) : (at += 2) {
        if (at + 1 == words.len) return null;
        const word = std.mem.span(words[at]);
        const value = std.mem.span(words[at + 1]);
        if (std.mem.eql(u8, word, "--cores")) {
            const comma = std.mem.indexOfScalar(u8, value, ',') orelse return null;
            const parts = .{ value[0..comma], value[comma + 1 ..] };
            inline for (parts, 0..) |part, i|
                o.cores[i] = number(u32, part, 0, 1023) orelse return null;
        } else if (std.mem.eql(u8, word, "--bytes")) {
            o.bytes = number(u16, value, 60, 1900) orelse return null;
        } else if (std.mem.eql(u8, word, "--milliseconds")) {
            o.milliseconds = number(u32, value, 1, 60_000) orelse return null;
        } else if (std.mem.eql(u8, word, "--trace-frames")) {
            o.trace_frames = number(u32, value, 64, 1 << 20) orelse return null;
        } else if (std.mem.eql(u8, word, "--window")) {
            o.window = number(u32, value, 64, capacity - batch) orelse return null;
        } else if (std.mem.eql(u8, word, "--stride")) {
            o.stride = number(u32, value, 2048, slot_bytes_max) orelse return null;
        } else if (std.mem.eql(u8, word, "--queue")) {
            o.queue = for (ipc_queue.names, 0..) |name, i| {
                if (std.mem.eql(u8, name, value)) break @intCast(i);
            } else return null;
        } else if (std.mem.eql(u8, word, "--futex")) {
            o.futex = (number(u32, value, 0, 1) orelse return null) == 1;
        } else if (std.mem.eql(u8, word, "--sleepers")) {
            o.sleepers = (number(u32, value, 0, 1) orelse return null) == 1;
        } else if (std.mem.eql(u8, word, "--lines")) {
            o.lines = (number(u32, value, 0, 1) orelse return null) == 1;
        } else return null;
    }
    return o;
}

fn number(comptime T: type, text: []const u8, low: T, high: T) ?T {
    const value = std.fmt.parseInt(T, text, 10) catch return null;
    return if (value < low or value > high) null else value;
}

/// A ring: the words, and the two indices in lines of their own.
const Ring = extern struct {
    tail: u32 align(abi.cache_line_bytes) = 0,
    head: u32 align(abi.cache_line_bytes) = 0,
    words: [capacity]u64 align(abi.cache_line_bytes) = @splat(0),
};

/// One process's end of both rings.
const End = struct {
    out: *Ring,
    in: *Ring,
    tail: u32 = 0, // ours in `out`
    head: u32 = 0, // ours in `in`
    tail_seen: u32 = 0, // the peer's in `in`

    /// There is room: no more words than `window` are on their way.
    inline fn push(e: *End, words: []const u64) void {
        const start = e.tail & (capacity - 1);
        const first = @min(words.len, capacity - start);
        @memcpy(e.out.words[start..][0..first], words[0..first]);
        @memcpy(e.out.words[0 .. words.len - first], words[first..]);
        e.tail +%= @intCast(words.len);
        @atomicStore(u32, &e.out.tail, e.tail, .release);
    }

    inline fn pop(e: *End, into: *[batch]u64) u32 {
        if (e.tail_seen == e.head) e.tail_seen = @atomicLoad(u32, &e.in.tail, .acquire);
        const count = @min(batch, e.tail_seen -% e.head);
        const start = e.head & (capacity - 1);
        const first = @min(count, capacity - start);
        @memcpy(into[0..first], e.in.words[start..][0..first]);
        @memcpy(into[first..count], e.in.words[0 .. count - first]);
        e.head +%= count;
        return count;
    }
};

const Shared = extern struct {
    there: Ring = .{},
    back: Ring = .{},
    stop: u32 align(abi.cache_line_bytes) = 0,
    bare: bare.Shared = .{},
};

fn run(o: *const Options) !void {
    const queue_bytes = if (o.queue) |q| ipc_queue.bytesFor(q, capacity) else 0;
    const shared_bytes = std.mem.alignForward(usize, @sizeOf(Shared), 4096);
    const segment = try shm.create(shared_bytes + queue_bytes);
    const shared: *Shared = @ptrCast(segment.memory.ptr);
    const arena = (try shm.createArena(slot_bytes_max * slot_count)).segment; // as the product's
    const queue: Queue = @alignCast(segment.memory.ptr + shared_bytes);
    const parent = linux.getpid();
    const pid = linux.fork();
    if (linux.errno(pid) != .SUCCESS) return error.NoProcess;
    if (pid == 0) {
        // Never outlives its parent, which may be killed at any time.
        const kill = @intFromEnum(linux.SIG.KILL);
        _ = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), kill, 0, 0, 0);
        if (linux.getppid() != parent) linux.exit_group(1);
        pin(o.cores[1]);
        if (o.futex or o.sleepers) {
            bare.sleepAndAnswer(&shared.bare);
        } else if (o.lines) {
            bare.returnLines(&shared.bare);
        } else if (o.queue) |q| {
            drainQueue(shared, q, queue);
        } else reflect(o, shared, arena.memory.ptr);
        linux.exit_group(0);
    }
    pin(o.cores[0]);
    if (o.futex) return bare.wakeUps(&shared.bare, o.milliseconds, @intCast(pid));
    if (o.sleepers) return bare.twoWakeUps(&shared.bare, o.milliseconds, @intCast(pid));
    if (o.lines) return bare.roundTrips(&shared.bare, o.milliseconds, @intCast(pid));
    const figure = if (o.queue) |q|
        fillQueue(o, shared, q, queue)
    else
        try drive(o, shared, arena.memory.ptr);
    @atomicStore(u32, &shared.stop, 1, .release);
    var status: u32 = 0;
    _ = linux.waitpid(@intCast(pid), &status, 0);
    var line: [256]u8 = undefined;
    const format = "{{\"frames\":{d},\"nanoseconds\":{d},\"frames_per_second\":{d}}}\n";
    const text = std.fmt.bufPrint(&line, format, .{
        figure.frames,                                                    figure.ns,
        @as(u64, figure.frames) * std.time.ns_per_s / @max(1, figure.ns),
    }) catch return error.TooLong;
    _ = linux.write(1, text.ptr, text.len);
}

fn pin(core: u32) void {
    var set: linux.cpu_set_t = @splat(0);
    set[core / 64] |= @as(usize, 1) << @intCast(core % 64);
    linux.sched_setaffinity(0, &set) catch {}; // a limit of whatever cores the kernel gives
}

fn nowNs() u64 {
    var ts: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &ts);
    return @as(u64, @intCast(ts.sec)) * std.time.ns_per_s + @as(u64, @intCast(ts.nsec));
}

const Figure = struct { frames: u64, ns: u64 };

/// Counts from the end of the warm-up to the end of the run. Looks at the clock now and then.
const Meter = struct {
    frames: u64 = 0,
    begin_ns: u64,
    first_ns: u64 = 0, // since when it counts; 0: warming up
    first_frames: u64 = 0,
    end_ns: u64,
    looks: u32 = 0,

    fn init(milliseconds: u32) Meter {
        const now = nowNs();
        const warm = now + warm_up_ms * std.time.ns_per_ms;
        return .{ .begin_ns = warm, .end_ns = warm + @as(u64, milliseconds) * std.time.ns_per_ms };
    }

    /// The figure once the time is over.
    inline fn look(m: *Meter) ?Figure {
        m.looks +%= 1;
        if (m.looks & 255 != 0) return null;
        const now = nowNs();
        if (m.first_ns == 0 and now >= m.begin_ns) {
            m.first_ns = now;
            m.first_frames = m.frames;
        }
        if (now < m.end_ns) return null;
        return .{ .frames = m.frames - m.first_frames, .ns = now - m.first_ns };
    }
};

inline fn frameIn(arena: [*]u8, stride: usize, slot: u32) [*]u8 {
    return arena + slot * stride + abi.headroom_bytes;
}

/// The dispatcher's side: copies frames in, takes slots back.
fn drive(o: *const Options, shared: *Shared, arena: [*]u8) !Figure {
    @setRuntimeSafety(false);
    var spec = std.mem.zeroes(abi.TraceSpec);
    spec.frames = o.trace_frames;
    spec.size_count = 1;
    spec.sizes[0] = o.bytes;
    spec.flows = o.trace_frames;
    spec.family = 4;
    spec.sources = 1;
    spec.source_length = 8;
    spec.destinations = 1;
    spec.destination_length = 8;
    var trace: traces.Trace = .init(std.heap.page_allocator);
    try traces.generate(&trace, &spec);
    const frames = trace.frames;
    const stride: usize = o.stride;
    const free = try std.heap.page_allocator.alloc(u32, slot_count);
    for (free, 0..) |*slot, i| slot.* = slot_count - 1 - @as(u32, @intCast(i));
    var top: u32 = slot_count;
    var end: End = .{ .out = &shared.there, .in = &shared.back };
    var next: usize = 0;
    var words: [batch]u64 = undefined;
    var touched: u64 = 0;
    var meter: Meter = .init(o.milliseconds);
    var idle: u32 = 0;
    while (true) {
        if (slot_count - top + batch <= o.window) {
            const count = @min(batch, frames.len - next);
            for (0..@min(claim_ahead, count)) |i| claim(frameIn(arena, stride, free[top - 1 - i]));
            for (frames[next..][0..count], words[0..count], 0..) |*frame, *word, i| {
                top -= 1;
                const slot = free[top];
                if (i + claim_ahead < count) claim(frameIn(arena, stride, free[top - claim_ahead]));
                copy(frameIn(arena, stride, slot), frame.bytes.ptr, frame.bytes.len);
                word.* = @bitCast(abi.Descriptor{
                    .slot = @truncate(slot),
                    .length = @truncate(frame.bytes.len),
                    .offset = abi.headroom_bytes / 2,
                    .input_port = 0,
                    .output = 1,
                });
            }
            next += count;
            if (next == frames.len) next = 0;
            end.push(words[0..count]);
        }
        const back = end.pop(&words);
        for (words[0..back]) |raw| {
            const word: abi.Descriptor = @bitCast(raw);
            touched +%= frameIn(arena, stride, word.slot)[0];
            free[top] = word.slot;
            top += 1;
        }
        meter.frames += back;
        idle = if (back == 0) idle + 1 else 0;
        if (idle != 0) pause(o, idle);
        if (meter.look()) |figure| {
            std.mem.doNotOptimizeAway(touched);
            return figure;
        }
    }
}

/// Nothing came `idle` times in a row: on a machine that does something else as well, the peer may
/// be waiting for this core.
inline fn pause(o: *const Options, idle: u32) void {
    if (o.cores[0] == o.cores[1] or idle > spins_max) {
        _ = linux.sched_yield();
    } else std.atomic.spinLoopHint();
}

/// The VRI's side: looks at each frame and gives it back.
fn reflect(o: *const Options, shared: *Shared, arena: [*]u8) void {
    @setRuntimeSafety(false);
    var end: End = .{ .out = &shared.back, .in = &shared.there };
    const stride: usize = o.stride;
    var words: [batch]u64 = undefined;
    var touched: u64 = 0;
    var idle: u32 = 0;
    while (true) {
        const count = end.pop(&words);
        if (count == 0) {
            if (@atomicLoad(u32, &shared.stop, .acquire) != 0) break;
            idle +%= 1;
            pause(o, idle);
            continue;
        }
        idle = 0;
        for (words[0..count]) |raw| {
            const word: abi.Descriptor = @bitCast(raw);
            touched +%= frameIn(arena, stride, word.slot)[0];
        }
        end.push(words[0..count]);
    }
    std.mem.doNotOptimizeAway(touched);
}

/// Words through one of lvrm's queues, one way.
fn fillQueue(o: *const Options, shared: *Shared, queue: u32, memory: Queue) Figure {
    var producer = ipc_queue.open(ipc_queue.Producer, queue, memory, capacity);
    const word: abi.Descriptor = .{
        .slot = 1,
        .length = 60,
        .offset = abi.headroom_bytes / 2,
        .input_port = 0,
        .output = 1,
    };
    const words: [batch]u64 = @splat(@bitCast(word));
    var meter: Meter = .init(o.milliseconds);
    var idle: u32 = 0;
    @atomicStore(u32, &shared.there.tail, 1, .release); // the queue is laid out
    while (true) {
        const pushed = switch (producer) {
            inline else => |*q| blk: {
                const count = q.push(&words);
                q.publish();
                break :blk count;
            },
        };
        meter.frames += pushed;
        idle = if (pushed == 0) idle + 1 else 0;
        if (idle != 0) pause(o, idle);
        if (meter.look()) |figure| return figure;
    }
}

fn drainQueue(shared: *Shared, queue: u32, memory: Queue) void {
    while (@atomicLoad(u32, &shared.there.tail, .acquire) == 0) _ = linux.sched_yield();
    var consumer = ipc_queue.open(ipc_queue.Consumer, queue, memory, capacity);
    var words: [batch]u64 = undefined;
    while (true) {
        const count = switch (consumer) {
            inline else => |*q| q.pop(&words),
        };
        std.mem.doNotOptimizeAway(&words);
        if (count != 0) continue;
        if (@atomicLoad(u32, &shared.stop, .acquire) != 0) return;
        _ = linux.sched_yield();
    }
}
