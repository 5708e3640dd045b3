//! CLOCK_MONOTONIC. With libc by its vDSO, some tens of nanoseconds: inside a shared library Zig's
//! own `linux.clock_gettime` finds no vDSO and enters the kernel, ten times as long.
const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;

pub fn ns() u64 {
    var ts: linux.timespec = undefined;
    if (builtin.link_libc) {
        _ = std.c.clock_gettime(.MONOTONIC, &ts);
    } else _ = linux.clock_gettime(.MONOTONIC, &ts);
    return @as(u64, @intCast(ts.sec)) * std.time.ns_per_s + @as(u64, @intCast(ts.nsec));
}
