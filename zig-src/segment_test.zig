//! Cuts random TCP and UDP super-frames and checks every segment against first principles.
const std = @import("std");
const checksum = @import("checksum.zig");
const segment = @import("segment.zig");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const Case = struct { tcp: bool, ipv6: bool, payload: u32, gso: u16, options: u32 };

/// A super-frame as the kernel hands it out: lengths of the whole, the transport's checksum field
/// holding only the pseudo-header's sum.
fn superFrame(buffer: []u8, c: Case, random: std.Random) struct { []u8, segment.OffloadHeader } {
    const ip_bytes: u32 = if (c.ipv6) 40 else 20;
    const transport: u32 = 14 + ip_bytes;
    const transport_bytes: u32 = if (c.tcp) 20 + c.options else 8;
    const frame = buffer[0 .. transport + transport_bytes + c.payload];
    random.bytes(frame);
    std.mem.writeInt(u16, frame[12..14], if (c.ipv6) 0x86dd else 0x0800, .big);
    frame[14] = if (c.ipv6) 0x60 else 0x45;
    if (c.ipv6) frame[20] = if (c.tcp) 6 else 17 else frame[23] = if (c.tcp) 6 else 17;
    if (c.tcp) {
        frame[transport + 12] = @intCast(transport_bytes / 4 << 4);
        frame[transport + 13] = 0x99; // CWR ACK PSH FIN
    }
    return .{ frame, .{
        .flags = 1,
        .gso_type = if (!c.tcp) 5 else if (c.ipv6) 4 else 1,
        .gso_bytes = c.gso,
        .checksum_start = @intCast(transport),
        .checksum_offset = if (c.tcp) 16 else 6,
    } };
}

fn transportSum(frame: []const u8, ipv6: bool, transport: usize, protocol: u8) u16 {
    const addresses = if (ipv6) frame[22..54] else frame[26..34];
    var total: u64 = checksum.sum(addresses, 0);
    total += @byteSwap(@as(u16, @intCast(frame.len - transport)));
    total += @byteSwap(@as(u16, protocol));
    total += checksum.sum(frame[transport..], 0);
    return checksum.fold(total);
}

fn check(c: Case, random: std.Random) !void {
    var buffer: [70_000]u8 = undefined;
    var out: [10_000]u8 = undefined;
    const frame, const offload = superFrame(&buffer, c, random);
    const s = segment.plan(frame, offload).?;
    const transport = offload.checksum_start;
    var at: usize = s.header_bytes;
    for (0..s.count) |i| {
        const index: u32 = @intCast(i);
        const length = segment.length(&s, @intCast(frame.len), index);
        const into = out[0..length];
        segment.write(&s, frame, index, into);
        const payload = into[s.header_bytes..];
        try std.testing.expectEqualSlices(u8, frame[at..][0..payload.len], payload);
        if (c.ipv6) {
            try expectEqual(length - 54, std.mem.readInt(u16, into[18..20], .big));
        } else {
            try expectEqual(length - 14, std.mem.readInt(u16, into[16..18], .big));
            try expectEqual(0xffff, checksum.sum(into[14..34], 0));
            const id = std.mem.readInt(u16, frame[18..20], .big) +% @as(u16, @intCast(i));
            try expectEqual(id, std.mem.readInt(u16, into[18..20], .big));
        }
        try expectEqual(0xffff, transportSum(into, c.ipv6, transport, if (c.tcp) 6 else 17));
        if (c.tcp) {
            const first = std.mem.readInt(u32, frame[transport + 4 ..][0..4], .big);
            const sequence = std.mem.readInt(u32, into[transport + 4 ..][0..4], .big);
            try expectEqual(first +% @as(u32, @intCast(at - s.header_bytes)), sequence);
            try expectEqual(i == 0, into[transport + 13] & 0x80 != 0);
            try expectEqual(i + 1 == s.count, into[transport + 13] & 0x09 == 0x09);
        } else {
            try expectEqual(
                length - transport,
                std.mem.readInt(u16, into[transport + 4 ..][0..2], .big),
            );
        }
        at += payload.len;
    }
    try expectEqual(frame.len, at);
}

test "segments of TCP and UDP super-frames carry the same bytes under right headers" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = random_state.random();
    for (0..400) |_| {
        const tcp = random.boolean();
        try check(.{
            .tcp = tcp,
            .ipv6 = random.boolean(),
            .payload = random.intRangeAtMost(u32, 1, 65_000),
            .gso = random.intRangeAtMost(u16, 500, 9000),
            .options = if (tcp) random.uintAtMost(u32, 10) * 4 else 0,
        }, random);
    }
}

test "headers that make no sense are refused, never followed" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = random_state.random();
    var buffer: [70_000]u8 = undefined;
    var out: [70_000]u8 = undefined;
    for (0..3000) |_| {
        const c: Case = .{
            .tcp = random.boolean(),
            .ipv6 = random.boolean(),
            .payload = 3000,
            .gso = 1000,
            .options = 0,
        };
        var frame, var offload = superFrame(&buffer, c, random);
        random.bytes(std.mem.asBytes(&offload));
        frame = frame[0..random.uintAtMost(usize, frame.len)];
        const s = segment.plan(frame, offload) orelse continue;
        for (0..s.count) |i| {
            const length = segment.length(&s, @intCast(frame.len), @intCast(i));
            try expect(length <= frame.len);
            segment.write(&s, frame, @intCast(i), out[0..length]);
        }
    }
}

test "a partial checksum is completed in place" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    var buffer: [2000]u8 = undefined;
    const c: Case = .{ .tcp = true, .ipv6 = false, .payload = 777, .gso = 1000, .options = 12 };
    const frame, const offload = superFrame(&buffer, c, random_state.random());
    var pseudo: u64 = checksum.sum(frame[26..34], 0);
    pseudo += @byteSwap(@as(u16, @intCast(frame.len - 34)));
    pseudo += @byteSwap(@as(u16, 6));
    std.mem.writeInt(u16, frame[34 + 16 ..][0..2], checksum.fold(pseudo), .little);
    try expect(segment.completeChecksum(frame, offload));
    try expectEqual(0xffff, transportSum(frame, false, 34, 6));
    try expect(!segment.completeChecksum(frame[0..40], offload));
}
