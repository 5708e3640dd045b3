//! What an interface's driver says of itself (the ethtool ioctl). Control thread, but for `mtu`.
const std = @import("std");
const linux = std.os.linux;

const siocethtool = 0x8946;
const siocgifmtu = 0x8921;
const get_flags = 0x25;
const get_gro = 0x2b;
const get_channels = 0x3c;
const flag_takes_tags_out = 1 << 8; // ETH_FLAG_RXVLAN
const flag_lro = 1 << 15;

const Value = extern struct { command: u32, data: u32 = 0 };
const Channels = extern struct {
    command: u32,
    receive_max: u32 = 0,
    transmit_max: u32 = 0,
    other_max: u32 = 0,
    combined_max: u32 = 0,
    receive: u32 = 0,
    transmit: u32 = 0,
    other: u32 = 0,
    combined: u32 = 0,
};

const Request = extern struct {
    name: [16]u8 = @splat(0),
    data: extern union { pointer: usize, number: i32, room: [24]u8 },
};

fn call(request: u32, name: []const u8, r: *Request) bool {
    const kind = linux.SOCK.DGRAM | linux.SOCK.CLOEXEC;
    const fd = linux.socket(linux.AF.INET, kind, 0);
    if (linux.errno(fd) != .SUCCESS) return false;
    defer _ = linux.close(@intCast(fd));
    return callBy(@intCast(fd), request, name, r);
}

/// By a socket that is there, of any kind.
fn callBy(fd: i32, request: u32, name: []const u8, r: *Request) bool {
    const bytes = @min(name.len, 15);
    @memcpy(r.name[0..bytes], name[0..bytes]);
    return linux.errno(linux.ioctl(fd, request, @intFromPtr(r))) == .SUCCESS;
}

fn value(name: []const u8, command: u32) u32 {
    var v: Value = .{ .command = command };
    var r: Request = .{ .data = .{ .pointer = @intFromPtr(&v) } };
    return if (call(siocethtool, name, &r)) v.data else 0;
}

/// Queues that frames may come by. A driver that doesn't say has one.
pub fn receiveQueues(name: []const u8) u32 {
    var c: Channels = .{ .command = get_channels };
    var r: Request = .{ .data = .{ .pointer = @intFromPtr(&c) } };
    return if (call(siocethtool, name, &r)) @max(c.receive +| c.combined, 1) else 1;
}

/// VLAN tags come beside the frames, not in them.
pub fn takesTagsOut(name: []const u8) bool {
    return value(name, get_flags) & flag_takes_tags_out != 0;
}

/// Frames of a flow are merged into one (GRO, LRO).
pub fn mergesFrames(name: []const u8) bool {
    return value(name, get_gro) != 0 or value(name, get_flags) & flag_lro != 0;
}

/// Hardware, or what a hypervisor shows as such; no virtual interface of this kernel.
pub fn isDevice(name: []const u8) bool {
    var buffer: [64]u8 = undefined;
    const path = std.fmt.bufPrintZ(&buffer, "/sys/class/net/{s}/device", .{name}) catch
        return false;
    return linux.errno(linux.faccessat(linux.AT.FDCWD, path, linux.F_OK, 0)) == .SUCCESS;
}

/// Asked by the dispatcher every few milliseconds, by a socket that it has (`fd`, of any kind).
/// Null: no such interface.
pub fn mtu(fd: i32, name: []const u8) ?u32 {
    var r: Request = .{ .data = .{ .number = 0 } };
    return if (callBy(fd, siocgifmtu, name, &r)) @intCast(@max(r.data.number, 0)) else null;
}
