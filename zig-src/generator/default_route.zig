//! Whether an interface carries a default route: nobody floods that one by mistake.
const std = @import("std");
const linux = std.os.linux;

/// Of this network namespace, either family.
pub fn isDefault(interface: []const u8) bool {
    var buffer: [1 << 16]u8 = undefined;
    for ([_][2][*:0]const u8{
        .{ "/proc/net/route", "4" },
        .{ "/proc/net/ipv6_route", "6" },
    }) |table| {
        const text = read(table[0], &buffer);
        var lines = std.mem.splitScalar(u8, text, '\n');
        while (lines.next()) |line| {
            const leads = if (table[1][0] == '4') leads4(line) else leads6(line);
            if (leads != null and std.mem.eql(u8, leads.?, interface)) return true;
        }
    }
    return false;
}

/// The file's text, as much of it as there is room for: default routes come first.
fn read(path: [*:0]const u8, buffer: []u8) []const u8 {
    const opened = linux.open(path, .{ .CLOEXEC = true }, 0);
    if (linux.errno(opened) != .SUCCESS) return ""; // a kernel without that family
    const fd: i32 = @intCast(opened);
    defer _ = linux.close(fd);
    var used: usize = 0;
    while (used < buffer.len) {
        const got = linux.read(fd, buffer[used..].ptr, buffer.len - used);
        if (linux.errno(got) != .SUCCESS or got == 0) break;
        used += got;
    }
    return buffer[0..used];
}

/// Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT; numbers in hexadecimal.
fn leads4(line: []const u8) ?[]const u8 {
    var words = std.mem.tokenizeAny(u8, line, " \t");
    const interface = words.next() orelse return null;
    const destination = words.next() orelse return null;
    for (0..5) |_| _ = words.next() orelse return null;
    const mask = words.next() orelse return null;
    const is_default = std.mem.eql(u8, destination, "00000000") and
        std.mem.eql(u8, mask, "00000000");
    return if (is_default) interface else null;
}

/// Destination, its length, source, its length, next hop, metric, two counts, flags, interface.
fn leads6(line: []const u8) ?[]const u8 {
    var words = std.mem.tokenizeAny(u8, line, " \t");
    const destination = words.next() orelse return null;
    const length = words.next() orelse return null;
    for (0..6) |_| _ = words.next() orelse return null;
    const flags = std.fmt.parseInt(u32, words.next() orelse return null, 16) catch return null;
    const rejects = 0x200; // RTF_REJECT: the one that every namespace has
    if (flags & rejects != 0 or !std.mem.eql(u8, length, "00")) return null;
    return if (std.mem.allEqual(u8, destination, '0')) words.next() else null;
}

test "default routes are told from others, in both tables" {
    const expect = std.testing.expectEqualStrings;
    try expect("eth0", leads4("eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0").?);
    const others = [_][]const u8{
        "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
        "eth0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0",
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
        "",
    };
    for (others) |line| try std.testing.expectEqual(null, leads4(line));
    const zeros = "0" ** 32;
    const rest = " 00000400 00000001 00000000 ";
    const next = " fd000001" ++ "0" ** 24;
    try expect("e1", leads6(zeros ++ " 00 " ++ zeros ++ " 00" ++ next ++ rest ++ "00000003 e1").?);
    for ([_][]const u8{
        zeros ++ " 00 " ++ zeros ++ " 00 " ++ zeros ++ " ffffffff 00000001 00000000 00200200 lo",
        "fd" ++ "0" ** 30 ++ " 40 " ++ zeros ++ " 00 " ++ zeros ++ rest ++ "00000001 e1",
    }) |line| try std.testing.expectEqual(null, leads6(line));
}
