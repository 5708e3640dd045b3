//! Cuts super-frames (GSO, GRO) into frames that fit a link, and completes partial checksums, by
//! the virtio-net header that the kernel hands out with a frame (VIRTIO 1.2, 5.1.6). A VR then
//! only ever sees frames as they would be on a wire.
//!
//! The header describes bytes that another host chose: everything is checked against the frame's
//! length before use.
const std = @import("std");
const checksum = @import("checksum.zig");

/// struct virtio_net_hdr, as PACKET_VNET_HDR puts it before each frame.
pub const OffloadHeader = extern struct {
    flags: u8 = 0,
    gso_type: u8 = 0,
    header_bytes: u16 = 0, // not relied on
    gso_bytes: u16 = 0, // payload of each segment
    checksum_start: u16 = 0,
    checksum_offset: u16 = 0,

    pub const needs_checksum = 1;
    pub const type_tcp4 = 1;
    const type_udp_fragments = 3; // UFO: gone from Linux since 4.14, still a legal value
    pub const type_tcp6 = 4;
    const type_udp = 5;
    const flag_ecn = 0x80;

    fn kind(h: *const OffloadHeader) u8 {
        return h.gso_type & ~@as(u8, flag_ecn);
    }
};

const ethernet_bytes = 14;
/// More would keep the dispatcher from everybody else: segments of a few bytes make no sense.
const segments_max = 1024;

/// How a super-frame is cut: found once per super-frame by `plan`.
pub const Segments = struct {
    count: u32,
    header_bytes: u32, // Ethernet, IP and transport headers, repeated in each segment
    payload_bytes: u32, // of each but the last
    transport: u32, // offset of the TCP or UDP header
    tcp: bool,
    ipv6: bool,
};

/// How to cut `frame`, null when its headers make no sense.
pub fn plan(frame: []const u8, offload: OffloadHeader) ?Segments {
    const transport: u32 = offload.checksum_start;
    const kind = offload.kind();
    const tcp = kind == OffloadHeader.type_tcp4 or kind == OffloadHeader.type_tcp6;
    if (!tcp and kind != OffloadHeader.type_udp) return null;
    if (offload.gso_bytes == 0 or frame.len < ethernet_bytes + 20) return null;
    const ether_type = std.mem.readInt(u16, frame[12..14], .big);
    const ipv6 = switch (ether_type) {
        0x0800 => false,
        0x86dd => true,
        else => return null,
    };
    const ip_bytes: u32 = if (ipv6) 40 else @as(u32, frame[14] & 15) * 4;
    const shortest: u32 = if (tcp) 20 else 8;
    if (ip_bytes < 20 or transport < ethernet_bytes + ip_bytes) return null;
    if (transport + shortest > frame.len) return null;
    const transport_bytes: u32 = if (tcp) @as(u32, frame[transport + 12] >> 4) * 4 else 8;
    const header_bytes = transport + transport_bytes;
    if (transport_bytes < 8 or (tcp and transport_bytes < 20) or header_bytes >= frame.len)
        return null;
    const payload: u32 = @intCast(frame.len - header_bytes);
    const count = std.math.divCeil(u32, payload, offload.gso_bytes) catch return null;
    if (count > segments_max) return null;
    return .{
        .count = count,
        .header_bytes = header_bytes,
        .payload_bytes = offload.gso_bytes,
        .transport = transport,
        .tcp = tcp,
        .ipv6 = ipv6,
    };
}

/// Length of segment `index`.
pub fn length(s: *const Segments, frame_bytes: u32, index: u32) u32 {
    const start = s.header_bytes + index * s.payload_bytes;
    return s.header_bytes + @min(s.payload_bytes, frame_bytes - start);
}

/// Writes segment `index` of `frame` to `into` (`length` bytes), with lengths, identification,
/// sequence number, flags and checksums as a sender without offload would have set them.
pub fn write(s: *const Segments, frame: []const u8, index: u32, into: []u8) void {
    const start = s.header_bytes + index * s.payload_bytes;
    const payload = into.len - s.header_bytes;
    @memcpy(into[0..s.header_bytes], frame[0..s.header_bytes]);
    @memcpy(into[s.header_bytes..], frame[start..][0..payload]);
    const last = index + 1 == s.count;
    const transport_length: u32 = @intCast(into.len - s.transport);
    var pseudo: u64 = if (s.ipv6) setIpv6(s, into) else setIpv4(s, into, index);
    pseudo += @byteSwap(@as(u16, @intCast(transport_length)));
    const protocol: u16 = if (s.tcp) 6 else 17;
    pseudo += @byteSwap(protocol);
    const transport = into[s.transport..];
    if (s.tcp) setTcp(transport, index * s.payload_bytes, index == 0, last) else {
        std.mem.writeInt(u16, transport[4..6], @intCast(transport_length), .big);
    }
    const field: usize = if (s.tcp) 16 else 6;
    std.mem.writeInt(u16, transport[field..][0..2], checksum.fold(pseudo), .little);
    checksum.complete(transport, field, !s.tcp);
}

/// Sets total length, identification and header checksum; returns the pseudo-header's addresses'
/// sum.
fn setIpv4(s: *const Segments, into: []u8, index: u32) u64 {
    const ip = into[ethernet_bytes..s.transport];
    std.mem.writeInt(u16, ip[2..4], @intCast(into.len - ethernet_bytes), .big);
    const identification = std.mem.readInt(u16, ip[4..6], .big);
    std.mem.writeInt(u16, ip[4..6], identification +% @as(u16, @truncate(index)), .big);
    std.mem.writeInt(u16, ip[10..12], 0, .little);
    checksum.complete(ip[0 .. @as(usize, ip[0] & 15) * 4], 10, false);
    return checksum.sum(ip[12..20], 0);
}

fn setIpv6(s: *const Segments, into: []u8) u64 {
    const ip = into[ethernet_bytes..s.transport];
    std.mem.writeInt(u16, ip[4..6], @intCast(into.len - ethernet_bytes - 40), .big);
    return checksum.sum(ip[8..40], 0);
}

fn setTcp(tcp: []u8, offset: u32, first: bool, last: bool) void {
    const sequence = std.mem.readInt(u32, tcp[4..8], .big);
    std.mem.writeInt(u32, tcp[4..8], sequence +% offset, .big);
    const fin_psh = 0x09;
    const cwr = 0x80;
    if (!last) tcp[13] &= ~@as(u8, fin_psh); // FIN and PSH belong to the last
    if (!first) tcp[13] &= ~@as(u8, cwr); // CWR to the first (RFC 3168 6.1.2)
}

/// Completes the checksum of a copied plain frame, as its offload header asks. False when the
/// header points outside of the frame.
pub fn completeChecksum(frame: []u8, offload: OffloadHeader) bool {
    const start: usize = offload.checksum_start;
    const field: usize = offload.checksum_offset;
    if (start + field + 2 > frame.len or start < ethernet_bytes) return false;
    checksum.complete(frame[start..], field, field == 6);
    return true;
}

test {
    _ = @import("segment_test.zig");
}
