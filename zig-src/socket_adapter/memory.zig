//! Socket adapter `memory`: a trace in RAM (`trace.zig`) instead of an interface, for measuring
//! what lies between adapters (the paper's experiments 1c to 1e). A port replays a trace, round and
//! round up to a limit, or only takes frames; what is sent by it is counted and thrown away.
//!
//! How fast: as fast as frames are taken (a window bounds those on their way through the gateway;
//! one at a time is a window of one), or at a rate by the clock. With `trace_stamp` the last eight
//! bytes of each frame tell when it was handed out; a recording port reads them. With
//! `trace_zero_copy` the dispatcher finds the frames in their VRs' arenas (`residence.zig`).
//!
//! Of several dispatchers each replays the flows that are its own: all together hand out the same
//! frames as one would, each flow in order, at the same rate and with the same window in all.
const std = @import("std");
const abi = @import("../abi.zig");
const flow = @import("../flow.zig");
const latency = @import("../latency.zig");
const Timer = @import("../timer.zig").Timer;
const traces = @import("../trace.zig");
const Frame = @import("frame.zig").Frame;
const Outgoing = @import("frame.zig").Outgoing;
const Reason = @import("../reason.zig").Reason;
const Sent = @import("frame.zig").Sent;

/// Ethernet, IPv4 and UDP headers, and the stamp.
const stamped_bytes_min = 14 + 20 + 8 + 8;
const gpa = std.heap.c_allocator;
const longest_ns = 60 * std.time.ns_per_s;
/// Longest wait for the next frame that is spent looking at the clock.
const doze_ns = 200 * std.time.ns_per_us;
const refusals_max = 64;

pub const Memory = struct {
    trace: *traces.Trace,
    frames: []const Frame, // of the trace; with several dispatchers those of this one's flows
    dispatcher: u32,
    dispatchers: u32,
    replays: bool,
    stamps: bool,
    records: bool,
    left: u64, // frames still to be handed out
    window: u64,
    refusals: u32 = 0, // in a row, for want of room
    next: usize = 0, // in the trace
    timer: Timer,
    resides: bool,
    clock: latency.Clock,
    longest_ticks: u64,
    // At a rate.
    rate: f64, // frames per tick; 0: as fast as they are taken
    start: u64 = 0, // ticks; 0: not begun
    count: u64 = 0, // handed out by this port
    dozing: bool = false,
    due_at: u64 = 0, // ticks: when the first frame after a doze should have gone; 0: no doze

    /// `borrow` gives any number of frames at once.
    pub const in_bursts = true;

    pub fn available(_: *Reason) bool {
        return true;
    }

    pub fn init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!Memory {
        if (config.trace == 0) return reason.fail(.INVAL, "memory: a port needs a trace", .{});
        const trace = traces.find(config.trace - 1) orelse
            return reason.fail(.INVAL, "memory: there is no trace {d}", .{config.trace - 1});
        trace.seal() catch return reason.fail(.NOMEM, "memory: no memory for the trace", .{});
        if (trace.frames.len == 0)
            return reason.fail(.INVAL, "memory: the trace has no frames", .{});
        const stamps = config.trace_flags & abi.trace_stamp != 0;
        if (stamps) for (trace.frames) |*frame| if (frame.bytes.len < stamped_bytes_min)
            return reason.fail(.INVAL, "memory: {d} bytes have no room for a stamp", .{
                frame.bytes.len,
            });
        const resides = config.trace_flags & abi.trace_zero_copy != 0;
        if (stamps and resides)
            return reason.fail(.INVAL, "memory: a stamped frame has to be copied", .{});
        try requireShare(config, stamps, resides, reason);
        const timer = try Timer.init(reason);
        errdefer timer.deinit();
        const frames = if (config.dispatchers == 1)
            trace.frames
        else
            framesOf(trace, config) catch
                return reason.fail(.NOMEM, "memory: no memory for the trace", .{});
        const clock = latency.clock();
        const seconds_per_tick = clock.picoseconds * 1e-12;
        trace.ports += 1;
        const replays = config.trace_flags & abi.trace_replay != 0;
        if (replays and config.trace_flags & abi.trace_own_mac != 0) trace.address(&config.mac);
        var m: Memory = .{
            .trace = trace,
            .frames = frames,
            .dispatcher = config.dispatcher,
            .dispatchers = config.dispatchers,
            .replays = replays,
            .stamps = stamps,
            .records = config.trace_flags & abi.trace_record != 0,
            .left = limitOf(trace, config, frames.len),
            .window = config.window_frames / config.dispatchers,
            .timer = timer,
            .resides = resides,
            .clock = clock,
            .longest_ticks = @intFromFloat(clock.ticksOf(longest_ns)),
            .rate = @as(f64, @floatFromInt(config.rate_fps)) * seconds_per_tick *
                (@as(f64, @floatFromInt(frames.len)) / @as(f64, @floatFromInt(trace.frames.len))),
        };
        if (m.replays and m.left != 0) m.timer.set(1);
        return m;
    }

    /// What several dispatchers can't do together.
    fn requireShare(
        config: *const abi.PortConfig,
        stamps: bool,
        resides: bool,
        reason: *Reason,
    ) error{Failed}!void {
        if (config.dispatchers == 1) return;
        if (stamps or config.trace_flags & abi.trace_record != 0)
            return reason.fail(.OPNOTSUPP, "memory: latencies are for one dispatcher only", .{});
        if (resides) return reason.fail(
            .OPNOTSUPP,
            "memory: frames lie in arenas (--zero-copy) for one dispatcher only",
            .{},
        );
        if (config.window_frames != 0 and config.window_frames < config.dispatchers)
            return reason.fail(
                .INVAL,
                "memory: a window of {d} frames can't be shared by {d} dispatchers",
                .{ config.window_frames, config.dispatchers },
            );
    }

    fn isOwn(frame: *const Frame, config: *const abi.PortConfig) bool {
        return flow.hash(frame.bytes) % config.dispatchers == config.dispatcher;
    }

    fn framesOf(
        trace: *const traces.Trace,
        config: *const abi.PortConfig,
    ) error{OutOfMemory}![]const Frame {
        var own: std.ArrayList(Frame) = .empty;
        errdefer own.deinit(gpa);
        for (trace.frames) |frame| if (isOwn(&frame, config)) try own.append(gpa, frame);
        return own.toOwnedSlice(gpa);
    }

    /// How many of the first `frame_limit` frames of the replay are this dispatcher's.
    fn limitOf(trace: *const traces.Trace, config: *const abi.PortConfig, own: usize) u64 {
        const limit = config.frame_limit;
        if (limit == 0) return if (own == 0) 0 else std.math.maxInt(u64);
        if (config.dispatchers == 1) return limit;
        const rounds = limit / trace.frames.len;
        var rest: u64 = 0;
        for (trace.frames[0..@intCast(limit % trace.frames.len)]) |*frame|
            rest += @intFromBool(isOwn(frame, config));
        return rounds * own + rest;
    }

    pub fn deinit(m: *Memory) void {
        m.trace.ports -= 1;
        if (m.dispatchers > 1) gpa.free(m.frames);
        m.timer.deinit();
    }

    /// A timer: expired, so readable, while frames wait; set while the next is not yet due.
    pub fn descriptor(m: *const Memory) i32 {
        return m.timer.fd;
    }

    pub fn setPromiscuous(_: *Memory, _: bool) void {}
    pub fn setForeignTags(_: *Memory, _: []const u16) void {}

    /// The next frames of the trace, at most `max`.
    pub fn borrow(m: *Memory, max: usize) []const Frame {
        if (!m.replays or m.left == 0) return &.{};
        var budget: u64 = @min(max, m.left);
        if (m.window != 0) budget = @min(budget, m.room(max));
        if (m.rate != 0) budget = @min(budget, m.due());
        if (budget == 0) return &.{};
        const frames = m.frames;
        const count = @min(budget, frames.len - m.next);
        const batch = frames[m.next..][0..count];
        m.next += count;
        if (m.next == frames.len) m.next = 0;
        m.count += count;
        m.left -= count;
        if (m.left == 0) m.timer.set(0); // never again
        if (m.stamps) m.stamp(batch);
        return batch;
    }

    /// What the window has room for; nothing while that is no batch worth the while, unless it
    /// stays so: somebody may hold frames for long.
    fn room(m: *Memory, max: usize) u64 {
        const free = traces.windowRoom(m.window, m.dispatcher);
        if (free < @min(max, m.window / 4) and m.refusals < refusals_max) {
            m.refusals += 1;
            return 0;
        }
        m.refusals = 0;
        return free;
    }

    /// The whole batch is handed on at one instant. After a doze that is when its first frame was
    /// due: the dispatcher's own wake-up counts.
    fn stamp(m: *Memory, batch: []const Frame) void {
        const now = if (m.due_at != 0) m.due_at else latency.ticks();
        m.due_at = 0;
        for (batch) |*frame| {
            const bytes: [*]u8 = @constCast(frame.bytes.ptr); // the trace is ours
            std.mem.writeInt(u64, bytes[frame.bytes.len - 8 ..][0..8], now, .little);
        }
    }

    /// Frames whose time has come. What is late is caught up with: the rate holds on average.
    fn due(m: *Memory) u64 {
        const now = latency.ticks();
        if (m.start == 0) m.start = now;
        const elapsed: f64 = @floatFromInt(now -% m.start);
        const ready: u64 = @intFromFloat(elapsed * m.rate);
        if (ready > m.count) {
            const first: u64 = @intFromFloat(@as(f64, @floatFromInt(m.count + 1)) / m.rate);
            if (m.dozing) m.due_at = m.start + first;
            m.dozing = false;
            return ready - m.count;
        }
        if (m.dozing) return 0;
        const wait_ticks = @as(f64, @floatFromInt(m.count + 1)) / m.rate - elapsed;
        const wait_ns: u64 = @intFromFloat(@max(0, wait_ticks) * m.clock.picoseconds / 1000);
        if (wait_ns > doze_ns) {
            m.dozing = true;
            m.timer.set(wait_ns);
        }
        return 0;
    }

    /// Throws frames away, all at one instant.
    pub fn send(m: *Memory, frames: []const Outgoing) Sent {
        const count: u32 = @intCast(frames.len);
        if (m.records) m.record(frames);
        return .{ .frames = count };
    }

    fn record(m: *Memory, frames: []const Outgoing) void {
        const histogram = &m.trace.latencies;
        const now = latency.ticks();
        histogram.settle();
        for (frames) |*frame| {
            if (frame.bytes.len < stamped_bytes_min) continue;
            const last = frame.bytes[frame.bytes.len - 8 ..][0..8];
            const stamped = std.mem.readInt(u64, last, .little);
            // A frame of a VR's own making has no stamp.
            if (stamped <= now and now - stamped < m.longest_ticks) histogram.record(now - stamped);
        }
    }

    /// Nothing more will be received.
    pub fn ended(m: *const Memory) bool {
        return !m.replays or m.left == 0;
    }

    /// Frames to be put into their VRs' arenas.
    pub fn resident(m: *const Memory) ?[]const Frame {
        return if (m.replays and m.resides) m.trace.frames else null;
    }

    pub fn missed(_: *Memory) u64 {
        return 0;
    }

    pub fn errors(_: *Memory) u64 {
        return 0;
    }
};
