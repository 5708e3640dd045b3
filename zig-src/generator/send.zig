//! Sends numbered frames, generated or of a trace, at a rate, with captured pauses, or as fast as
//! they go, in batches of one system call.
const std = @import("std");
const linux = std.os.linux;
const default_route = @import("default_route.zig");
const frames = @import("frames.zig");
const progress = @import("progress.zig");
const socket = @import("socket.zig");
const traces = @import("trace.zig");
const transmit_queues = @import("transmit_queues.zig");
const stampNow = @import("payload.zig").stampNow;
const Options = @import("options.zig").Options;

const batch_max = 64;
/// How long to sleep when nothing is due: short enough that a burst stays below a batch at the
/// rates that a veth carries.
const nap_ns = 50_000;
/// Where frames come rarely: how long a signal or the end may have to wait.
const nap_max_ns = 20 * std.time.ns_per_ms;
const send_buffer_bytes: u32 = 8 << 20;

var buffers: [batch_max][frames.frame_bytes_max]u8 = undefined;

pub const Result = struct {
    sent_frames: u64 = 0,
    sent_bytes: u64 = 0,
    numbered_frames: u64 = 0,
    unnumbered_frames: u64 = 0, // of a trace: no room for a number
    filled_frames: u64 = 0, // of a trace's own: cut when they were captured
    skipped_frames: u64 = 0, // likewise: longer than the interface takes
    seconds: f64 = 0,
    rate_fps: f64 = 0,
    refusals: u64 = 0, // times that the interface took nothing
};

pub fn run(options: *const Options) socket.Error!void {
    const fd = try socket.open();
    defer _ = linux.close(fd);
    const interface = try socket.findInterface(fd, options.interface);
    if (!options.allow_default_route and default_route.isDefault(options.interface))
        return socket.fail(
            "{s} carries a default route: frames might leave this network. If that is meant, " ++
                "say --allow-default-route",
            .{options.interface},
        );
    try socket.option(fd, linux.SOL.SOCKET, linux.SO.SNDBUFFORCE, send_buffer_bytes);
    const way = transmit_queues.choose(options.interface, options.core != null);
    try transmit_queues.prepare(fd, way);
    try socket.bind(fd, interface.index, 0);
    var shape = options.shape;
    shape.source_mac = interface.mac;
    var trace: traces.Trace = undefined;
    if (options.trace) |path| trace = try traces.load(path, &.{
        .source_mac = interface.mac,
        .destination_mac = if (std.mem.allEqual(u8, &shape.destination_mac, 0))
            null
        else
            shape.destination_mac,
        .frame_bytes_max = interface.mtu + 14,
    });
    var sender: Sender = .{
        .fd = fd,
        .options = options,
        .shape = &shape,
        .trace = if (options.trace == null) null else &trace,
        .count = options.count,
    };
    if (sender.trace != null and options.loops != 0)
        sender.count = @min(sender.count, options.loops *| trace.frames.len);
    try sender.transmit();
    socket.print(sender.result);
}

const Sender = struct {
    fd: i32,
    options: *const Options,
    shape: *const frames.Shape,
    trace: ?*const traces.Trace,
    count: u64,
    vectors: [batch_max]std.posix.iovec = undefined,
    messages: [batch_max]linux.mmsghdr = undefined,
    result: Result = .{},

    fn transmit(s: *Sender) socket.Error!void {
        s.describe();
        const result = &s.result;
        const start_ns = socket.now_ns();
        const end_ns = start_ns + s.options.most_ns();
        var shown: progress.Progress = .start("sent", start_ns);
        var now_ns = start_ns;
        while (result.sent_frames < s.count and now_ns < end_ns) : (now_ns = socket.now_ns()) {
            if (progress.isAskedToEnd()) break;
            shown.tell(now_ns, result.sent_frames, null);
            const wanted = s.due(now_ns - start_ns);
            if (wanted == 0) {
                s.rest(now_ns - start_ns, end_ns - now_ns);
                continue;
            }
            if (s.trace == null) s.generate(wanted) else s.replay(wanted);
            // What the interface did not take is prepared again, with the same numbers.
            const before = result.sent_frames;
            try s.push(wanted);
            const sent: usize = @intCast(result.sent_frames - before);
            for (s.vectors[0..sent]) |vector| result.sent_bytes += vector.len;
        }
        shown.end();
        result.seconds = @as(f64, @floatFromInt(now_ns - start_ns)) / std.time.ns_per_s;
        result.rate_fps = @as(f64, @floatFromInt(result.sent_frames)) / @max(result.seconds, 1e-9);
        result.numbered_frames = result.sent_frames;
        if (s.trace) |trace| {
            result.numbered_frames = trace.sequenceOf(result.sent_frames);
            result.unnumbered_frames = result.sent_frames - result.numbered_frames;
            result.filled_frames = trace.filled;
            result.skipped_frames = trace.skipped;
        }
    }

    fn describe(s: *Sender) void {
        for (&buffers, &s.vectors, &s.messages) |*buffer, *vector, *message| {
            const bytes = s.bytesOf(0, 0);
            if (s.trace == null) frames.build(s.shape, 0, buffer[0..bytes]);
            vector.* = .{ .base = buffer, .len = bytes };
            message.* = std.mem.zeroes(linux.mmsghdr);
            message.hdr.iov = @ptrCast(vector);
            message.hdr.iovlen = 1;
        }
    }

    /// Bytes of a generated frame.
    fn bytesOf(s: *const Sender, sequence: u64, flow: u32) u32 {
        if (s.trace != null) return 0;
        return @max(s.options.sizes.frameBytes(sequence), s.shape.frameBytesMin(flow));
    }

    /// How many frames are to leave now.
    fn due(s: *const Sender, elapsed_ns: u64) u64 {
        const o = s.options;
        const sent = s.result.sent_frames;
        const wanted = @min(dueFrames(o, s.count, elapsed_ns) -| sent, o.burst);
        const trace = s.trace orelse return wanted;
        // A frame of a trace is numbered where it lies: each is in a batch once.
        const most = @min(wanted, trace.frames.len);
        if (o.speed == 0) return most;
        var count: u64 = 0;
        while (count < most and s.captured_ns(sent + count) <= elapsed_ns) count += 1;
        return count;
    }

    /// When a frame of the trace is due, at the speed asked for.
    fn captured_ns(s: *const Sender, index: u64) u64 {
        const due_ns: f64 = @floatFromInt(s.trace.?.due_ns(index));
        return std.math.lossyCast(u64, due_ns / s.options.speed);
    }

    /// Sleeps while nothing is due. Evenly spaced frames need the clock's own resolution.
    fn rest(s: *const Sender, elapsed_ns: u64, left_ns: u64) void {
        if (s.options.speed != 0) {
            const wait_ns = s.captured_ns(s.result.sent_frames) -| elapsed_ns;
            if (wait_ns > nap_ns) socket.sleep_ns(@min(wait_ns - nap_ns, nap_max_ns, left_ns));
        } else if (s.options.burst > 1) socket.sleep_ns(nap_ns);
    }

    /// Numbers `wanted` generated frames; one reading of the clock serves them all.
    fn generate(s: *Sender, wanted: u64) void {
        const stamp = stampNow();
        const shape = s.shape;
        const same = shape.flows == 1 and s.options.sizes == .fixed;
        for (buffers[0..wanted], s.vectors[0..wanted], 0..) |*buffer, *vector, offset| {
            const sequence = s.result.sent_frames + offset;
            const flow: u32 = @intCast(sequence % shape.flows);
            const frame = buffer[0..s.bytesOf(sequence, flow)];
            if (!same) frames.build(shape, flow, frame);
            vector.len = frame.len;
            frames.number(shape, frame, flow, sequence, stamp);
        }
    }

    fn replay(s: *Sender, wanted: u64) void {
        const stamp = stampNow();
        for (s.vectors[0..wanted], 0..) |*vector, offset| {
            const frame = s.trace.?.prepare(s.result.sent_frames + offset, s.shape.run, stamp);
            vector.* = .{ .base = frame.ptr, .len = frame.len };
        }
    }

    fn push(s: *Sender, wanted: u64) socket.Error!void {
        const rc = linux.sendmmsg(s.fd, &s.messages, @intCast(wanted), 0);
        switch (linux.errno(rc)) {
            .SUCCESS => s.result.sent_frames += rc,
            .NOBUFS, .AGAIN, .INTR => {
                s.result.refusals += 1;
                _ = linux.sched_yield();
            },
            .NETDOWN, .NXIO => return socket.fail("The interface is down", .{}),
            .MSGSIZE => return socket.fail("Frames are longer than the interface's MTU", .{}),
            else => |code| return socket.fail("sendmmsg: {t}", .{code}),
        }
    }
};

/// How many frames should have left by now, by the clock.
fn dueFrames(options: *const Options, count: u64, elapsed_ns: u64) u64 {
    if (options.rate_fps == 0) return count;
    const due = @as(u128, options.rate_fps) * elapsed_ns / std.time.ns_per_s + 1;
    return @intCast(@min(due, count));
}

test "frames come due by the clock and never beyond the count" {
    const options: Options = .{ .command = .send, .rate_fps = 1000 };
    try std.testing.expectEqual(1, dueFrames(&options, 50, 0));
    try std.testing.expectEqual(11, dueFrames(&options, 50, 10 * std.time.ns_per_ms));
    try std.testing.expectEqual(50, dueFrames(&options, 50, std.time.ns_per_s));
}
