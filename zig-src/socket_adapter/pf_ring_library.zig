//! libpfring as `pf_ring.zig` calls it: opened once, at run time, by the control thread. Names,
//! types and layouts are those that PF_RING 8.9 was seen to have.
const std = @import("std");
const linux = std.os.linux;
const Reason = @import("../reason.zig").Reason;

pub const Ring = opaque {};

/// What `pfring_recv` tells of a frame. The library writes 48 bytes, or 209 where it was asked to
/// parse frames.
pub const Header = extern struct {
    seconds: [16]u8,
    captured: u32,
    length: u32,
    timestamp_ns: u64,
    flags: u32,
    rx_direction: u8, // 0: the host sends it
    padding: [3]u8,
    if_index: i32,
    hash: u32,
    parsed: [208]u8,
};
comptime {
    std.debug.assert(@offsetOf(Header, "captured") == 16);
    std.debug.assert(@offsetOf(Header, "flags") == 32);
    std.debug.assert(@offsetOf(Header, "rx_direction") == 36);
    std.debug.assert(@offsetOf(Header, "hash") == 44);
    std.debug.assert(@sizeOf(Header) >= 209);
}

pub const Statistics = extern struct {
    received: u64 = 0, // that were read
    dropped: u64 = 0,
    shunted: u64 = 0,
    spare: [5]u64 = @splat(0), // not written by 8.9
};

// Flags of `pfring_open`.
pub const do_not_parse = 0x200;
pub const do_not_timestamp = 0x400;
// Of `pfring_set_direction`, `pfring_set_socket_mode`.
pub const both_directions = 0;
pub const receive_only = 2;

/// Each field is the function of its name, after `pfring_`.
pub const Calls = struct {
    open: *const fn ([*:0]const u8, u32, u32) callconv(.c) ?*Ring,
    close: *const fn (*Ring) callconv(.c) void,
    enable_ring: *const fn (*Ring) callconv(.c) c_int,
    recv: *const fn (*Ring, *?[*]u8, c_uint, *Header, u8) callconv(.c) c_int,
    get_selectable_fd: *const fn (*Ring) callconv(.c) c_int,
    set_poll_watermark: *const fn (*Ring, u16) callconv(.c) c_int,
    set_direction: *const fn (*Ring, c_uint) callconv(.c) c_int,
    set_socket_mode: *const fn (*Ring, c_uint) callconv(.c) c_int,
    set_application_name: *const fn (*Ring, [*]u8) callconv(.c) c_int,
    stats: *const fn (*Ring, *Statistics) callconv(.c) c_int,
    version: *const fn (*Ring, *u32) callconv(.c) c_int,
};

var calls: Calls = undefined;
var loaded = false;

extern "c" fn dlerror() ?[*:0]const u8;

/// The library's functions. It stays loaded.
pub fn load(reason: *Reason) error{Failed}!*const Calls {
    if (loaded) return &calls;
    const named: [*:0]const u8 = std.c.getenv("LVRM_PFRING_LIBRARY") orelse "";
    const path = if (named[0] == 0) "libpfring.so" else named;
    const handle = std.c.dlopen(path, .{ .LAZY = true }) orelse return reason.fail(
        .NOENT,
        "pf_ring: cannot load PF_RING's library: {s}. Install it (ntop's package pfring, or " ++
            "userland/lib of PF_RING's sources), or name the file in LVRM_PFRING_LIBRARY; " ++
            "the kernel module pf_ring is needed too",
        .{if (dlerror()) |text| std.mem.span(text) else "libpfring.so"},
    );
    inline for (@typeInfo(Calls).@"struct".fields) |field| {
        const symbol = std.c.dlsym(handle, "pfring_" ++ field.name) orelse {
            _ = std.c.dlclose(handle);
            return reason.fail(
                .NOSYS,
                "pf_ring: {s} has no function pfring_{s}: it is no library of PF_RING 8",
                .{ path, field.name },
            );
        };
        @field(calls, field.name) = @ptrCast(@alignCast(symbol));
    }
    loaded = true;
    return &calls;
}

/// Why `pfring_open` gave nothing, by the errno that it left.
pub fn explainOpen(device: []const u8, reason: *Reason) error{Failed} {
    const errno: linux.E = @enumFromInt(@as(u16, @intCast(std.c._errno().*)));
    return switch (errno) {
        .AFNOSUPPORT => reason.fail(
            errno,
            "pf_ring: its library is here, but the kernel module pf_ring isn't. " ++
                "`modprobe pf_ring` loads it; if there is none, install ntop's package " ++
                "pfring-dkms, or build kernel/ of PF_RING's sources for this kernel",
            .{},
        ),
        .PERM, .ACCES => reason.fail(
            errno,
            "pf_ring: cannot open {s}: not permitted. Run as root, or with CAP_NET_RAW and " ++
                "CAP_NET_ADMIN",
            .{device},
        ),
        .INVAL, .NODEV, .NXIO => reason.fail(
            errno,
            "pf_ring: there is no interface {s} that the module knows. See `ip link` and " ++
                "/proc/net/pf_ring/dev",
            .{device},
        ),
        else => reason.fail(
            errno,
            "pf_ring: cannot open {s}: {t}. PF_RING has room for 256 devices and 512 rings; see " ++
                "`dmesg`",
            .{ device, errno },
        ),
    };
}
