//! The dispatchers, as the control thread sees them: each with the tables of its own ports, VRs and
//! VRIs, and its plans. They share nothing but the memory of arenas and links. What holds for all
//! (a plan in force, a port or VRI that nobody uses any more) is asked of all. Used by the control
//! thread alone: `core.zig`, `inventory.zig`, `handover.zig`.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const link = @import("link.zig");
const plans = @import("plan.zig");
const Plan = plans.Plan;
const Reason = @import("reason.zig").Reason;

pub const gpa = std.heap.c_allocator;

pub var reason: Reason = .{}; // of the last call that failed

/// One dispatcher, and all that is its own.
pub const Unit = struct {
    d: *dispatch.Dispatcher = undefined,
    thread: std.Thread = undefined,
    events_memory: link.Memory = undefined,
    tables: plans.Tables = .{},
    // The newest plan, the one that it replaces, and the one that that replaced: the dispatcher
    // looks at a plan until the end of the pass in which it takes the next.
    newest: ?*Plan = null,
    previous: ?*Plan = null,
    retired: ?*Plan = null,

    pub fn build(u: *Unit, bytes: []const u8) plans.Error!*Plan {
        const made = try plans.build(gpa, bytes, &u.tables, u.newest, &reason);
        errdefer made.destroy();
        for (made.ports) |port| try port.reside(gpa, made);
        return made;
    }

    pub fn hand(u: *Unit, made: *Plan) void {
        made.generation = generation;
        u.retired = u.previous;
        u.previous = u.newest;
        u.newest = made;
        _ = u.d.mail.put(made); // empty, as the caller saw: only this thread fills it
    }
};

pub var list: [abi.max_dispatchers]Unit = @splat(.{});
/// Dispatchers that there are, or will be.
pub var count: u32 = 1;
pub var running = false;
pub var generation: u64 = 0; // of the newest plan

pub fn all() []Unit {
    return list[0..count];
}

pub fn failed() i32 {
    return -@as(i32, @intFromEnum(reason.errno));
}

pub fn refuse(errno: linux.E, comptime format: []const u8, values: anytype) i32 {
    reason.fail(errno, format, values) catch {};
    return failed();
}

pub fn lastError(into: []u8) i32 {
    const text = reason.message();
    const length = @min(text.len, into.len);
    @memcpy(into[0..length], text[0..length]);
    return @intCast(length);
}

/// Whether some dispatcher has not taken the newest plan: the one before it may be in force.
pub fn inUse() bool {
    if (!running) return false;
    for (all()) |*unit| if (unit.d.mail.full()) return true;
    return false;
}

/// Waits until each dispatcher has passed the end of the pass in which it took the newest plan.
pub fn settle() void {
    if (!running) return;
    for (all()) |*unit| {
        const passes = @atomicLoad(u64, &unit.d.totals.passes, .acquire);
        unit.d.sleeper.wake();
        while (@atomicLoad(u64, &unit.d.totals.passes, .acquire) == passes)
            _ = linux.sched_yield();
    }
}
