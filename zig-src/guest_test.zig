//! A dispatcher on one core, a VRI in a process of its own on another.
const std = @import("std");
const linux = std.os.linux;
const affinity = @import("affinity.zig");
const guest = @import("guest.zig");
const rigs = @import("testing_rig.zig");
const Rig = rigs.Rig;
const Vri = @import("vri_adapter.zig").Vri;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

/// For what takes microseconds.
const patience_ms = 20_000;

const Pair = struct {
    r: Rig,
    child: linux.pid_t,
    here: u32,
    home: u32,
    before: linux.cpu_set_t,
    /// Shared with the child: looks at nothing, before each look at its queue.
    burden: *u32,

    /// Skipped where this process has one core only.
    fn init(p: *Pair) !void {
        _ = linux.sched_getaffinity(0, @sizeOf(linux.cpu_set_t), &p.before);
        var cores: [2]u32 = undefined;
        var count: usize = 0;
        for (0..p.before.len * @bitSizeOf(usize)) |core| {
            const word = p.before[core / @bitSizeOf(usize)];
            if (word >> @intCast(core % @bitSizeOf(usize)) & 1 == 0) continue;
            if (count < 2) cores[count] = @intCast(core);
            count += 1;
        }
        if (count < 2) return error.SkipZigTest;
        p.here, p.home = cores;
        const flags: linux.MAP = .{ .TYPE = .SHARED, .ANONYMOUS = true };
        const at = linux.mmap(null, 4096, .{ .READ = true, .WRITE = true }, flags, -1, 0);
        if (linux.errno(at) != .SUCCESS) return error.NoMemory;
        p.burden = @ptrFromInt(at);
        errdefer _ = linux.munmap(@ptrFromInt(at), 4096);
        try p.r.init(.{ .spins = 0, .yields = 0 }, false);
        errdefer p.r.deinit();
        try p.r.addVr(0, .{ .slot_count = 1024 });
        try p.r.addVri(0, 0, .{});
        const pid = linux.fork();
        if (linux.errno(pid) != .SUCCESS) return error.NoProcess;
        if (pid == 0) serve(&p.r, p.burden);
        p.child = @intCast(pid);
        errdefer p.end();
        try expectEqual(linux.E.SUCCESS, affinity.move(.{ .child = p.child }, p.home));
        try expectEqual(linux.E.SUCCESS, affinity.move(thisThread(), p.here));
        p.r.pids[0] = p.child;
        try p.r.replan();
        // Whatever else this machine does: see the tests of crowds.
        p.vri().visit.not_before_ns = std.math.maxInt(u64);
    }

    fn deinit(p: *Pair) void {
        linux.sched_setaffinity(0, &p.before) catch {};
        p.end();
        p.r.deinit();
        _ = linux.munmap(@ptrCast(@alignCast(p.burden)), 4096);
    }

    fn end(p: *Pair) void {
        if (p.child == 0) return;
        _ = linux.kill(p.child, .KILL);
        var status: u32 = 0;
        _ = linux.waitpid(p.child, &status, 0);
        p.child = 0;
    }

    /// A VRI's loop; with `burden` each frame takes it long, as a heavy router's would.
    fn serve(r: *Rig, burden: *u32) noreturn {
        const side = r.side(0);
        side.parent = linux.getppid();
        while (side.alive()) {
            for (0..@atomicLoad(u32, burden, .monotonic)) |_| std.atomic.spinLoopHint();
            if (r.serve(0, 64) == 0) side.wait(100);
        }
        linux.exit_group(0);
    }

    fn vri(p: *Pair) *Vri {
        return p.r.vri(0);
    }

    /// The dispatcher sleeps until the end of its patience, the VRI too.
    fn silence(p: *Pair) !void {
        const sleeps = p.r.d.totals.sleeps;
        for (0..patience_ms) |_| {
            p.r.d.pass();
            if (p.r.d.sleeper.guests.woke_ns == 0) continue;
            if (p.r.d.totals.sleeps > sleeps + 1 and p.vri().sleeps()) return;
            const ms: linux.timespec = .{ .sec = 0, .nsec = std.time.ns_per_ms };
            _ = linux.nanosleep(&ms, null);
        }
        return error.NeverSleeps;
    }

    fn send(p: *Pair, frames: u32) void {
        for (0..frames) |flow| p.r.inject(0, @intCast(flow));
        p.r.d.flushStaged();
    }

    fn childCore(p: *Pair) !u32 {
        const at = affinity.pinnedTo(.{ .child = p.child });
        return if (at == .core) at.core else error.NotPinned;
    }
};

fn thisThread() affinity.Who {
    return .{ .thread = std.c.pthread_self() };
}

test "after a silence it serves here, and goes home when more comes" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    for (0..3) |_| {
        try p.silence();
        p.send(1);
        try expectEqual(p.here, try p.childCore());
        try expectEqual(@as(i32, @intCast(p.home)), p.vri().visit.home);
        for (0..patience_ms) |_| { // a frame comes in each pass
            p.r.d.pass();
            if (p.vri().visit.home == guest.at_home) break;
            p.send(1);
        }
        try expectEqual(guest.at_home, p.vri().visit.home);
        try expectEqual(p.home, try p.childCore());
    }
    try p.silence();
    try rigs.expectBalance(&p.r.look().totals);
    try expectEqual(0, p.r.look().totals.in_flight_frames);
}

test "it stays from one silence to the next" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    for (0..3) |_| {
        try p.silence();
        p.send(1);
        try expectEqual(p.here, try p.childCore());
    }
    try expectEqual(1, p.r.d.sleeper.guests.count);
}

test "what is too much for a guest is served at home" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    try p.silence();
    p.send(40);
    try expectEqual(p.home, try p.childCore());
}

test "who was moved meanwhile stays where it was moved to" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    try p.silence();
    p.send(1);
    try expectEqual(p.here, try p.childCore());
    try expectEqual(linux.E.SUCCESS, affinity.move(.{ .child = p.child }, p.home));
    p.vri().visit.home = @intCast(p.here); // were it sent to where it was, it would be seen
    p.r.d.sleeper.guests.dismiss(.all);
    try expectEqual(p.home, try p.childCore());
}

test "a plan sends guests home" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    try p.silence();
    p.send(1);
    try p.r.replan();
    try expectEqual(p.home, try p.childCore());
}

test "not invited: who has ended, and whoever's dispatcher may run anywhere" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    try p.silence();
    linux.sched_setaffinity(0, &p.before) catch {};
    p.send(1);
    try expectEqual(p.home, try p.childCore());
    try expectEqual(linux.E.SUCCESS, affinity.move(thisThread(), p.here));
    try p.silence();
    p.end();
    p.send(1);
    try expectEqual(guest.at_home, p.vri().visit.home);
}

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

/// Small batches now and then, until it is here (or no more).
fn trickle(p: *Pair, here: bool) !void {
    p.r.idle = .{ .spins = 0, .yields = 2000 }; // it waits for the next one, and yields
    try p.r.replan();
    p.vri().visit.not_before_ns = 0;
    const ms: linux.timespec = .{ .sec = 0, .nsec = std.time.ns_per_ms / 10 };
    for (0..patience_ms) |_| {
        p.send(8);
        p.r.d.pass();
        const visit = &p.vri().visit;
        if ((visit.home != guest.at_home and visit.until_ns != 0) == here) return;
        _ = linux.nanosleep(&ms, null);
    }
    return error.NothingHappens;
}

test "one that is crowded out of its core comes, and goes home when its time is over" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    const stranger = try Stranger.on(p.home);
    defer stranger.end();
    try trickle(&p, true);
    try expectEqual(p.here, try p.childCore());
    // A burst does not send it home.
    p.send(40);
    p.r.d.pass();
    try expectEqual(p.here, try p.childCore());
    p.vri().visit.until_ns = 1;
    p.r.d.sleeper.guests.look(p.r.d.plan, 1, 2);
    try expectEqual(p.home, try p.childCore());
}

test "one that takes too much of our core goes home, and is not asked again soon" {
    var p: Pair = undefined;
    try p.init();
    defer p.deinit();
    const stranger = try Stranger.on(p.home);
    defer stranger.end();
    try trickle(&p, true);
    @atomicStore(u32, p.burden, 1 << 16, .monotonic);
    for (0..patience_ms) |_| {
        if (p.vri().visit.home == guest.at_home) break;
        p.send(8);
        p.r.d.pass();
        _ = linux.sched_yield();
    }
    try expectEqual(guest.at_home, p.vri().visit.home);
    try expect(p.vri().visit.not_before_ns > p.r.d.now_ns);
}
