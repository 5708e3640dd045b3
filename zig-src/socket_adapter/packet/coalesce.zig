//! Joins TCP segments that follow each other into one super-frame for sending, as a receiving
//! kernel's GRO does: most of what it costs to send is per call into the network stack, not per
//! byte. Whoever segments it again (device or kernel) makes the very same frames of it: only
//! segments are joined that differ in nothing but what segmenting derives (IPv4 identification one
//! more each, sequence numbers, lengths, checksums), and whose checksums are right, so that a frame
//! damaged on its way stays so.
//!
//! Frames lie where a VRI can write at any time: headers are copied before they are looked at.
//! Called by the dispatcher.
const std = @import("std");
const checksum = @import("../../checksum.zig");
const Outgoing = @import("../frame.zig").Outgoing;
const OffloadHeader = @import("../../segment.zig").OffloadHeader;

const ethernet_bytes = 14;
const header_room = ethernet_bytes + 40 + 60;
/// Shorter ones are not worth the look.
const shortest_bytes = 512;
/// What an IPv4 total length can say.
const ip_bytes_max = 65_535;

const fin = 0x01;
const psh = 0x08;
const ack = 0x10;
const ece = 0x40;

/// A frame's headers, copied, where they are those of a TCP segment with payload that could be
/// joined.
const Segment = struct {
    header: [header_room]u8,
    header_bytes: u32,
    transport: u32,
    payload_bytes: u32,

    fn read(s: *Segment, frame: []const u8) bool {
        if (frame.len < shortest_bytes) return false;
        @memcpy(&s.header, frame[0..header_room]);
        const h = &s.header;
        const ip_bytes = frame.len - ethernet_bytes;
        if (h[12] == 0x08 and h[13] == 0x00) {
            const unfragmented = h[20] & 0xbf == 0 and h[21] == 0;
            if (h[14] != 0x45 or h[23] != 6 or !unfragmented) return false;
            if (std.mem.readInt(u16, h[16..18], .big) != ip_bytes) return false;
            s.transport = ethernet_bytes + 20;
        } else if (h[12] == 0x86 and h[13] == 0xdd) {
            if (h[14] >> 4 != 6 or h[20] != 6) return false;
            if (std.mem.readInt(u16, h[18..20], .big) != ip_bytes - 40) return false;
            s.transport = ethernet_bytes + 40;
        } else return false;
        const tcp_bytes = @as(u32, h[s.transport + 12] >> 4) * 4;
        if (tcp_bytes < 20) return false;
        s.header_bytes = s.transport + tcp_bytes;
        s.payload_bytes = @intCast(frame.len - s.header_bytes);
        return s.flags() & ~@as(u8, fin | psh | ece) == ack;
    }

    fn flags(s: *const Segment) u8 {
        return s.header[s.transport + 13];
    }

    /// Nothing can come after it in a super-frame.
    fn ends(s: *const Segment) bool {
        return s.flags() & (fin | psh) != 0;
    }

    fn identification(s: *const Segment) u16 {
        return std.mem.readInt(u16, s.header[18..20], .big);
    }

    fn sequence(s: *const Segment) u32 {
        return std.mem.readInt(u32, s.header[s.transport + 4 ..][0..4], .big);
    }

    fn isIpv6(s: *const Segment) bool {
        return s.transport == ethernet_bytes + 40;
    }

    /// Whether it is what segmenting would make `index` segments after `first`.
    fn follows(s: *const Segment, first: *const Segment, index: u32) bool {
        if (s.header_bytes != first.header_bytes) return false;
        if (s.payload_bytes == 0 or s.payload_bytes > first.payload_bytes) return false;
        if (s.sequence() != first.sequence() +% index * first.payload_bytes) return false;
        if ((s.flags() ^ first.flags()) & ~@as(u8, fin | psh) != 0) return false;
        const a = &s.header;
        const b = &first.header;
        const t = s.transport;
        const same_ip = if (s.isIpv6())
            same(a, b, 0, 18) and same(a, b, 20, 54)
        else
            s.identification() == first.identification() +% @as(u16, @intCast(index)) and
                same(a, b, 0, 16) and same(a, b, 20, 24) and same(a, b, 26, 34);
        return same_ip and same(a, b, t, t + 4) and same(a, b, t + 8, t + 13) and
            same(a, b, t + 14, t + 16) and same(a, b, t + 18, s.header_bytes);
    }

    fn same(a: *const [header_room]u8, b: *const [header_room]u8, from: usize, to: usize) bool {
        return std.mem.eql(u8, a[from..to], b[from..to]);
    }

    /// Sum of the pseudo-header for a segment with so much payload, in memory order.
    fn pseudoSum(s: *const Segment, payload_bytes: u32) u64 {
        const addresses = if (s.isIpv6()) s.header[22..54] else s.header[26..34];
        const length: u16 = @intCast(s.header_bytes - s.transport + payload_bytes);
        return @as(u64, checksum.sum(addresses, 0)) + @byteSwap(length) +
            @byteSwap(@as(u16, 6));
    }

    /// Whether its checksums are right.
    fn sound(s: *const Segment, frame: []const u8) bool {
        if (!s.isIpv6() and checksum.sum(s.header[ethernet_bytes..][0..20], 0) != 0xffff)
            return false;
        const start = checksum.fold(s.pseudoSum(s.payload_bytes) +
            checksum.sum(s.header[s.transport..s.header_bytes], 0));
        return checksum.sum(frame[s.header_bytes..], start) == 0xffff;
    }
};

/// The header of a super-frame. Behind it come the payloads of its frames, which start at
/// `header_bytes` in each.
pub const SuperFrame = struct {
    frames: u32,
    header_bytes: u32,
    offload: OffloadHeader,
    header: [header_room]u8,
};

/// How many of the frames, from the first on, one super-frame can stand for; `into` is that
/// super-frame when there are more than one. None is longer than `longest_bytes`.
pub fn join(frames: []const Outgoing, longest_bytes: u32, into: *SuperFrame) u32 {
    if (frames.len < 2 or frames[0].bytes.len > longest_bytes) return 1;
    var first: Segment = undefined;
    if (!first.read(frames[0].bytes) or first.ends()) return 1;
    var last: Segment = undefined;
    var count: u32 = 1;
    var payload_bytes = first.payload_bytes;
    for (frames[1..]) |*frame| {
        var next: Segment = undefined;
        if (!next.read(frame.bytes) or !next.follows(&first, count)) break;
        const ip_bytes = first.header_bytes - ethernet_bytes + payload_bytes + next.payload_bytes;
        if (ip_bytes > ip_bytes_max) break;
        if (count == 1 and !first.sound(frames[0].bytes)) break;
        if (!next.sound(frame.bytes)) break;
        last = next;
        count += 1;
        payload_bytes += next.payload_bytes;
        if (next.ends() or next.payload_bytes < first.payload_bytes) break;
    }
    if (count > 1) describe(into, &first, &last, count, payload_bytes);
    return count;
}

/// As the kernel describes super-frames: lengths of the whole, the checksum field holding the
/// pseudo-header's sum.
fn describe(
    into: *SuperFrame,
    first: *const Segment,
    last: *const Segment,
    count: u32,
    payload_bytes: u32,
) void {
    const t = first.transport;
    into.frames = count;
    into.header_bytes = first.header_bytes;
    into.offload = .{
        .flags = OffloadHeader.needs_checksum,
        .gso_type = if (first.isIpv6()) OffloadHeader.type_tcp6 else OffloadHeader.type_tcp4,
        .header_bytes = @intCast(first.header_bytes),
        .gso_bytes = @intCast(first.payload_bytes),
        .checksum_start = @intCast(t),
        .checksum_offset = 16,
    };
    into.header = first.header;
    const h = &into.header;
    const tcp_bytes: u16 = @intCast(first.header_bytes - t + payload_bytes);
    if (first.isIpv6()) {
        std.mem.writeInt(u16, h[18..20], tcp_bytes, .big);
    } else {
        std.mem.writeInt(u16, h[16..18], tcp_bytes + 20, .big);
        std.mem.writeInt(u16, h[24..26], 0, .little);
        checksum.complete(h[ethernet_bytes..][0..20], 10, false);
    }
    h[t + 13] = last.flags();
    const sum = checksum.fold(first.pseudoSum(payload_bytes));
    std.mem.writeInt(u16, h[t + 16 ..][0..2], sum, .little);
}

test {
    _ = @import("coalesce_test.zig");
}
