//! Which cores a thread runs on. The control thread moves VRIs and the dispatcher when a core goes
//! offline, and pins the dispatcher.
const std = @import("std");
const linux = std.os.linux;

const Set = linux.cpu_set_t;
const bits = @bitSizeOf(usize);

extern "c" fn pthread_setaffinity_np(thread: std.c.pthread_t, bytes: usize, set: *const Set) c_int;
extern "c" fn pthread_getaffinity_np(thread: std.c.pthread_t, bytes: usize, set: *Set) c_int;

/// A thread of this process, or a child of it with one thread.
pub const Who = union(enum) { thread: std.Thread.Handle, child: linux.pid_t };

fn only(core: u32) ?Set {
    var set: Set = @splat(0);
    if (core >= set.len * bits) return null;
    set[core / bits] = @as(usize, 1) << @intCast(core % bits);
    return set;
}

/// From now on on this core only. INVAL: the machine doesn't have it, it is offline, or the cpuset
/// excludes it. CHILD: not a child of ours (any more).
pub fn move(who: Who, core: u32) linux.E {
    const set = only(core) orelse return .INVAL;
    switch (who) {
        .thread => |handle| return @enumFromInt(pthread_setaffinity_np(handle, @sizeOf(Set), &set)),
        .child => |pid| {
            if (!isChild(pid)) return .CHILD;
            return linux.errno(linux.syscall3(
                .sched_setaffinity,
                @intCast(pid),
                @sizeOf(Set),
                @intFromPtr(&set),
            ));
        },
    }
}

/// A number that was a child's may be somebody else's by now.
fn isChild(pid: linux.pid_t) bool {
    var info: linux.siginfo_t = undefined;
    const how = linux.W.EXITED | linux.W.NOHANG | linux.W.NOWAIT;
    return linux.errno(linux.waitid(.PID, pid, &info, how, null)) == .SUCCESS;
}

/// The core that it is pinned to. NOTUNIQ: it may run on several.
pub fn pinnedTo(who: Who) union(enum) { core: u32, none: linux.E } {
    var set: Set = @splat(0);
    const errno: linux.E = switch (who) {
        .thread => |handle| @enumFromInt(pthread_getaffinity_np(handle, @sizeOf(Set), &set)),
        .child => |pid| linux.errno(linux.syscall3(
            .sched_getaffinity,
            @intCast(pid),
            @sizeOf(Set),
            @intFromPtr(&set),
        )),
    };
    if (errno != .SUCCESS) return .{ .none = errno };
    var core: ?u32 = null;
    for (set, 0..) |word, at| {
        if (word == 0) continue;
        if (core != null or @popCount(word) > 1) return .{ .none = .NOTUNIQ };
        core = @intCast(at * bits + @ctz(word));
    }
    return if (core) |it| .{ .core = it } else .{ .none = .NOTUNIQ };
}

test move {
    const self: Who = .{ .thread = std.c.pthread_self() };
    var before: Set = undefined;
    try std.testing.expectEqual(0, pthread_getaffinity_np(self.thread, @sizeOf(Set), &before));
    defer _ = pthread_setaffinity_np(self.thread, @sizeOf(Set), &before);
    // On every core that this process may use, one after the other.
    for (0..before.len * bits) |core| {
        if (before[core / bits] >> @intCast(core % bits) & 1 == 0) continue;
        try std.testing.expectEqual(linux.E.SUCCESS, move(self, @intCast(core)));
        try std.testing.expectEqual(core, pinnedTo(self).core);
    }
    try std.testing.expectEqual(linux.E.INVAL, move(self, before.len * bits));
    try std.testing.expectEqual(linux.E.INVAL, move(self, before.len * bits - 1));
    try std.testing.expectEqual(linux.E.CHILD, move(.{ .child = linux.getpid() }, 0));
}
