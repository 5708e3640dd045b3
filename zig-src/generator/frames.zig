//! Makes Ethernet frames with UDP over IPv4 or IPv6, and finds the payload in such frames.
const std = @import("std");
const Payload = @import("payload.zig").Payload;
const payload_bytes = @import("payload.zig").bytes;

pub const frame_bytes_max = 9216;
/// What a frame takes on the wire beyond its bytes: preamble 8, check sequence 4, gap 12.
pub const wire_overhead_bytes = 24;

pub const Address = union(enum) {
    v4: [4]u8,
    v6: [16]u8,

    /// The address `n` after this one (in the last four bytes, wrapping).
    pub fn plus(a: Address, n: u32) Address {
        var result = a;
        const tail: *[4]u8 = switch (result) {
            .v4 => |*it| it,
            .v6 => |*it| it[12..16],
        };
        std.mem.writeInt(u32, tail, std.mem.readInt(u32, tail, .big) +% n, .big);
        return result;
    }

    pub fn slice(a: *const Address) []const u8 {
        return switch (a.*) {
            .v4 => |*it| it,
            .v6 => |*it| it,
        };
    }
};

/// What all frames of a run have in common, and the ranges over which flows differ.
pub const Shape = struct {
    source_mac: [6]u8 = @splat(0),
    destination_mac: [6]u8 = @splat(0),
    source: Address = .{ .v4 = @splat(0) },
    destination: Address = .{ .v4 = @splat(0) },
    source_port: u16 = 1024,
    destination_port: u16 = 9,
    sources: u32 = 1, // addresses from `source` on
    destinations: u32 = 1,
    flows: u32 = 1, // flow n: source port + n, source + n, destination + n, each in its range
    frame_bytes: u32 = 60, // without check sequence
    ttl: u8 = 64,
    run: u16 = 1,

    pub fn headerBytes(s: Shape) u32 {
        return 14 + @as(u32, if (s.source == .v4) 20 else 40) + 8;
    }

    pub fn frameBytesMin(s: Shape) u32 {
        return s.headerBytes() + payload_bytes;
    }
};

/// Writes the frame of a flow, sequence 0, into `to`; returns its bytes.
pub fn build(shape: Shape, flow: u32, to: []u8) []u8 {
    const frame = to[0..shape.frame_bytes];
    @memset(frame, 0);
    frame[0..6].* = shape.destination_mac;
    frame[6..12].* = shape.source_mac;
    const source = shape.source.plus(flow % shape.sources);
    const destination = shape.destination.plus(flow % shape.destinations);
    const ip = frame[14..];
    const udp_at: u32 = shape.headerBytes() - 8;
    if (shape.source == .v4) {
        std.mem.writeInt(u16, frame[12..14], 0x0800, .big);
        ip[0] = 0x45;
        std.mem.writeInt(u16, ip[2..4], @intCast(ip.len), .big);
        ip[8] = shape.ttl;
        ip[9] = 17;
        ip[12..16].* = source.v4;
        ip[16..20].* = destination.v4;
        std.mem.writeInt(u16, ip[10..12], finish(sum(0, ip[0..20])), .big);
    } else {
        std.mem.writeInt(u16, frame[12..14], 0x86dd, .big);
        ip[0] = 0x60;
        std.mem.writeInt(u16, ip[4..6], @intCast(ip.len - 40), .big);
        ip[6] = 17;
        ip[7] = shape.ttl;
        ip[8..24].* = source.v6;
        ip[24..40].* = destination.v6;
    }
    const udp = frame[udp_at..];
    std.mem.writeInt(u16, udp[0..2], shape.source_port +% @as(u16, @truncate(flow)), .big);
    std.mem.writeInt(u16, udp[2..4], shape.destination_port, .big);
    std.mem.writeInt(u16, udp[4..6], @intCast(udp.len), .big);
    number(shape, frame, flow, 0, 0);
    return frame;
}

/// Gives a built frame its sequence number, the time, and the UDP checksum that follows from it.
pub fn number(shape: Shape, frame: []u8, flow: u32, sequence: u64, stamp: u32) void {
    const addresses_at: usize = if (shape.source == .v4) 26 else 22;
    const udp = frame[shape.headerBytes() - 8 ..];
    const payload: Payload = .{
        .run = shape.run,
        .flow = @truncate(flow),
        .sequence = sequence,
        .stamp = stamp,
    };
    payload.write(udp[8..][0..payload_bytes]);
    udp[6..8].* = .{ 0, 0 };
    // Behind the payload there are only zeros: they add nothing to the sum.
    const pseudo: u64 = 17 + udp.len;
    const addresses = frame[addresses_at .. frame.len - udp.len];
    const result = finish(sum(sum(pseudo, addresses), udp[0 .. 8 + payload_bytes]));
    std.mem.writeInt(u16, udp[6..8], if (result == 0) 0xffff else result, .big);
}

fn sum(start: u64, data: []const u8) u64 {
    var total = start;
    var at: usize = 0;
    while (at + 1 < data.len) : (at += 2) total += std.mem.readInt(u16, data[at..][0..2], .big);
    return total;
}

fn finish(total: u64) u16 {
    var folded = total;
    while (folded > 0xffff) folded = (folded & 0xffff) + (folded >> 16);
    return ~@as(u16, @truncate(folded));
}

/// The payload of a captured frame, or null when it is none of a generator's. `frame` may be cut
/// off behind the payload; a VLAN tag is skipped.
pub fn find(frame: []const u8) ?Payload {
    if (frame.len < 14) return null;
    var at: usize = 12;
    if (std.mem.readInt(u16, frame[at..][0..2], .big) == 0x8100) at += 4;
    if (frame.len < at + 2) return null;
    const protocol = std.mem.readInt(u16, frame[at..][0..2], .big);
    at += 2;
    if (protocol == 0x0800) {
        if (frame.len < at + 20 or frame[at + 9] != 17) return null;
        at += @as(usize, frame[at] & 15) * 4;
    } else if (protocol == 0x86dd) {
        if (frame.len < at + 40 or frame[at + 6] != 17) return null;
        at += 40;
    } else return null;
    at += 8;
    if (frame.len < at + payload_bytes) return null;
    return Payload.read(frame[at..][0..payload_bytes]);
}

test "a built frame holds right checksums and its payload is found, v4 and v6" {
    const shapes = [_]Shape{
        .{ .source = .{ .v4 = .{ 10, 0, 1, 2 } }, .destination = .{ .v4 = .{ 10, 0, 11, 2 } } },
        .{
            .source = .{ .v6 = [_]u8{ 0xfd, 0 } ++ @as([14]u8, @splat(1)) },
            .destination = .{ .v6 = [_]u8{ 0xfd, 1 } ++ @as([14]u8, @splat(0xff)) },
            .frame_bytes = 1514,
            .flows = 7,
            .sources = 3,
        },
    };
    for (shapes) |shape| {
        var buffer: [frame_bytes_max]u8 = undefined;
        const frame = build(shape, 5, &buffer);
        for ([_]u64{ 0, 1, 0x8000_0001, 0xffff_ffff }) |sequence| {
            number(shape, frame, 5, sequence, @truncate(sequence *% 77));
            const found = find(frame).?;
            try std.testing.expectEqual(sequence, found.sequence);
            try std.testing.expectEqual(5, found.flow);
            const udp_length: u64 = frame.len - shape.headerBytes() + 8;
            const from: usize = if (shape.source == .v4) 26 else 22;
            // A whole datagram with its checksum sums to all ones: complement 0.
            try std.testing.expectEqual(0, finish(sum(17 + udp_length, frame[from..])));
        }
        if (shape.source == .v4) try std.testing.expectEqual(0, finish(sum(0, frame[14..34])));
        try std.testing.expectEqual(null, find(frame[0 .. shape.frameBytesMin() - 1]));
    }
}

test "an address range wraps in its last four bytes" {
    const a: Address = .{ .v4 = .{ 10, 0, 1, 255 } };
    try std.testing.expectEqual([4]u8{ 10, 0, 2, 0 }, a.plus(1).v4);
}
