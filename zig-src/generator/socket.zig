//! System calls that sender and sink share. Static and without libc: `linux.errno` is right here.
const std = @import("std");
const linux = std.os.linux;

pub const Error = error{Failed};
pub var failure: [256]u8 = undefined;
pub var failure_bytes: usize = 0;

/// Remembers in one line what failed, for `main` to print.
pub fn fail(comptime format: []const u8, values: anytype) Error {
    const text = std.fmt.bufPrint(&failure, format, values) catch failure[0..];
    failure_bytes = text.len;
    return error.Failed;
}

/// The result of a system call, or a failure that names it.
pub fn must(rc: usize, comptime what: []const u8) Error!usize {
    const code = linux.errno(rc);
    if (code == .SUCCESS) return rc;
    if (code == .PERM) return fail(what ++ ": not permitted. Raw sockets need root", .{});
    return fail(what ++ ": {t}", .{code});
}

pub const Interface = struct { index: i32, mac: [6]u8, mtu: u32 };

/// Finds an interface of this namespace.
pub fn findInterface(socket: i32, name: []const u8) Error!Interface {
    var request: linux.ifreq = std.mem.zeroes(linux.ifreq);
    @memcpy(request.ifrn.name[0..name.len], name);
    if (linux.errno(linux.ioctl(socket, linux.SIOCGIFINDEX, @intFromPtr(&request))) != .SUCCESS)
        return fail("No interface {s} here: look at `ip link`", .{name});
    const index = request.ifru.ivalue;
    const get_hardware_address = 0x8927; // SIOCGIFHWADDR
    _ = try must(linux.ioctl(socket, get_hardware_address, @intFromPtr(&request)), "SIOCGIFHWADDR");
    const mac = request.ifru.hwaddr.data[0..6].*;
    const get_mtu = 0x8921; // SIOCGIFMTU
    _ = try must(linux.ioctl(socket, get_mtu, @intFromPtr(&request)), "SIOCGIFMTU");
    return .{ .index = index, .mac = mac, .mtu = @intCast(@max(0, request.ifru.mtu)) };
}

/// A raw packet socket for the protocol (host order; 0: receives nothing).
pub fn open() Error!i32 {
    return @intCast(try must(linux.socket(linux.AF.PACKET, linux.SOCK.RAW, 0), "socket"));
}

pub fn bind(socket: i32, index: i32, protocol: u16) Error!void {
    var address: linux.sockaddr.ll = .{
        .protocol = std.mem.nativeToBig(u16, protocol),
        .ifindex = index,
        .hatype = 0,
        .pkttype = 0,
        .halen = 0,
        .addr = @splat(0),
    };
    const bytes = @sizeOf(linux.sockaddr.ll);
    _ = try must(linux.bind(socket, @ptrCast(&address), bytes), "bind");
}

/// Sets an option; `value` is any extern value.
pub fn option(socket: i32, level: i32, name: u32, value: anytype) Error!void {
    const bytes = std.mem.asBytes(&value);
    _ = try must(linux.setsockopt(socket, level, name, bytes, bytes.len), "setsockopt");
}

pub fn now_ns() u64 {
    var time: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &time);
    return @as(u64, @intCast(time.sec)) * std.time.ns_per_s + @as(u64, @intCast(time.nsec));
}

pub fn sleep_ns(duration_ns: u64) void {
    const request: linux.timespec = .{
        .sec = @intCast(duration_ns / std.time.ns_per_s),
        .nsec = @intCast(duration_ns % std.time.ns_per_s),
    };
    _ = linux.nanosleep(&request, null);
}

/// Pins this process to a core, and asks for exact sleeping.
pub fn settle(core: ?u32) Error!void {
    _ = linux.prctl(@intFromEnum(linux.PR.SET_TIMERSLACK), 1, 0, 0, 0);
    const wanted = core orelse return;
    var set: linux.cpu_set_t = @splat(0);
    if (wanted / 64 >= set.len) return fail("No core {d} here", .{wanted});
    set[wanted / 64] |= @as(usize, 1) << @intCast(wanted % 64);
    linux.sched_setaffinity(0, &set) catch return fail("Cannot run on core {d}", .{wanted});
}

/// Prints one line of JSON.
pub fn print(value: anytype) void {
    var buffer: [2048]u8 = undefined;
    var writer: std.Io.Writer = .fixed(&buffer);
    writer.print("{f}\n", .{std.json.fmt(value, .{})}) catch return;
    const text = writer.buffered();
    _ = linux.write(1, text.ptr, text.len);
}
