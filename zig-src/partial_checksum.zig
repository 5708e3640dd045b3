//! Finds frames whose TCP or UDP checksum was left to be completed by hardware that they never
//! meet, where the capture shows no mark for it (XDP, PF_RING).
//!
//! A heuristic: such a field holds the sum of the pseudo-header, P, not yet complemented (Linux:
//! CHECKSUM_PARTIAL). A finished checksum happens to equal P in one frame of 65,536. That does no
//! harm: what is written then is the complement of P plus the rest of the segment, which is what a
//! right checksum is by definition, so one that was right stays as it was. Only a frame that was
//! damaged on its way, and has P in the field, is made to look intact: one in 65,536 of the damaged
//! ones, about as many as a checksum of 16 bits misses anyway.
//!
//! Left alone: fragments (a sender completes before it fragments), what lies within tunnels, and
//! SCTP (whose CRC has no pseudo-header). `ethtool -K PEER tx off` on a virtual neighbour makes it
//! complete them itself.
const std = @import("std");
const checksum = @import("checksum.zig");
const OffloadHeader = @import("segment.zig").OffloadHeader;

const tcp = 6;
const udp = 17;
const ethernet_bytes = 14;

/// What completes the frame's checksum (`segment.completeChecksum`); nothing to do, as a rule.
pub inline fn find(frame: []const u8) OffloadHeader {
    if (frame.len < ethernet_bytes + 20) return .{};
    return switch (std.mem.readInt(u16, frame[12..14], .big)) {
        0x0800 => ofIpv4(frame),
        0x86dd => ofIpv6(frame),
        else => .{},
    };
}

fn ofIpv4(frame: []const u8) OffloadHeader {
    const ip = frame[ethernet_bytes..];
    const header_bytes: usize = @as(usize, ip[0] & 15) * 4;
    const total: usize = std.mem.readInt(u16, ip[2..4], .big);
    const is_fragment = std.mem.readInt(u16, ip[6..8], .big) & 0x3fff != 0;
    if (is_fragment or header_bytes < 20 or total < header_bytes or total > ip.len) return .{};
    return ofSegment(frame, .{
        .start = ethernet_bytes + header_bytes,
        .end = ethernet_bytes + total,
        .protocol = ip[9],
        .addresses = ip[12..20],
    });
}

fn ofIpv6(frame: []const u8) OffloadHeader {
    if (frame.len < ethernet_bytes + 40) return .{};
    const ip = frame[ethernet_bytes..];
    const end: usize = 40 + @as(usize, std.mem.readInt(u16, ip[4..6], .big));
    if (end > ip.len) return .{};
    var protocol = ip[6];
    var start: usize = 40;
    // Hop-by-hop and destination options. A routing header changes the destination that counts.
    for (0..4) |_| {
        if (protocol != 0 and protocol != 60) break;
        if (start + 8 > end) return .{};
        protocol = ip[start];
        start += (@as(usize, ip[start + 1]) + 1) * 8;
    }
    if (start > end) return .{};
    return ofSegment(frame, .{
        .start = ethernet_bytes + start,
        .end = ethernet_bytes + end,
        .protocol = protocol,
        .addresses = ip[8..40],
    });
}

const Segment = struct { start: usize, end: usize, protocol: u8, addresses: []const u8 };

inline fn ofSegment(frame: []const u8, s: Segment) OffloadHeader {
    const field: usize, const shortest: usize = switch (s.protocol) {
        tcp => .{ 16, 20 },
        udp => .{ 6, 8 },
        else => return .{},
    };
    const bytes = s.end - s.start;
    if (bytes < shortest) return .{};
    var pseudo: u64 = checksum.sum(s.addresses, 0);
    pseudo += @byteSwap(@as(u16, @intCast(bytes)));
    pseudo += @byteSwap(@as(u16, s.protocol));
    const found = std.mem.readInt(u16, frame[s.start + field ..][0..2], .little);
    if (found != checksum.fold(pseudo)) return .{};
    // The sum goes to the frame's end: what pads it must not count.
    if (!std.mem.allEqual(u8, frame[s.end..], 0)) return .{};
    return .{
        .flags = OffloadHeader.needs_checksum,
        .checksum_start = @intCast(s.start),
        .checksum_offset = @intCast(field),
    };
}

test {
    _ = @import("partial_checksum_test.zig");
}
