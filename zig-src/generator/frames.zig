//! Makes Ethernet frames with UDP over IPv4 or IPv6.
const std = @import("std");
const numbered = @import("numbered.zig");
const Address = @import("addresses.zig").Address;
const Ranges = @import("addresses.zig").Ranges;
const payload_bytes = @import("payload.zig").bytes;

pub const frame_bytes_max = 9216;
/// What a frame takes on the wire beyond its bytes: preamble 8, check sequence 4, gap 12.
pub const wire_overhead_bytes = 24;
const ethernet_bytes = 14;
const udp_bytes = 8;

/// What all frames of a run have in common, and the ranges over which flows differ.
pub const Shape = struct {
    source_mac: [6]u8 = @splat(0),
    destination_mac: [6]u8 = @splat(0),
    sources: Ranges = .{},
    destinations: Ranges = .{},
    source_port: u16 = 1024,
    destination_port: u16 = 9,
    /// Flow n: turn n of the sources, and of the destinations of that family; source port + n.
    flows: u32 = 0, // 0: not said
    ttl: u8 = 64,
    run: u16 = 1,

    pub fn familyOf(s: *const Shape, flow: u32) Family {
        return s.sources.all[flow % s.sources.count].first;
    }

    /// The shortest frame of a flow.
    pub fn frameBytesMin(s: *const Shape, flow: u32) u32 {
        return @max(60, headerBytes(s.familyOf(flow)) + payload_bytes);
    }

    /// Source and destination of a flow.
    pub fn ends(s: *const Shape, flow: u32) [2]Address {
        const family = s.familyOf(flow);
        var rank: u32 = 0; // among the sources of its family
        for (s.sources.items()[0 .. flow % s.sources.count]) |*it|
            rank += @intFromBool(it.first == family);
        const turn = flow / s.sources.count * s.sources.of(family) + rank;
        return .{ s.sources.pick(family, turn), s.destinations.pick(family, turn) };
    }
};

pub const Family = std.meta.Tag(Address);

pub fn headerBytes(family: Family) u32 {
    return ethernet_bytes + udp_bytes + @as(u32, if (family == .v4) 20 else 40);
}

/// Writes the frame of a flow, sequence 0, over all of `frame`.
pub fn build(shape: *const Shape, flow: u32, frame: []u8) void {
    @memset(frame, 0);
    frame[0..6].* = shape.destination_mac;
    frame[6..12].* = shape.source_mac;
    const source, const destination = shape.ends(flow);
    const ip = frame[ethernet_bytes..];
    switch (source) {
        .v4 => |from| {
            std.mem.writeInt(u16, frame[12..14], 0x0800, .big);
            ip[0] = 0x45;
            std.mem.writeInt(u16, ip[2..4], @intCast(ip.len), .big);
            ip[8] = shape.ttl;
            ip[9] = 17;
            ip[12..16].* = from;
            ip[16..20].* = destination.v4;
            const checksum = numbered.finish(numbered.sum(0, ip[0..20]));
            std.mem.writeInt(u16, ip[10..12], checksum, .big);
        },
        .v6 => |from| {
            std.mem.writeInt(u16, frame[12..14], 0x86dd, .big);
            ip[0] = 0x60;
            std.mem.writeInt(u16, ip[4..6], @intCast(ip.len - 40), .big);
            ip[6] = 17;
            ip[7] = shape.ttl;
            ip[8..24].* = from;
            ip[24..40].* = destination.v6;
        },
    }
    const udp = frame[headerBytes(source) - udp_bytes ..];
    std.mem.writeInt(u16, udp[0..2], shape.source_port +% @as(u16, @truncate(flow)), .big);
    std.mem.writeInt(u16, udp[2..4], shape.destination_port, .big);
    std.mem.writeInt(u16, udp[4..6], @intCast(udp.len), .big);
    number(shape, frame, flow, 0, 0);
}

/// Gives a built frame its sequence number, the time, and the UDP checksum that follows from it.
pub fn number(shape: *const Shape, frame: []u8, flow: u32, sequence: u64, stamp: u32) void {
    const is_v6 = frame[12] == 0x86;
    const segment: u16 = if (is_v6) 54 else 34;
    const place: numbered.Place = .{
        .addresses = if (is_v6) 22 else 26,
        .segment = segment,
        .payload = segment + udp_bytes,
        // Behind the payload there are only zeros: they add nothing to the sum.
        .end = segment + udp_bytes + payload_bytes,
        .is_tcp = false,
        .is_v6 = is_v6,
    };
    const more = frame.len - place.end; // but to the length
    numbered.number(frame, &place, numbered.sumAround(frame, &place) + more, .{
        .run = shape.run,
        .flow = @truncate(flow),
        .sequence = sequence,
        .stamp = stamp,
    });
}

test "a built frame holds right checksums and its payload is found, v4 and v6" {
    var culprit: []const u8 = "";
    var shape: Shape = .{
        .sources = try .parse("10.0.1.2,fd00::1,10.0.2.0/24", &culprit),
        .destinations = try .parse("fd01::,10.0.11.2", &culprit),
        .flows = 7,
    };
    shape.sources.fill(3);
    shape.destinations.fill(1);
    var buffer: [frame_bytes_max]u8 = undefined;
    const expectEqual = std.testing.expectEqual;
    for (0..7) |i| for ([_]u64{ 0, 1, 0x8000_0001, 0xffff_ffff }) |sequence| {
        const flow: u32 = @intCast(i);
        for ([_]u32{ shape.frameBytesMin(flow), 1513, 1514 }) |bytes| {
            const frame = buffer[0..bytes];
            build(&shape, flow, frame);
            number(&shape, frame, flow, sequence, @truncate(sequence *% 77));
            const found = numbered.read(frame).?;
            try expectEqual(sequence, found.sequence);
            try expectEqual(flow, found.flow);
            const place = numbered.find(frame).?;
            try expectEqual(bytes, place.end);
            // A whole datagram with its checksum sums to all ones: complement 0.
            const datagram = frame[place.segment..];
            const pseudo = numbered.sum(17 + datagram.len, frame[place.addresses..place.segment]);
            try expectEqual(0, numbered.finish(numbered.sum(pseudo, datagram)));
            if (!place.is_v6) try expectEqual(0, numbered.finish(numbered.sum(0, frame[14..34])));
            try expectEqual(null, numbered.read(frame[0 .. place.payload + payload_bytes - 1]));
        }
    };
}

test "flows take turns among sources and destinations of their family" {
    var culprit: []const u8 = "";
    var shape: Shape = .{
        .sources = try .parse("10.0.1.2,fd00::1,10.0.2.2", &culprit),
        .destinations = try .parse("10.1.0.1,10.2.0.1,fd01::1", &culprit),
    };
    shape.sources.fill(1);
    shape.destinations.fill(1);
    const wanted = [_][2]u8{ .{ 1, 1 }, .{ 0, 0 }, .{ 2, 2 }, .{ 1, 1 }, .{ 0, 0 }, .{ 2, 2 } };
    for (wanted, 0..) |pair, flow| {
        const from, const to = shape.ends(@intCast(flow));
        if (from == .v6) continue;
        try std.testing.expectEqual(pair[0], from.v4[2]);
        try std.testing.expectEqual(pair[1], to.v4[1]);
    }
}
