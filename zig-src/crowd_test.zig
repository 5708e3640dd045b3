//! Guests out of a crowd.
const std = @import("std");
const linux = std.os.linux;
const affinity = @import("affinity.zig");
const crowd = @import("crowd.zig");
const guest = @import("guest.zig");
const pairs = @import("guest_test_pair.zig");
const Pair = pairs.Pair;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

/// Somebody who wants the VRI's core, too.
const Stranger = struct {
    pid: linux.pid_t,

    fn on(core: u32) !Stranger {
        const pid = linux.fork();
        if (linux.errno(pid) != .SUCCESS) return error.NoProcess;
        if (pid == 0) while (true) std.atomic.spinLoopHint();
        const it: Stranger = .{ .pid = @intCast(pid) };
        errdefer it.end();
        try expectEqual(linux.E.SUCCESS, affinity.move(.{ .child = it.pid }, core));
        return it;
    }

    fn end(it: Stranger) void {
        _ = linux.kill(it.pid, .KILL);
        var status: u32 = 0;
        _ = linux.waitpid(it.pid, &status, 0);
    }
};

/// Small batches now and then, until it is here.
fn trickle(p: *Pair) !void {
    p.r.idle = .{ .spins = 0, .yields = 2000 }; // it waits for the next one, and yields
    try p.r.replan();
    p.vri().visit.crowd.not_before_ns = 0;
    const pause: linux.timespec = .{ .sec = 0, .nsec = 100 * std.time.ns_per_us };
    for (0..pairs.patience_ms) |_| {
        p.send(8);
        p.r.d.pass();
        if (p.vri().visit.crowd.until_ns != 0) return;
        _ = linux.nanosleep(&pause, null);
    }
    return error.NothingHappens;
}

test "one that is crowded out of its core comes, and goes home when its time is over" {
    var p: Pair = try .start();
    defer p.deinit();
    const stranger = try Stranger.on(p.home);
    defer stranger.end();
    try trickle(&p);
    try expectEqual(p.here, try p.childCore());
    // A burst does not send it home.
    p.send(40);
    p.r.d.pass();
    try expectEqual(p.here, try p.childCore());
    p.vri().visit.crowd.until_ns = 1;
    crowd.look(&p.r.d.sleeper.guests, p.r.d.plan, 1, 2);
    try expectEqual(p.home, try p.childCore());
}

test "one that takes too much of our core goes home, and is not asked again soon" {
    var p: Pair = try .start();
    defer p.deinit();
    const stranger = try Stranger.on(p.home);
    defer stranger.end();
    try trickle(&p);
    @atomicStore(u32, p.burden, 1 << 16, .monotonic);
    for (0..pairs.patience_ms) |_| {
        if (p.vri().visit.home == guest.at_home) break;
        p.send(8);
        p.r.d.pass();
        _ = linux.sched_yield();
    }
    try expectEqual(guest.at_home, p.vri().visit.home);
    try expect(p.vri().visit.crowd.not_before_ns > p.r.d.now_ns);
}
