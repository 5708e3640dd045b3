//! A timer that is a descriptor, for adapters without a socket: readable, and so keeping the
//! dispatcher awake, while frames wait; set while the next is not yet due.
const std = @import("std");
const linux = std.os.linux;
const Reason = @import("reason.zig").Reason;

pub const Timer = struct {
    fd: i32,

    pub fn init(reason: *Reason) error{Failed}!Timer {
        const rc = linux.timerfd_create(.MONOTONIC, .{ .CLOEXEC = true, .NONBLOCK = true });
        if (linux.errno(rc) != .SUCCESS)
            return reason.fail(.MFILE, "no timer: too many open files? (`ulimit -n`)", .{});
        return .{ .fd = @intCast(rc) };
    }

    pub fn deinit(t: *const Timer) void {
        _ = linux.close(t.fd);
    }

    /// Readable in so many nanoseconds, and from then on; 0: never.
    pub fn set(t: *const Timer, ns: u64) void {
        const at: linux.itimerspec = .{
            .it_interval = .{ .sec = 0, .nsec = 0 },
            .it_value = .{
                .sec = @intCast(ns / std.time.ns_per_s),
                .nsec = @intCast(ns % std.time.ns_per_s),
            },
        };
        _ = linux.timerfd_settime(t.fd, .{}, &at, null);
    }
};
