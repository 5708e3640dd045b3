//! For tests: a dispatcher on one core that is stepped by hand, and a VRI in a process of its own
//! on another.
const std = @import("std");
const linux = std.os.linux;
const affinity = @import("affinity.zig");
const Rig = @import("testing_rig.zig").Rig;
const Vri = @import("vri_adapter.zig").Vri;
const expectEqual = std.testing.expectEqual;

/// For what takes microseconds.
pub const patience_ms = 20_000;

pub const Pair = struct {
    r: Rig,
    child: linux.pid_t,
    here: u32,
    home: u32,
    before: linux.cpu_set_t,
    /// Shared with the child: looks at nothing, before each look at its queue.
    burden: *u32,

    /// Skipped where this process has one core only.
    pub fn start() !Pair {
        var p: Pair = undefined;
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
        p.vri().visit.crowd.not_before_ns = std.math.maxInt(u64);
        return p;
    }

    pub fn deinit(p: *Pair) void {
        linux.sched_setaffinity(0, &p.before) catch {};
        p.end();
        p.r.deinit();
        _ = linux.munmap(@ptrCast(@alignCast(p.burden)), 4096);
    }

    pub fn end(p: *Pair) void {
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

    pub fn vri(p: *Pair) *Vri {
        return p.r.vri(0);
    }

    /// The dispatcher sleeps until the end of its patience, the VRI too.
    pub fn silence(p: *Pair) !void {
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

    pub fn send(p: *Pair, frames: u32) void {
        for (0..frames) |flow| p.r.inject(0, @intCast(flow));
        p.r.d.flushStaged();
    }

    pub fn childCore(p: *Pair) !u32 {
        const at = affinity.pinnedTo(.{ .child = p.child });
        return if (at == .core) at.core else error.NotPinned;
    }
};

pub fn thisThread() affinity.Who {
    return .{ .thread = std.c.pthread_self() };
}
