//! Socket adapter `pcap`: capture files instead of interfaces, for offline runs. What a port
//! receives lies in a trace that was read from a file (`mod/trace/`), and is handed out once, in
//! the order of the times of all inputs; what ports send goes into one capture file, with the time
//! of the frame that came in (`capture.zig`, `schedule.zig`).
//!
//! Nothing is lost between input and output: no more frames than the window are on their way, and
//! none go in while the output's buffer is half full.
const std = @import("std");
const abi = @import("../abi.zig");
const captures = @import("../capture.zig");
const traces = @import("../trace.zig");
const Capture = captures.Capture;
const Frame = @import("frame.zig").Frame;
const Outgoing = @import("frame.zig").Outgoing;
const Reason = @import("../reason.zig").Reason;
const Sent = @import("frame.zig").Sent;
const Timer = @import("../timer.zig").Timer;

/// Longest wait for the next frame that is spent looking at the clock.
const doze_ns = 200 * std.time.ns_per_us;
/// Until the output's buffer is looked at again.
const pause_ns = std.time.ns_per_ms;

pub const Pcap = struct {
    capture: *Capture,
    interface: u32,
    trace: ?*traces.Trace,
    next: usize = 0, // in the trace
    at_ns: u64 = 0, // time of the frame before, never running backwards
    window: u64,
    timer: Timer,
    armed_for: u64 = 0, // time of the frame that the timer is set for
    sent_ns: u64, // time of the frame sent before

    pub fn available(_: *Reason) bool {
        return true;
    }

    pub fn init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!Pcap {
        if (config.dispatchers > 1) return reason.fail(
            .OPNOTSUPP,
            "pcap: one dispatcher only: frames go in, and are written, in the order of their times",
            .{},
        );
        if (config.capture == 0 or captures.find(config.capture - 1) == null)
            return reason.fail(.INVAL, "pcap: a port needs a capture to write", .{});
        const capture = captures.find(config.capture - 1).?; // as seen above
        if (config.port >= capture.schedule.inputs.len)
            return reason.fail(.INVAL, "pcap: at most {d} ports", .{capture.schedule.inputs.len});
        const trace = if (config.trace == 0) null else try openTrace(config, reason);
        const timer = try Timer.init(reason);
        var p: Pcap = .{
            .capture = capture,
            .interface = config.port,
            .trace = trace,
            .window = if (config.window_frames == 0) 2048 else config.window_frames,
            .timer = timer,
            .sent_ns = 0,
        };
        capture.ports += 1;
        if (trace) |it| {
            it.ports += 1;
            capture.schedule.begin(p.interface, p.timeOf(0).?);
            timer.set(1);
        }
        return p;
    }

    fn openTrace(config: *const abi.PortConfig, reason: *Reason) error{Failed}!*traces.Trace {
        const trace = traces.find(config.trace - 1) orelse
            return reason.fail(.INVAL, "pcap: there is no trace {d}", .{config.trace - 1});
        trace.seal() catch return reason.fail(.NOMEM, "pcap: no memory for the trace", .{});
        if (trace.frames.len == 0)
            return reason.fail(.INVAL, "pcap: the trace has no frames", .{});
        if (config.trace_flags & abi.trace_own_mac != 0) trace.address(&config.mac);
        return trace;
    }

    pub fn deinit(p: *Pcap) void {
        p.capture.ports -= 1;
        if (p.trace) |it| it.ports -= 1;
        p.timer.deinit();
    }

    pub fn descriptor(p: *const Pcap) i32 {
        return p.timer.fd;
    }

    pub fn setPromiscuous(_: *Pcap, _: bool) void {}
    pub fn setForeignTags(_: *Pcap, _: []const u16) void {}

    /// When frame `index` goes in: as captured, but never before an earlier one; null past the end.
    fn timeOf(p: *const Pcap, index: usize) ?u64 {
        const trace = p.trace.?; // of an input
        if (index == trace.frames.len) return null;
        return @max(p.at_ns, capturedAt(trace, index));
    }

    /// A generated trace has no times.
    fn capturedAt(trace: *const traces.Trace, index: usize) u64 {
        return if (index < trace.times.items.len) trace.times.items[index] else 0;
    }

    /// The next frames of the file, at most `max`.
    pub fn borrow(p: *Pcap, max: usize) []const Frame {
        const trace = p.trace orelse return &.{};
        var time = p.timeOf(p.next) orelse return &.{};
        const schedule = &p.capture.schedule;
        if (!p.capture.hasRoom()) {
            p.armed_for = 0;
            p.timer.set(pause_ns);
            return &.{};
        }
        const due = schedule.due();
        if (time > due) {
            p.doze(time, schedule.wait_ns(time, due));
            return &.{};
        }
        const first = p.next;
        const budget = @min(max, traces.windowRoom(p.window, 0));
        const limit = schedule.limit(p.interface);
        while (p.next - first < budget) {
            if (time > due or time > limit.time_ns) break;
            if (time == limit.time_ns and !limit.inclusive) break;
            trace.frames[p.next].tag = schedule.tag(capturedAt(trace, p.next));
            p.at_ns = time;
            p.next += 1;
            time = p.timeOf(p.next) orelse break;
        }
        schedule.proceed(p.interface, p.timeOf(p.next));
        if (p.next == trace.frames.len) p.timer.set(0); // never again
        return trace.frames[first..p.next];
    }

    /// Leaves the clock to the timer, unless there is too little time for that.
    fn doze(p: *Pcap, time_ns: u64, wait_ns: u64) void {
        if (wait_ns <= doze_ns or p.armed_for == time_ns) return;
        p.armed_for = time_ns;
        p.timer.set(wait_ns);
    }

    /// Puts frames into the output's buffer. One that a VR made itself has the time of the one
    /// before it.
    pub fn send(p: *Pcap, frames: []const Outgoing) Sent {
        if (p.capture.hasFailed())
            return .{ .frames = @intCast(frames.len), .refused = std.math.maxInt(u64) };
        const schedule = &p.capture.schedule;
        defer p.capture.publish();
        for (frames, 0..) |*frame, i| {
            if (frame.tag != 0) p.sent_ns = schedule.times[frame.tag];
            const time = if (p.sent_ns == 0) schedule.first_ns else p.sent_ns;
            if (!p.capture.put(p.interface, time, frame.bytes)) return .{ .frames = @intCast(i) };
        }
        return .{ .frames = @intCast(frames.len) };
    }

    /// Nothing more will be received.
    pub fn ended(p: *const Pcap) bool {
        const trace = p.trace orelse return true;
        return p.next == trace.frames.len;
    }

    pub fn missed(_: *Pcap) u64 {
        return 0;
    }

    pub fn errors(_: *Pcap) u64 {
        return 0;
    }
};
