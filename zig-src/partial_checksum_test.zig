//! Tests of the heuristic for partial checksums, false positives included.
const std = @import("std");
const checksum = @import("checksum.zig");
const partial_checksum = @import("partial_checksum.zig");
const segment = @import("segment.zig");
const testing = std.testing;

const Shape = struct { ipv6: bool, tcp: bool, payload: usize, padding: usize = 0 };

/// A frame with random addresses and payload, whose checksum field holds the pseudo-header's sum.
fn make(random: std.Random, shape: Shape, into: []u8) []u8 {
    const ip_bytes: usize = if (shape.ipv6) 40 else 20;
    const transport: usize = 14 + ip_bytes;
    const transport_bytes = (if (shape.tcp) @as(usize, 20) else 8) + shape.payload;
    const frame = into[0 .. transport + transport_bytes + shape.padding];
    random.bytes(frame);
    const protocol: u8 = if (shape.tcp) 6 else 17;
    const ip = frame[14..];
    var pseudo: u64 = undefined;
    if (shape.ipv6) {
        std.mem.writeInt(u16, frame[12..14], 0x86dd, .big);
        ip[0] = 0x60;
        std.mem.writeInt(u16, ip[4..6], @intCast(transport_bytes), .big);
        ip[6] = protocol;
        pseudo = checksum.sum(ip[8..40], 0);
    } else {
        std.mem.writeInt(u16, frame[12..14], 0x0800, .big);
        ip[0] = 0x45;
        std.mem.writeInt(u16, ip[2..4], @intCast(20 + transport_bytes), .big);
        std.mem.writeInt(u16, ip[6..8], 0x4000, .big);
        ip[9] = protocol;
        pseudo = checksum.sum(ip[12..20], 0);
    }
    pseudo += @byteSwap(@as(u16, @intCast(transport_bytes)));
    pseudo += @byteSwap(@as(u16, protocol));
    const l4 = frame[transport..];
    if (!shape.tcp) std.mem.writeInt(u16, l4[4..6], @intCast(transport_bytes), .big);
    std.mem.writeInt(u16, field(frame, shape), checksum.fold(pseudo), .little);
    @memset(frame[frame.len - shape.padding ..], 0);
    return frame;
}

fn field(frame: []u8, shape: Shape) *[2]u8 {
    const transport: usize = if (shape.ipv6) 54 else 34;
    return frame[transport + (if (shape.tcp) @as(usize, 16) else 6) ..][0..2];
}

/// Whether the transport checksum is right, by a sum of its own over pseudo-header and segment.
fn verifies(frame: []const u8, shape: Shape) bool {
    const transport: usize = if (shape.ipv6) 54 else 34;
    const addresses = if (shape.ipv6) frame[22..54] else frame[26..34];
    const end = frame.len - shape.padding;
    var total: u32 = if (shape.tcp) 6 else 17;
    total += @intCast(end - transport);
    for ([_][]const u8{ addresses, frame[transport..end] }) |bytes| for (bytes, 0..) |byte, i| {
        total += @as(u32, byte) << (if (i % 2 == 0) 8 else 0);
    };
    while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
    return total == 0xffff;
}

fn complete(frame: []u8) !bool {
    const found = partial_checksum.find(frame);
    if (found.flags == 0) return false;
    try testing.expect(segment.completeChecksum(frame, found));
    return true;
}

fn eachShape(random: std.Random, context: anytype) !void {
    var buffer: [2048]u8 = undefined;
    for ([_]bool{ false, true }) |ipv6| for ([_]bool{ false, true }) |tcp| for (0..200) |i| {
        const shape: Shape = .{ .ipv6 = ipv6, .tcp = tcp, .payload = i, .padding = i % 3 };
        try context.check(make(random, shape, &buffer), shape);
    };
}

test "a partial checksum of any frame is found and completed" {
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    try eachShape(random_state.random(), struct {
        fn check(frame: []u8, shape: Shape) !void {
            try testing.expect(try complete(frame));
            try testing.expect(verifies(frame, shape));
        }
    });
}

test "a finished checksum is found in about one frame of 65,536, and stays as it was" {
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = random_state.random();
    var buffer: [256]u8 = undefined;
    const shape: Shape = .{ .ipv6 = false, .tcp = true, .payload = 40 };
    const partial = make(random, shape, &buffer);
    const sum = field(partial, shape).*;
    try testing.expect(try complete(partial));
    // All payloads that differ in one word go through every value of the checksum.
    var found: u32 = 0;
    for (0..1 << 16) |value| {
        std.mem.writeInt(u16, partial[60..62], @intCast(value), .big);
        field(partial, shape).* = sum;
        const l4 = partial[34..];
        checksum.complete(l4, 16, false);
        try testing.expect(verifies(partial, shape));
        const before = field(partial, shape).*;
        if (try complete(partial)) found += 1;
        try testing.expectEqual(before, field(partial, shape).*);
    }
    try testing.expect(found >= 1 and found <= 2); // 0 and 0xffff are one number
}

test "what has no checksum to complete is left alone" {
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = random_state.random();
    var buffer: [256]u8 = undefined;
    const shape: Shape = .{ .ipv6 = false, .tcp = false, .payload = 20 };
    const frame = make(random, shape, &buffer);
    try testing.expect(partial_checksum.find(frame).flags != 0);
    const Change = struct { at: usize, value: u8 };
    for ([_]Change{
        .{ .at = 12, .value = 0x86 }, // no IP
        .{ .at = 14, .value = 0x4f }, // options beyond the segment's start
        .{ .at = 17, .value = 0xff }, // longer than the frame
        .{ .at = 20, .value = 0x20 }, // a first fragment
        .{ .at = 21, .value = 1 }, // a later one
        .{ .at = 23, .value = 132 }, // SCTP
        .{ .at = 40, .value = frame[40] ^ 1 }, // another sum
    }) |change| {
        var changed: [256]u8 = undefined;
        @memcpy(changed[0..frame.len], frame);
        changed[change.at] = change.value;
        try testing.expectEqual(0, partial_checksum.find(changed[0..frame.len]).flags);
    }
    var padded: [256]u8 = undefined;
    @memcpy(padded[0..frame.len], frame);
    padded[frame.len] = 1;
    try testing.expectEqual(0, partial_checksum.find(padded[0 .. frame.len + 1]).flags);
    for (0..frame.len) |length| // cut off anywhere
        try testing.expectEqual(0, partial_checksum.find(frame[0..length]).flags);
}

test "IPv6 options before the segment are stepped over; a routing header is not" {
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = random_state.random();
    const shape: Shape = .{ .ipv6 = true, .tcp = true, .payload = 9 };
    for ([_]u8{ 0, 60, 43, 44 }) |header| {
        var buffer: [256]u8 = undefined;
        const plain = make(random, shape, &buffer);
        var frame: [256]u8 = undefined;
        @memcpy(frame[0..54], plain[0..54]);
        frame[20] = header;
        frame[54..62].* = .{ 6, 0, 1, 4, 0, 0, 0, 0 }; // the next is TCP; eight bytes
        @memcpy(frame[62..][0 .. plain.len - 54], plain[54..]);
        std.mem.writeInt(u16, frame[18..20], @intCast(plain.len - 54 + 8), .big);
        const found = partial_checksum.find(frame[0 .. plain.len + 8]);
        const expected: u16 = if (header == 0 or header == 60) 62 else 0;
        try testing.expectEqual(expected, found.checksum_start);
    }
}

test "random bytes never lead out of the frame" {
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = random_state.random();
    var buffer: [200]u8 = undefined;
    for (0..100_000) |_| {
        const frame = buffer[0..random.uintAtMost(usize, buffer.len)];
        random.bytes(frame);
        if (frame.len >= 14) frame[12..14].* = if (random.boolean()) .{ 8, 0 } else .{ 0x86, 0xdd };
        if (frame.len > 14) frame[14] = if (random.boolean()) 0x45 else frame[14];
        _ = try complete(frame);
    }
}
