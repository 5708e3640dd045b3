//! Sends numbered frames at a rate, or as fast as they go, in batches of one system call.
const std = @import("std");
const linux = std.os.linux;
const frames = @import("frames.zig");
const socket = @import("socket.zig");
const stampNow = @import("payload.zig").stampNow;
const Options = @import("options.zig").Options;

const batch_max = 64;
/// How long to sleep when nothing is due: short enough that a burst stays below a batch at the
/// rates that a veth carries.
const nap_ns = 50_000;
const send_buffer_bytes: u32 = 8 << 20;

var buffers: [batch_max][frames.frame_bytes_max]u8 = undefined;

pub const Result = struct {
    sent_frames: u64 = 0,
    sent_bytes: u64 = 0,
    seconds: f64 = 0,
    rate_fps: f64 = 0,
    refusals: u64 = 0, // times that the interface took nothing
};

pub fn run(options: Options) socket.Error!void {
    const fd = try socket.open();
    defer _ = linux.close(fd);
    const interface = try socket.findInterface(fd, options.interface);
    try socket.option(fd, linux.SOL.SOCKET, linux.SO.SNDBUFFORCE, send_buffer_bytes);
    try socket.option(fd, linux.SOL.PACKET, linux.PACKET.QDISC_BYPASS, @as(u32, 1));
    try socket.bind(fd, interface.index, 0);
    var shape = options.shape;
    shape.source_mac = interface.mac;
    socket.print(try transmit(fd, shape, options));
}

fn transmit(fd: i32, shape: frames.Shape, options: Options) socket.Error!Result {
    var vectors: [batch_max]std.posix.iovec = undefined;
    var messages: [batch_max]linux.mmsghdr = undefined;
    for (&buffers, &vectors, &messages) |*buffer, *vector, *message| {
        var own = shape;
        own.frame_bytes = options.sizes.frameBytes(0);
        vector.* = .{ .base = buffer, .len = frames.build(own, 0, buffer).len };
        message.* = std.mem.zeroes(linux.mmsghdr);
        message.hdr.iov = @ptrCast(vector);
        message.hdr.iovlen = 1;
    }
    var result: Result = .{};
    const start_ns = socket.now_ns();
    const end_ns = start_ns + @as(u64, @intFromFloat(options.seconds * std.time.ns_per_s));
    var now_ns = start_ns;
    while (result.sent_frames < options.count and now_ns < end_ns) : (now_ns = socket.now_ns()) {
        const due = due_frames(options, now_ns - start_ns);
        const wanted = @min(due -| result.sent_frames, options.burst);
        if (wanted == 0) {
            // Evenly spaced frames need the clock's own resolution.
            if (options.burst > 1) socket.sleep_ns(nap_ns);
            continue;
        }
        prepare(shape, options, &vectors, result.sent_frames, wanted);
        // What the interface did not take is prepared again, with the same numbers.
        const before = result.sent_frames;
        try push(fd, &messages, wanted, &result);
        const sent: usize = @intCast(result.sent_frames - before);
        for (vectors[0..sent]) |vector| result.sent_bytes += vector.len;
    }
    result.seconds = @as(f64, @floatFromInt(now_ns - start_ns)) / std.time.ns_per_s;
    result.rate_fps = @as(f64, @floatFromInt(result.sent_frames)) / @max(result.seconds, 1e-9);
    return result;
}

/// How many frames should have left by now.
fn due_frames(options: Options, elapsed_ns: u64) u64 {
    if (options.rate_fps == 0) return options.count;
    const due = @as(u128, options.rate_fps) * elapsed_ns / std.time.ns_per_s + 1;
    return @intCast(@min(due, options.count));
}

/// Numbers `wanted` frames from `first` on; one reading of the clock serves them all.
fn prepare(
    shape: frames.Shape,
    options: Options,
    vectors: *[batch_max]std.posix.iovec,
    first: u64,
    wanted: u64,
) void {
    const stamp = stampNow();
    var own = shape;
    for (buffers[0..wanted], vectors[0..wanted], 0..) |*buffer, *vector, offset| {
        const sequence = first + offset;
        const flow: u32 = @intCast(sequence % shape.flows);
        own.frame_bytes = options.sizes.frameBytes(sequence);
        if (shape.flows > 1 or options.sizes != .fixed) _ = frames.build(own, flow, buffer);
        vector.len = own.frame_bytes;
        frames.number(own, buffer[0..own.frame_bytes], flow, sequence, stamp);
    }
}

fn push(fd: i32, messages: []linux.mmsghdr, wanted: u64, result: *Result) socket.Error!void {
    const rc = linux.sendmmsg(fd, messages.ptr, @intCast(wanted), 0);
    switch (linux.errno(rc)) {
        .SUCCESS => {
            result.sent_frames += rc;
        },
        .NOBUFS, .AGAIN, .INTR => {
            result.refusals += 1;
            _ = linux.sched_yield();
        },
        .NETDOWN, .NXIO => return socket.fail("The interface is down", .{}),
        .MSGSIZE => return socket.fail("Frames are longer than the interface's MTU", .{}),
        else => |code| return socket.fail("sendmmsg: {t}", .{code}),
    }
}

test "frames come due by the clock and never beyond the count" {
    const options: Options = .{ .command = .send, .rate_fps = 1000, .count = 50 };
    try std.testing.expectEqual(1, due_frames(options, 0));
    try std.testing.expectEqual(11, due_frames(options, 10 * std.time.ns_per_ms));
    try std.testing.expectEqual(50, due_frames(options, std.time.ns_per_s));
}
