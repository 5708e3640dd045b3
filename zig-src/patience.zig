//! How long an idle reader waits before it sleeps: look again for a while, then yield between
//! looks, then sleep. The plan gives the longest; within it the reader learns what pays: a sleep
//! that ended sooner than that would have been better spent waiting, so the next wait is the
//! longest; one that lasted longer halves it. A loaded machine then gives the time to who needs it.
const std = @import("std");
const abi = @import("abi.zig");

/// An answer takes so long at most where it is worth waiting for: a process wakes up and works.
const answer_ns = 200 * std.time.ns_per_us;

pub const Step = enum { look, yield, sleep };

pub const Patience = struct {
    since_ns: u64 = 0, // idle since; 0: not idle
    learned_ns: u64 = 0,

    /// Something came.
    pub fn reset(p: *Patience) void {
        p.since_ns = 0;
    }

    pub fn idles(p: *const Patience) bool {
        return p.since_ns != 0;
    }

    /// What to do before the next look. With `busy_poll` it never sleeps: it yields now and then,
    /// so that whoever shares the core gets it, and goes on. `awaits`: an answer is on its way, so
    /// a sleep would soon end.
    pub fn next(
        p: *Patience,
        idle: abi.Idle,
        busy_poll: bool,
        awaits: bool,
        now_ns: u64,
    ) Step {
        if (p.since_ns == 0) p.since_ns = now_ns;
        const waited_ns = now_ns -% p.since_ns;
        const spin_ns = @as(u64, idle.spins) * abi.spin_ns;
        if (busy_poll) {
            if (waited_ns < spin_ns) return .look;
            p.since_ns = now_ns;
            return .yield;
        }
        const learned_ns = @min(p.learned_ns, longest(idle));
        const patience_ns = if (awaits) @max(learned_ns, answer_ns) else learned_ns;
        if (waited_ns < @min(spin_ns, patience_ns)) return .look;
        return if (waited_ns < patience_ns) .yield else .sleep;
    }

    /// After a sleep of so long.
    pub fn slept(p: *Patience, idle: abi.Idle, slept_ns: u64) void {
        const longest_ns = longest(idle);
        const halved_ns = @min(p.learned_ns, longest_ns) / 2;
        p.learned_ns = if (slept_ns < longest_ns) longest_ns else halved_ns;
        p.since_ns = 0;
    }
};

fn longest(idle: abi.Idle) u64 {
    return @as(u64, idle.spins) * abi.spin_ns + @as(u64, idle.yields) * abi.yield_ns;
}

test "short sleeps make it wait, long ones make it sleep at once" {
    const idle: abi.Idle = .{ .spins = 10, .yields = 10 };
    var p: Patience = .{};
    try std.testing.expectEqual(.sleep, p.next(idle, false, false, 1000));
    p.slept(idle, 50);
    try std.testing.expectEqual(.look, p.next(idle, false, false, 2000));
    const spin_ns = 10 * abi.spin_ns;
    try std.testing.expectEqual(.yield, p.next(idle, false, false, 2000 + spin_ns));
    try std.testing.expectEqual(.sleep, p.next(idle, false, false, 2000 + longest(idle)));
    for (0..40) |_| p.slept(idle, std.time.ns_per_s);
    try std.testing.expectEqual(.sleep, p.next(idle, false, false, 9000));
    p.reset();
    try std.testing.expectEqual(.look, p.next(idle, true, false, 10_000));
    try std.testing.expectEqual(.yield, p.next(idle, true, false, 10_000 + spin_ns));
    try std.testing.expectEqual(.look, p.next(idle, true, false, 10_001 + spin_ns));
}

test "an answer that is on its way is waited for, not for ever" {
    const idle: abi.Idle = .{ .spins = 10, .yields = 10 };
    var p: Patience = .{};
    try std.testing.expectEqual(.look, p.next(idle, false, true, 1000));
    try std.testing.expectEqual(.yield, p.next(idle, false, true, 1000 + answer_ns - 1));
    try std.testing.expectEqual(.sleep, p.next(idle, false, true, 1000 + answer_ns));
}
