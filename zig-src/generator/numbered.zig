//! Where a frame bears a generator's payload: the first bytes behind a UDP or TCP header. Found so
//! by who numbers frames, and by who counts them.
const std = @import("std");
const Payload = @import("payload.zig").Payload;
const payload_bytes = @import("payload.zig").bytes;

const tcp = 6;
const udp = 17;

/// Where things lie in a frame that has room for the payload.
pub const Place = struct {
    addresses: u16, // of source and destination, one behind the other
    segment: u16, // the UDP or TCP header
    payload: u16,
    /// Of the whole packet by its own headers, which may be more than was captured.
    end: u32,
    is_tcp: bool,
    is_v6: bool,
    /// The first of several: its checksum covers what isn't here.
    is_fragment: bool = false,

    pub fn checksumAt(p: *const Place) usize {
        return @as(usize, p.segment) + if (p.is_tcp) @as(usize, 16) else 6;
    }

    pub fn addressBytes(p: *const Place) usize {
        return if (p.is_v6) 32 else 8;
    }
};

/// Null where there is no room: other protocols, fragments but the first, IPv6 with extension
/// headers, datagrams too short. A VLAN tag is skipped; `frame` may be cut behind the payload.
pub fn find(frame: []const u8) ?Place {
    if (frame.len < 14) return null;
    var at: usize = 12;
    if (std.mem.readInt(u16, frame[at..][0..2], .big) == 0x8100) at += 4;
    if (frame.len < at + 2) return null;
    const protocol = std.mem.readInt(u16, frame[at..][0..2], .big);
    at += 2;
    return switch (protocol) {
        0x0800 => ofIpv4(frame, at),
        0x86dd => ofIpv6(frame, at),
        else => null,
    };
}

fn ofIpv4(frame: []const u8, at: usize) ?Place {
    if (frame.len < at + 20) return null;
    const header_bytes = @as(usize, frame[at] & 15) * 4;
    const fragment = std.mem.readInt(u16, frame[at + 6 ..][0..2], .big);
    if (header_bytes < 20 or fragment & 0x1fff != 0) return null;
    const end = at + std.mem.readInt(u16, frame[at + 2 ..][0..2], .big);
    var place = ofSegment(frame, frame[at + 9], at + header_bytes, end) orelse return null;
    place.addresses = @intCast(at + 12);
    place.is_fragment = fragment & 0x2000 != 0;
    return place;
}

fn ofIpv6(frame: []const u8, at: usize) ?Place {
    if (frame.len < at + 40) return null;
    const end = at + 40 + std.mem.readInt(u16, frame[at + 4 ..][0..2], .big);
    var place = ofSegment(frame, frame[at + 6], at + 40, end) orelse return null;
    place.addresses = @intCast(at + 8);
    place.is_v6 = true;
    return place;
}

fn ofSegment(frame: []const u8, protocol: u8, segment: usize, end: usize) ?Place {
    var payload = segment;
    if (protocol == udp) {
        payload += 8;
    } else if (protocol == tcp) {
        if (frame.len < segment + 20) return null;
        const header_bytes = @as(usize, frame[segment + 12] >> 4) * 4;
        if (header_bytes < 20) return null;
        payload += header_bytes;
    } else return null;
    if (frame.len < payload + payload_bytes or end < payload + payload_bytes) return null;
    return .{
        .addresses = 0,
        .segment = @intCast(segment),
        .payload = @intCast(payload),
        .end = @intCast(end),
        .is_tcp = protocol == tcp,
        .is_v6 = false,
    };
}

/// The payload of a captured frame, or null when it is none of a generator's.
pub fn read(frame: []const u8) ?Payload {
    const place = find(frame) orelse return null;
    return Payload.read(frame[place.payload..][0..payload_bytes]);
}

/// Adds bytes to a sum of 16-bit words (RFC 1071), as if they began a word.
pub fn sum(start: u64, data: []const u8) u64 {
    var total = start;
    var at: usize = 0;
    while (at + 1 < data.len) : (at += 2) total += std.mem.readInt(u16, data[at..][0..2], .big);
    if (at < data.len) total += @as(u64, data[at]) << 8;
    return total;
}

/// The checksum that a sum makes.
pub fn finish(total: u64) u16 {
    var folded = total;
    while (folded > 0xffff) folded = (folded & 0xffff) + (folded >> 16);
    return ~@as(u16, @truncate(folded));
}

/// The sum of all that a whole frame's UDP or TCP checksum covers but the checksum itself and the
/// payload, so that `number` needs to add only that.
pub fn sumAround(frame: []const u8, place: *const Place) u64 {
    const length = place.end - place.segment;
    var total = sum(0, frame[place.addresses..][0..place.addressBytes()]);
    total += @as(u64, if (place.is_tcp) tcp else udp) + length;
    const at = place.checksumAt();
    total = sum(total, frame[place.segment..at]);
    total = sum(total, frame[at + 2 .. place.payload]);
    return sum(total, frame[place.payload + payload_bytes .. place.end]);
}

/// Writes the payload, and the checksum that follows; `around`: what `sumAround` gave.
pub fn number(frame: []u8, place: *const Place, around: u64, payload: Payload) void {
    const bytes = frame[place.payload..][0..payload_bytes];
    payload.write(bytes);
    const result = finish(sum(around, bytes));
    const field = frame[place.checksumAt()..][0..2];
    std.mem.writeInt(u16, field, if (result == 0 and !place.is_tcp) 0xffff else result, .big);
}

test "a numbered frame's checksum is right, UDP and TCP, v4 and v6, odd lengths too" {
    var frame: [200]u8 = undefined;
    var random = std.Random.DefaultPrng.init(std.testing.random_seed);
    for ([_]u8{ tcp, udp }) |protocol| for ([_]bool{ false, true }) |is_v6| {
        for (90..frame.len) |length| {
            random.random().bytes(&frame);
            const segment: usize = if (is_v6) 54 else 34;
            std.mem.writeInt(u16, frame[12..14], if (is_v6) 0x86dd else 0x0800, .big);
            frame[14] = if (is_v6) 0x60 else 0x45;
            std.mem.writeInt(u16, frame[16..18], @intCast(length - 14), .big);
            std.mem.writeInt(u16, frame[20..22], 0, .big);
            if (is_v6) std.mem.writeInt(u16, frame[18..20], @intCast(length - 54), .big);
            frame[if (is_v6) 20 else 23] = protocol;
            frame[segment + 12] = 5 << 4;
            const place = find(frame[0..length]).?;
            const around = sumAround(&frame, &place);
            const payload: Payload = .{ .run = 1, .flow = 2, .sequence = length, .stamp = 4 };
            number(&frame, &place, around, payload);
            try std.testing.expectEqual(payload, read(frame[0..length]).?);
            const pseudo = sum(protocol + length - segment, frame[place.addresses..segment]);
            try std.testing.expectEqual(0, finish(sum(pseudo, frame[segment..length])));
        }
    };
}

test "frames without room are none" {
    var frame: [74]u8 = @splat(0);
    std.mem.writeInt(u16, frame[12..14], 0x0800, .big);
    frame[14] = 0x45;
    frame[23] = udp;
    std.mem.writeInt(u16, frame[16..18], 60, .big);
    try std.testing.expect(find(&frame) != null);
    try std.testing.expectEqual(null, find(frame[0..57])); // cut within the payload
    std.mem.writeInt(u16, frame[16..18], 43, .big); // a datagram of 15 bytes
    try std.testing.expectEqual(null, find(&frame));
    std.mem.writeInt(u16, frame[16..18], 60, .big);
    frame[21] = 1; // a later fragment
    try std.testing.expectEqual(null, find(&frame));
    frame[21] = 0;
    frame[20] = 0x20; // the first one
    try std.testing.expect(find(&frame).?.is_fragment);
    frame[23] = 1; // ICMP
    try std.testing.expectEqual(null, find(&frame));
    frame[14] = 0x42; // no header
    try std.testing.expectEqual(null, find(&frame));
}
