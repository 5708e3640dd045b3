//! Which of an interface's transmit queues frames take. Past the queueing discipline, the direct
//! way, the kernel goes by the core that sends: frames of one flow change their queue when the
//! sender is moved to another core, and overtake each other in it. So with several queues the
//! sender either stays on its core or lets the kernel go by flow, or its own frames would tell of a
//! disorder that nobody under test made.
const std = @import("std");
const linux = std.os.linux;
const socket = @import("socket.zig");

pub const Way = enum {
    /// Past the queueing discipline.
    direct,
    /// The same, on the core that we are on: queues go by core (XPS) whichever way is taken.
    staying,
    /// Through the queueing discipline: queues go by flow.
    by_flow,
};

/// `is_pinned`: the sender stays on one core anyway.
pub fn choose(interface: []const u8, is_pinned: bool) Way {
    if (is_pinned or !exists(interface, "tx-1")) return .direct;
    var buffer: [1024]u8 = undefined;
    return of(read(interface, "tx-0/xps_cpus", &buffer));
}

/// Of several queues, by the first one's mask of cores.
fn of(cores: []const u8) Way {
    return if (std.mem.indexOfAny(u8, cores, "123456789abcdef") == null) .by_flow else .staying;
}

pub fn prepare(fd: i32, way: Way) socket.Error!void {
    if (way == .staying) {
        var core: usize = 0;
        if (linux.errno(linux.getcpu(&core, null)) == .SUCCESS) try socket.settle(@intCast(core));
    }
    if (way != .by_flow)
        try socket.option(fd, linux.SOL.PACKET, linux.PACKET.QDISC_BYPASS, @as(u32, 1));
}

fn pathOf(buffer: *[128]u8, interface: []const u8, what: []const u8) ?[*:0]const u8 {
    return std.fmt.bufPrintZ(
        buffer,
        "/sys/class/net/{s}/queues/{s}",
        .{ interface, what },
    ) catch null;
}

fn exists(interface: []const u8, what: []const u8) bool {
    var path: [128]u8 = undefined;
    const at = pathOf(&path, interface, what) orelse return false;
    return linux.errno(linux.access(at, linux.F_OK)) == .SUCCESS;
}

fn read(interface: []const u8, what: []const u8, buffer: []u8) []const u8 {
    var path: [128]u8 = undefined;
    const at = pathOf(&path, interface, what) orelse return "";
    const opened = linux.open(at, .{ .CLOEXEC = true }, 0);
    if (linux.errno(opened) != .SUCCESS) return ""; // a kernel without XPS
    const fd: i32 = @intCast(opened);
    defer _ = linux.close(fd);
    const got = linux.read(fd, buffer.ptr, buffer.len);
    return if (linux.errno(got) == .SUCCESS) buffer[0..got] else "";
}

test "queues go by flow unless some core has one of its own" {
    for ([_][]const u8{ "", "0\n", "00000000,00000000\n" }) |cores|
        try std.testing.expectEqual(.by_flow, of(cores));
    for ([_][]const u8{ "1\n", "00000000,0000a000\n" }) |cores|
        try std.testing.expectEqual(.staying, of(cores));
    try std.testing.expectEqual(.direct, choose("lo", false)); // one queue
    try std.testing.expectEqual(.direct, choose("anything", true));
}
