//! Cuts random TCP super-frames, joins the segments, cuts again: the same segments come out, also
//! when any byte of any of them was changed on the way.
const std = @import("std");
const checksum = @import("../../checksum.zig");
const coalesce = @import("coalesce.zig");
const segment = @import("../../segment.zig");
const Outgoing = @import("../frame.zig").Outgoing;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;
const expectEqualSlices = std.testing.expectEqualSlices;

const slots = 64;
const slot_bytes = 9200;
const longest_bytes = 9014;

const Case = struct { ipv6: bool, payload_bytes: u32, segment_bytes: u16, option_bytes: u32 };

const Bench = struct {
    whole: [70_000]u8 = undefined,
    joined: [70_000]u8 = undefined,
    cut: [slot_bytes]u8 = undefined,
    memory: [slots][slot_bytes]u8 = undefined,
    frames: [slots]Outgoing = undefined,
    count: u32 = 0,

    /// A super-frame of random content, cut as `ingest` does.
    fn fill(b: *Bench, c: Case, random: std.Random) void {
        const transport: u32 = if (c.ipv6) 54 else 34;
        const header_bytes = transport + 20 + c.option_bytes;
        const frame = b.whole[0 .. header_bytes + c.payload_bytes];
        random.bytes(frame);
        std.mem.writeInt(u16, frame[12..14], if (c.ipv6) 0x86dd else 0x0800, .big);
        frame[14] = if (c.ipv6) 0x60 else 0x45;
        if (c.ipv6) frame[20] = 6 else frame[23] = 6;
        if (!c.ipv6) frame[20..22].* = .{ 0x40, 0 }; // don't fragment
        frame[transport + 12] = @intCast((20 + c.option_bytes) / 4 << 4);
        frame[transport + 13] = 0x18; // ACK PSH
        const s = segment.plan(frame, .{
            .flags = 1,
            .gso_type = if (c.ipv6) 4 else 1,
            .gso_bytes = c.segment_bytes,
            .checksum_start = @intCast(transport),
            .checksum_offset = 16,
        }).?;
        b.count = s.count;
        for (0..s.count) |i| {
            const index: u32 = @intCast(i);
            const into = b.memory[i][0..segment.length(&s, @intCast(frame.len), index)];
            segment.write(&s, frame, index, into);
            b.frames[i] = .{ .bytes = into, .tag = 0 };
        }
    }

    /// Joins from frame `from` on, cuts again and compares; returns how many were joined.
    fn check(b: *Bench, from: u32) !u32 {
        const frames = b.frames[from..b.count];
        var super: coalesce.SuperFrame = undefined;
        const count = coalesce.join(frames, longest_bytes, &super);
        try expect(count >= 1 and count <= frames.len);
        if (count == 1) return 1;
        try expectEqual(count, super.frames);
        var at: usize = super.header_bytes;
        @memcpy(b.joined[0..at], super.header[0..at]);
        for (frames[0..count]) |frame| {
            const payload = frame.bytes[super.header_bytes..];
            @memcpy(b.joined[at..][0..payload.len], payload);
            at += payload.len;
        }
        const joined = b.joined[0..at];
        const s = segment.plan(joined, super.offload).?;
        try expectEqual(count, s.count);
        for (frames[0..count], 0..) |frame, i| {
            const index: u32 = @intCast(i);
            const into = b.cut[0..segment.length(&s, @intCast(joined.len), index)];
            segment.write(&s, joined, index, into);
            try expectEqualSlices(u8, frame.bytes, into);
        }
        return count;
    }
};

const cases = [_]Case{
    .{ .ipv6 = false, .payload_bytes = 20_000, .segment_bytes = 1448, .option_bytes = 12 },
    .{ .ipv6 = true, .payload_bytes = 20_000, .segment_bytes = 1428, .option_bytes = 12 },
    .{ .ipv6 = false, .payload_bytes = 2896, .segment_bytes = 1448, .option_bytes = 0 },
    .{ .ipv6 = true, .payload_bytes = 64_000, .segment_bytes = 8900, .option_bytes = 40 },
    .{ .ipv6 = false, .payload_bytes = 24_000, .segment_bytes = 512, .option_bytes = 12 },
};

test "segments of a super-frame are joined to it again" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = random_state.random();
    const b = try std.testing.allocator.create(Bench);
    defer std.testing.allocator.destroy(b);
    for (cases) |c| {
        b.fill(c, random);
        // A last segment that is too short to be looked at goes by itself.
        const last: u32 = @intCast(b.frames[b.count - 1].bytes.len);
        try expectEqual(b.count - @intFromBool(last < 512), try b.check(0));
        try expect(try b.check(1) + 1 >= b.count - @intFromBool(last < 512)); // from the middle on
    }
}

test "what was changed on the way stays changed" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = random_state.random();
    const b = try std.testing.allocator.create(Bench);
    defer std.testing.allocator.destroy(b);
    for (cases) |c| for (0..300) |round| {
        b.fill(c, random);
        const victim = random.uintLessThan(u32, b.count);
        const bytes: []u8 = @constCast(b.frames[victim].bytes);
        // Most often in the headers, where it matters.
        const within = if (round % 4 == 0) bytes.len else @min(bytes.len, 70);
        bytes[random.uintLessThan(usize, within)] ^= random.int(u8) | 1;
        var at: u32 = 0;
        while (at < b.count) at += try b.check(at);
    };
}

test "a frame that became another with right checksums isn't joined" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const b = try std.testing.allocator.create(Bench);
    defer std.testing.allocator.destroy(b);
    const Change = struct { at: usize, to: u8 };
    // Time to live, a MAC address, an IP address, a window, an option, a flag, the urgent pointer.
    for ([_]Change{
        .{ .at = 22, .to = 9 },  .{ .at = 3, .to = 9 },  .{ .at = 29, .to = 9 },
        .{ .at = 48, .to = 99 }, .{ .at = 60, .to = 9 }, .{ .at = 47, .to = 0x11 },
        .{ .at = 52, .to = 99 }, .{ .at = 19, .to = 9 }, .{ .at = 47, .to = 0x12 },
    }) |change| {
        b.fill(cases[0], random_state.random());
        const bytes: []u8 = @constCast(b.frames[2].bytes);
        const byte = &bytes[change.at];
        byte.* = if (byte.* == change.to) change.to +% 64 else change.to;
        seal(bytes);
        // FIN ends a super-frame and may be its last segment's; all else stands alone.
        const expected: u32 = if (change.to == 0x11) 3 else 2;
        try expectEqual(expected, try b.check(0));
    }
}

/// Right checksums for an IPv4 frame with a TCP header.
fn seal(frame: []u8) void {
    std.mem.writeInt(u16, frame[24..26], 0, .little);
    checksum.complete(frame[14..34], 10, false);
    std.mem.writeInt(u16, frame[50..52], 0, .little);
    const length: u16 = @intCast(frame.len - 34);
    const pseudo = @as(u64, checksum.sum(frame[26..34], 0)) + @byteSwap(length) +
        @byteSwap(@as(u16, 6));
    std.mem.writeInt(u16, frame[50..52], checksum.fold(pseudo), .little);
    checksum.complete(frame[34..], 16, false);
}

test "frames longer than the link takes, or too short to matter, go by themselves" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const b = try std.testing.allocator.create(Bench);
    defer std.testing.allocator.destroy(b);
    b.fill(cases[0], random_state.random());
    var super: coalesce.SuperFrame = undefined;
    try expectEqual(1, coalesce.join(b.frames[0..b.count], 1000, &super));
    try expectEqual(1, coalesce.join(b.frames[0..1], longest_bytes, &super));
    const small: Case = .{
        .ipv6 = false,
        .payload_bytes = 4000,
        .segment_bytes = 100,
        .option_bytes = 0,
    };
    b.fill(small, random_state.random());
    try expectEqual(1, coalesce.join(b.frames[0..b.count], longest_bytes, &super));
}
