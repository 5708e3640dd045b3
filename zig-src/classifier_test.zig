//! The predicate, case by case.
const std = @import("std");
const abi = @import("abi.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const classifier = @import("classifier.zig");
const expectEqual = std.testing.expectEqual;

fn prefix(comptime text: []const u8, family: u8, length: u8, vr: u32) abi.PlanPrefix {
    var p: abi.PlanPrefix = .{ .address = @splat(0), .family = family, .length = length, .vr = vr };
    @memcpy(p.address[0..text.len], text);
    return p;
}

fn frame4(bytes: *[60]u8, source: [4]u8, target: [4]u8, to: Frame.To) Frame {
    bytes.* = @splat(0);
    std.mem.writeInt(u16, bytes[12..14], 0x0800, .big);
    bytes[26..30].* = source;
    bytes[30..34].* = target;
    return .{ .bytes = bytes, .tag = 0, .to = to, .offload = .{} };
}

test "the predicate of what is served" {
    var state: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer state.deinit();
    const watches = [_]classifier.Watch{ .{}, .{ .wants = 3, .ports = .{ 2, 0, 0, 0 } } };
    const c: classifier.Classifier = try .build(state.allocator(), &.{
        prefix("\x0a\x00\x01", 4, 24, 0),
        prefix("\x0a\x00\x01\x80", 4, 25, 1),
        prefix("\x20\x01\x0d\xb8", 6, 32, 1),
    }, &.{
        prefix("\x0a\x00\x02\x01", 4, 32, 0),
        prefix("\xe0", 4, 4, 0),
        prefix("\xff", 6, 8, 0),
    }, &watches);
    var bytes: [60]u8 = undefined;
    const away: [4]u8 = .{ 10, 0, 9, 9 };
    // Longest prefix, unicast to us.
    try expectEqual(0, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 5 }, away, .host), 0));
    try expectEqual(1, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 200 }, away, .host), 0));
    try expectEqual(null, c.vrOf(&frame4(&bytes, .{ 10, 0, 3, 5 }, away, .host), 0));
    // The gateway's own, multicast, broadcast, other hosts.
    try expectEqual(null, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 5 }, .{ 10, 0, 2, 1 }, .host), 0));
    try expectEqual(null, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 5 }, .{ 224, 0, 0, 5 }, .host), 0));
    try expectEqual(null, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 5 }, away, .many), 0));
    try expectEqual(null, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 5 }, away, .other_host), 1));
    // Promiscuous: only that VR, only on that port.
    try expectEqual(1, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 200 }, away, .other_host), 1));
    try expectEqual(null, c.vrOf(&frame4(&bytes, .{ 10, 0, 1, 200 }, away, .other_host), 0));
    // Another tag, a short frame, another protocol.
    var tagged = frame4(&bytes, .{ 10, 0, 1, 5 }, away, .host);
    tagged.fault = .foreign_tag;
    try expectEqual(null, c.vrOf(&tagged, 0));
    var short = frame4(&bytes, .{ 10, 0, 1, 5 }, away, .host);
    short.bytes = short.bytes[0..33];
    try expectEqual(null, c.vrOf(&short, 0));
    bytes[12] = 0x88;
    try expectEqual(null, c.vrOf(&.{ .bytes = &bytes, .tag = 0, .to = .host, .offload = .{} }, 0));
}

test "a batch gets the verdicts that its frames get one by one" {
    var state: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer state.deinit();
    const watches = [_]classifier.Watch{ .{}, .{ .wants = 3, .ports = .{ 2, 0, 0, 0 } } };
    const c: classifier.Classifier = try .build(state.allocator(), &.{
        prefix("\x01", 4, 8, 0),
        prefix("\x01\x01", 4, 16, 1),
        prefix("\x00", 6, 7, 1),
    }, &.{ prefix("\x01\x00\x01", 4, 24, 0), prefix("\x01", 6, 8, 0) }, &watches);
    var prng = std.Random.DefaultPrng.init(std.testing.random_seed);
    const random = prng.random();
    for (0..500) |_| {
        var bytes: [64][60]u8 = undefined;
        var frames: [64]Frame = undefined;
        for (&bytes, &frames) |*b, *frame| {
            for (b) |*byte| byte.* = random.int(u8) & 1; // few addresses: they meet prefixes
            const types = [_]u16{ 0x0800, 0x0800, 0x86dd, 0x0806 };
            const ether_type = types[random.int(u2)];
            std.mem.writeInt(u16, b[12..14], ether_type, .big);
            frame.* = .{
                .bytes = b[0..random.intRangeAtMost(usize, 14, 60)],
                .tag = 0,
                .to = random.enumValue(Frame.To),
                .fault = random.enumValue(Frame.Fault),
                .offload = .{},
            };
        }
        const port = random.int(u1);
        const count = random.intRangeAtMost(usize, 0, 64);
        var verdicts: [64]u32 = undefined;
        c.vrsOf(frames[0..count], port, &verdicts);
        for (frames[0..count], verdicts[0..count]) |*frame, verdict|
            try expectEqual(c.vrOf(frame, port) orelse classifier.kernels, verdict);
    }
}

test "copies: ARP and neighbour discovery to who asked, multicast of its own sources" {
    var state: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer state.deinit();
    const watches = [_]classifier.Watch{ .{}, .{ .wants = 3, .ports = .{ 2, 0, 0, 0 } } };
    const c: classifier.Classifier = try .build(state.allocator(), &.{
        prefix("\x0a\x00\x01", 4, 24, 0),
        prefix("\x0a\x00\x02", 4, 24, 1),
    }, &.{}, &watches);
    var bytes: [60]u8 = undefined;
    var frame = frame4(&bytes, .{ 10, 0, 2, 1 }, .{ 224, 0, 0, 5 }, .many);
    try expectEqual(true, c.wantsCopy(&frame, 1, 1));
    try expectEqual(false, c.wantsCopy(&frame, 1, 0));
    try expectEqual(false, c.wantsCopy(&frame, 0, 1));
    bytes[13] = 6; // ARP
    try expectEqual(true, c.wantsCopy(&frame, 1, 1));
    bytes[12..14].* = .{ 0x86, 0xdd };
    bytes[20] = 58;
    bytes[54] = 135;
    try expectEqual(true, c.wantsCopy(&frame, 1, 1));
    bytes[54] = 128; // an echo request
    try expectEqual(false, c.wantsCopy(&frame, 1, 1));
    frame.fault = .truncated;
    bytes[54] = 135;
    try expectEqual(false, c.wantsCopy(&frame, 1, 1));
}
