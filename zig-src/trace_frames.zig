//! Frames of a generated trace: Ethernet with UDP over IPv4 or IPv6, with everything valid that a
//! router looks at. Flow n has a source in subnet n mod `sources` and a destination in subnet
//! 7919 n mod `destinations` (7919 is prime: neighbouring flows go far apart), and a source port.
const std = @import("std");
const abi = @import("abi.zig");
const checksum = @import("checksum.zig");

const udp_bytes = 8;
const ethernet_bytes = 14;
const hop_limit = 64;

/// The shortest frame of a family (4 or 6) that can be made: headers and eight bytes for a stamp.
pub fn shortest(family: u32) u32 {
    return if (family == 4) 60 else ethernet_bytes + 40 + udp_bytes + 8;
}

/// Address `host` of the `subnet`-th of consecutive subnets of `length` bits from `base` on.
fn address(base: [16]u8, family: u32, length: u32, subnet: u32, host: u32) [16]u8 {
    const bits: u32 = if (family == 4) 32 else 128;
    const host_bits = bits - length;
    const first: u128 = if (family == 4)
        std.mem.readInt(u32, base[0..4], .big)
    else
        std.mem.readInt(u128, &base, .big);
    const host_mask = (@as(u128, 1) << @intCast(@min(host_bits, 32))) - 1; // 0 for no host bits
    const within = (1 + @as(u128, host)) & host_mask;
    const shifted = if (host_bits == 128) 0 else @as(u128, subnet) << @intCast(host_bits);
    const whole = first +% shifted +% within;
    var result: [16]u8 = @splat(0);
    if (family == 4) {
        std.mem.writeInt(u32, result[0..4], @truncate(whole), .big);
    } else std.mem.writeInt(u128, &result, whole, .big);
    return result;
}

/// Writes the frame of a flow; `frame` is as long as it shall be, `shortest` at least.
pub fn write(spec: *const abi.TraceSpec, flow: u32, frame: []u8) void {
    @memset(frame, 0);
    const host = flow / spec.sources;
    const source = address(spec.source, spec.family, spec.source_length, flow % spec.sources, host);
    const subnet: u32 = @intCast(@as(u64, flow) * 7919 % spec.destinations);
    const destination = address(spec.destination, spec.family, spec.destination_length, subnet, 0);
    frame[0..6].* = spec.destination_mac;
    frame[6..12].* = spec.source_mac;
    const ip = frame[ethernet_bytes..];
    const udp = if (spec.family == 4)
        ipv4(frame, ip, source, destination)
    else
        ipv6(frame, ip, source, destination);
    std.mem.writeInt(u16, udp[0..2], @intCast(1024 + flow % 50_000), .big);
    std.mem.writeInt(u16, udp[2..4], 9, .big); // discard (RFC 863)
    std.mem.writeInt(u16, udp[4..6], @intCast(udp.len), .big);
    // No UDP checksum: a stamp may change the payload, and routers don't look at it.
}

fn ipv4(frame: []u8, ip: []u8, source: [16]u8, destination: [16]u8) []u8 {
    std.mem.writeInt(u16, frame[12..14], 0x0800, .big);
    ip[0] = 0x45;
    std.mem.writeInt(u16, ip[2..4], @intCast(ip.len), .big);
    ip[8] = hop_limit;
    ip[9] = 17;
    ip[12..16].* = source[0..4].*;
    ip[16..20].* = destination[0..4].*;
    checksum.complete(ip[0..20], 10, false);
    return ip[20..];
}

fn ipv6(frame: []u8, ip: []u8, source: [16]u8, destination: [16]u8) []u8 {
    std.mem.writeInt(u16, frame[12..14], 0x86dd, .big);
    ip[0] = 0x60;
    std.mem.writeInt(u16, ip[4..6], @intCast(ip.len - 40), .big);
    ip[6] = 17;
    ip[7] = hop_limit;
    ip[8..24].* = source;
    ip[24..40].* = destination;
    return ip[40..];
}

fn testSpec() abi.TraceSpec {
    var spec = std.mem.zeroes(abi.TraceSpec);
    spec.family = 4;
    spec.source[0..4].* = .{ 10, 0, 0, 0 };
    spec.destination[0..4].* = .{ 16, 0, 0, 0 };
    spec.sources = 3;
    spec.source_length = 24;
    spec.destinations = 1000;
    spec.destination_length = 24;
    return spec;
}

test "flows go round the subnets, with valid headers" {
    const spec = testSpec();
    var seen: [1000]bool = @splat(false);
    for (0..3000) |i| {
        var frame: [60]u8 = undefined;
        write(&spec, @intCast(i), &frame);
        try std.testing.expectEqual(0xffff, checksum.sum(frame[14..34], 0));
        try std.testing.expectEqualSlices(u8, &.{ 10, 0, @intCast(i % 3) }, frame[26..29]);
        try std.testing.expectEqual(16, frame[30]);
        const subnet = @as(usize, frame[31]) << 8 | frame[32];
        seen[subnet] = true;
        try std.testing.expectEqual(46, std.mem.readInt(u16, frame[16..18], .big));
        try std.testing.expectEqual(26, std.mem.readInt(u16, frame[38..40], .big));
    }
    for (seen) |one| try std.testing.expect(one);
}

test "IPv6 and host routes" {
    var spec = testSpec();
    spec.family = 6;
    spec.source = .{ 0xfd, 0 } ++ .{0} ** 14;
    spec.source_length = 64;
    spec.destination_length = 128;
    var frame: [70]u8 = undefined;
    write(&spec, 5, &frame);
    try std.testing.expectEqual(0x86dd, std.mem.readInt(u16, frame[12..14], .big));
    try std.testing.expectEqual(2, frame[22 + 7]);
    try std.testing.expectEqual(2, frame[22 + 15]);
    try std.testing.expectEqual(16, std.mem.readInt(u16, frame[18..20], .big));
}
