//! One suite for every adapter that needs no interface: such a one declares `ended`. Adapters on
//! interfaces have theirs in network namespaces, and are named here as skipped.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const captures = @import("../capture.zig");
const registry = @import("registry.zig");
const traces = @import("../trace.zig");
const Reason = @import("../reason.zig").Reason;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const gpa = std.testing.allocator;
const sizes = [_]u16{ 60, 61, 63, 64, 65, 128, 1514, 9014 };
const frame_count = 1000;

fn Suite(comptime name: []const u8) type {
    return struct {
        test "frames come whole, in order and in batches no larger than asked for, then it ends" {
            try wholeAndInOrder(name);
        }

        test "its descriptor is readable while frames wait, and no more when it has ended" {
            try readableWhileFramesWait(name);
        }

        test "no more frames are on their way than the window says" {
            try withinTheWindow(name);
        }

        test "a port without input has ended; it sends whole batches, and takes nothing from them" {
            try sendsAndTakesNothing(name);
        }

        test "the port's own MAC decides whom a frame is for, where it is asked for" {
            try ownMac(name);
        }

        test "what it can't open it refuses in one line, and leaves nothing open" {
            try refusesInOneLine(name);
        }
    };
}

fn wholeAndInOrder(comptime name: []const u8) !void {
    const A = @field(registry.variants, name);
    var rig: Rig = try .init(name, frame_count);
    defer rig.deinit();
    var a = try rig.open(A, 0, true);
    defer a.deinit();
    const trace = traces.find(rig.trace).?;
    var total: usize = 0;
    var room: [64]registry.Frame = undefined;
    for ([_]usize{ 1, 7, 64 }) |most| for (0..4) |_| {
        const frames = receive(A, &a, room[0..most]);
        try expect(frames.len <= most);
        for (frames, trace.frames[total..][0..frames.len]) |*got, *sent| {
            try std.testing.expectEqualSlices(u8, sent.bytes, got.bytes);
            try expectEqual(.host, got.to);
            try expect(got.isPlain());
        }
        total += frames.len;
    };
    while (!a.ended()) total += receive(A, &a, &room).len;
    try expectEqual(frame_count, total);
    try expectEqual(0, receive(A, &a, &room).len);
}

fn readableWhileFramesWait(comptime name: []const u8) !void {
    const A = @field(registry.variants, name);
    var rig: Rig = try .init(name, 100);
    defer rig.deinit();
    var a = try rig.open(A, 0, true);
    defer a.deinit();
    var room: [64]registry.Frame = undefined;
    try expect(readable(a.descriptor(), 10_000));
    while (!a.ended()) _ = receive(A, &a, &room);
    try expect(!readable(a.descriptor(), 0));
}

fn withinTheWindow(comptime name: []const u8) !void {
    const A = @field(registry.variants, name);
    var rig: Rig = try .init(name, 500);
    defer rig.deinit();
    var a = try rig.open(A, 0, true);
    defer a.deinit();
    var totals: abi.Totals = .{};
    traces.totals[0] = &totals;
    defer traces.totals[0] = null;
    var room: [64]registry.Frame = undefined;
    while (!a.ended()) {
        totals.received_frames += receive(A, &a, &room).len;
        const on_way = totals.received_frames - totals.sent_frames;
        try expect(on_way <= Rig.window and on_way > 0);
        totals.sent_frames += (on_way + 1) / 2;
    }
}

fn sendsAndTakesNothing(comptime name: []const u8) !void {
    const A = @field(registry.variants, name);
    var rig: Rig = try .init(name, 10);
    defer rig.deinit();
    var a = try rig.open(A, 1, false);
    defer a.deinit();
    try expect(a.ended());
    var room: [64]registry.Frame = undefined;
    try expectEqual(0, receive(A, &a, &room).len);
    var bytes: [9014]u8 = undefined;
    for (&bytes, 0..) |*byte, i| byte.* = @truncate(i);
    const before = std.hash.Wyhash.hash(0, &bytes);
    var batch: [64]registry.Outgoing = undefined;
    for (&batch, 0..) |*out, i|
        out.* = .{ .bytes = bytes[0..sizes[i % sizes.len]], .tag = 0 };
    for (0..50) |i| {
        const sent = a.send(batch[0 .. 1 + i]);
        try expectEqual(1 + i, sent.frames);
        try expectEqual(0, sent.refused);
    }
    try expectEqual(before, std.hash.Wyhash.hash(0, &bytes));
    try expectEqual(0, a.missed());
    try expectEqual(0, a.errors());
}

fn ownMac(comptime name: []const u8) !void {
    const A = @field(registry.variants, name);
    var rig: Rig = try .init(name, 0);
    defer rig.deinit();
    var reason: Reason = .{};
    const to = [_]u8{ 2, 2, 1, 0xff };
    for (to) |first| {
        var bytes: [60]u8 = @splat(first);
        try traces.append(rig.trace, &bytes, 60, 0, &reason);
    }
    rig.config.mac = @splat(2);
    rig.config.trace_flags = abi.trace_own_mac;
    const trace = traces.find(rig.trace).?;
    trace.memory.items[64] = 4; // the second frame's first byte: another host's
    var a = try rig.open(A, 0, true);
    defer a.deinit();
    var room: [64]registry.Frame = undefined;
    const frames = receive(A, &a, &room);
    try expectEqual(4, frames.len);
    try expectEqual(.host, frames[0].to);
    try expectEqual(.other_host, frames[1].to);
    try expectEqual(.many, frames[2].to);
    try expectEqual(.many, frames[3].to);
}

fn refusesInOneLine(comptime name: []const u8) !void {
    const A = @field(registry.variants, name);
    var rig: Rig = try .init(name, 10);
    defer rig.deinit();
    const before = openDescriptors();
    for (0..2) |i| {
        var config = rig.config;
        config.trace = 63; // there is none
        if (i == 1) config.capture = 15;
        var reason: Reason = .{};
        try std.testing.expectError(error.Failed, A.init(&config, &reason));
        try expect(reason.message().len > 0);
        try expect(std.mem.indexOfScalar(u8, reason.message(), '\n') == null);
    }
    try expectEqual(before, openDescriptors());
}

/// Named, so that nobody takes it for tested.
fn OnInterfaces(comptime name: []const u8) type {
    return struct {
        const adapter = name;

        test "needs an interface: tested over veth" {
            return error.SkipZigTest;
        }
    };
}

comptime {
    for (registry.names) |name| {
        const is_here = @hasDecl(@field(registry.variants, name), "ended");
        _ = if (is_here) Suite(name) else OnInterfaces(name);
    }
}

fn receive(comptime A: type, a: *A, room: []registry.Frame) []const registry.Frame {
    if (@hasDecl(A, "borrow")) return a.borrow(room.len);
    return room[0..a.receive(room)];
}

fn readable(fd: i32, timeout_ms: i32) bool {
    var fds = [_]linux.pollfd{.{ .fd = fd, .events = linux.POLL.IN, .revents = 0 }};
    return linux.poll(&fds, 1, timeout_ms) == 1;
}

/// Of the first few: enough to see one that stays open.
fn openDescriptors() u32 {
    var count: u32 = 0;
    for (0..256) |fd| {
        const rc = linux.fcntl(@intCast(fd), linux.F.GETFD, 0);
        count += @intFromBool(linux.errno(rc) == .SUCCESS);
    }
    return count;
}

/// A trace of IPv4 frames of all sizes in turn (or an empty one), and where output goes.
const Rig = struct {
    const window = 40;

    trace: u32,
    capture: u32,
    config: abi.PortConfig,

    fn init(name: []const u8, frames: u32) !Rig {
        var reason: Reason = .{};
        var spec = std.mem.zeroes(abi.TraceSpec);
        spec.frames = frames;
        spec.size_count = sizes.len;
        spec.sizes[0..sizes.len].* = sizes;
        spec.flows = 7;
        spec.family = 4;
        spec.sources = 1;
        spec.source_length = 24;
        spec.destinations = 1;
        spec.destination_length = 24;
        spec.destination_mac = @splat(2);
        const trace = try traces.create(gpa, &spec, &reason);
        const capture = try captures.create(gpa, &.{
            .format = 1,
            .nanoseconds = 1,
            .interfaces = 2,
            .speed_permille = 0,
        }, "/dev/null", &reason);
        var config = std.mem.zeroes(abi.PortConfig);
        config.dispatchers = 1;
        config.adapter = for (registry.names, 0..) |it, i| {
            if (std.mem.eql(u8, it, name)) break @intCast(i);
        } else unreachable;
        config.vlan = abi.no_vlan;
        config.trace = trace + 1;
        config.capture = capture + 1;
        config.window_frames = window;
        config.frame_limit = frames;
        return .{ .trace = trace, .capture = capture, .config = config };
    }

    fn open(rig: *const Rig, comptime A: type, port: u32, input: bool) !A {
        var config = rig.config;
        config.port = port;
        config.ifindex = port + 1;
        if (input) config.trace_flags |= abi.trace_replay;
        if (!input and config.adapter == pcapNumber()) config.trace = 0;
        var reason: Reason = .{};
        return A.init(&config, &reason) catch |e| {
            std.debug.print("{s}\n", .{reason.message()});
            return e;
        };
    }

    fn pcapNumber() u32 {
        return for (registry.names, 0..) |it, i| {
            if (std.mem.eql(u8, it, "pcap")) break @intCast(i);
        } else unreachable;
    }

    fn deinit(rig: *Rig) void {
        var reason: Reason = .{};
        traces.destroy(gpa, rig.trace, &reason) catch unreachable; // its ports are closed
        var report: abi.CaptureReport = .{};
        while (report.finished == 0) {
            captures.finish(gpa, rig.capture, &report, &reason) catch unreachable; // as well
            _ = linux.sched_yield();
        }
    }
};
