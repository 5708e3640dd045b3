//! Guests: VRIs that serve on the dispatcher's core for a while, for one of two reasons.
//!
//! After a silence. To wake a process on another core that sleeps takes as long as it took to wake
//! the dispatcher: tens of microseconds, where a core is a virtual one. On the core that has just
//! woken up it takes a change of context. When more comes than can be served in passing, the guest
//! goes home, to the core that it was given.
//!
//! Out of a crowd, for some seconds: see `crowd.zig`.
//!
//! Only a VRI that is pinned to one core is invited, and only by a dispatcher that is, and that is
//! the only one. Where it belongs is asked of the kernel at each visit: the control thread may have
//! moved it since, and may do so meanwhile.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const affinity = @import("affinity.zig");
const crowd = @import("crowd.zig");
const Vri = @import("vri_adapter.zig").Vri;

/// After less than that more is on its way, most likely.
const silence_ns = std.time.ns_per_ms;
/// After a silence, a dispatcher that is awake for so long needs its core itself.
const visit_ns = 200 * std.time.ns_per_us;
/// Frames at once that are served in passing.
const passing_frames = 16;
const guests_max = 8;

/// Two on one core: whoever waits makes way for the other at once, and soon sleeps.
const together: abi.Idle = .{ .spins = 2, .yields = 100 };

/// Of `Visit.home`.
pub const at_home: i32 = -1;

/// What is kept of a VRI.
pub const Visit = struct {
    pid: linux.pid_t = 0, // by the plan in force; 0: none that may be moved
    /// Where it goes back to, while it is here. The control thread reads it.
    home: i32 = at_home,
    idle: abi.Idle = .{ .spins = 0, .yields = 0 }, // its patience at home
    crowd: crowd.Account = .{},

    pub fn deinit(v: *Visit) void {
        v.crowd.deinit();
    }
};

pub const Guests = struct {
    here: [guests_max]*Vri = undefined,
    count: u32 = 0,
    passing: u32 = 0, // of these, after a silence
    crowd: crowd.Watch = .{},
    idle_ns: u64 = 0, // the dispatcher's, since the last look at the crowded
    noted_ns: u64 = 0,
    core: i32 = 0, // the dispatcher's, while there are some
    woke_ns: u64 = 0, // after a silence; 0: since then it has been busy

    /// The dispatcher slept for so long, until `now_ns`.
    pub fn wake(g: *Guests, slept_ns: u64, now_ns: u64) void {
        g.idle_ns += slept_ns;
        g.noted_ns = now_ns;
        g.woke_ns = if (slept_ns >= silence_ns or g.passing != 0) now_ns else 0;
    }

    /// Whether it would be invited for its next frame, or is here.
    pub fn welcome(g: *const Guests, vri: *const Vri) bool {
        return isHere(vri) or (g.woke_ns != 0 and mayCome(vri));
    }

    /// A VRI that sleeps, before it is woken for frames.
    pub fn invite(g: *Guests, vri: *Vri) void {
        if (g.woke_ns == 0 or isHere(vri) or vri.waitingFrames() > passing_frames) return;
        if (g.bring(vri)) g.passing += 1;
    }

    /// False where it can't come.
    pub fn bring(g: *Guests, vri: *Vri) bool {
        if (g.count == guests_max or !mayCome(vri)) return false;
        const here = affinity.pinnedTo(.{ .thread = std.c.pthread_self() });
        const home = affinity.pinnedTo(.{ .child = vri.visit.pid });
        if (here != .core or home != .core or here.core == home.core) return false;
        @atomicStore(i32, &vri.visit.home, @intCast(home.core), .monotonic);
        if (affinity.move(.{ .child = vri.visit.pid }, here.core) != .SUCCESS) {
            @atomicStore(i32, &vri.visit.home, at_home, .monotonic);
            return false;
        }
        vri.visit.idle = vri.monitor.idle;
        setIdle(vri, .{ .spins = 0, .yields = 0 });
        g.core = @intCast(here.core);
        g.here[g.count] = vri;
        g.count += 1;
        return true;
    }

    /// After a pass: the guests have their turn, or go.
    pub fn host(g: *Guests, now_ns: u64, work: u32) void {
        if (work == 0) g.idle_ns += now_ns -% g.noted_ns;
        g.noted_ns = now_ns;
        if (work != 0) {
            if (g.passing == 0) return; // one that is woken has its turn at once
            if (work > passing_frames or now_ns -% g.woke_ns > visit_ns) return g.dismiss(.passing);
        }
        _ = linux.sched_yield();
    }

    /// The dispatcher's patience, while it has the core to itself or not.
    pub fn idle(g: *const Guests, alone: abi.Idle) abi.Idle {
        return if (g.count == g.passing) alone else together;
    }

    /// They go home, but those that somebody else has moved.
    pub fn dismiss(g: *Guests, which: enum { passing, all }) void {
        var stay: u32 = 0;
        for (g.here[0..g.count]) |vri| {
            if (which == .passing and vri.visit.crowd.until_ns != 0) {
                g.here[stay] = vri;
                stay += 1;
                continue;
            }
            const at = affinity.pinnedTo(.{ .child = vri.visit.pid });
            if (at == .core and at.core == @as(u32, @intCast(g.core)))
                _ = affinity.move(.{ .child = vri.visit.pid }, homeOf(vri));
            @atomicStore(i32, &vri.visit.home, at_home, .monotonic);
            setIdle(vri, vri.visit.idle);
            vri.visit.crowd.left();
        }
        g.count = stay;
        g.passing = 0;
        g.woke_ns = 0;
    }
};

fn setIdle(vri: *Vri, idle: abi.Idle) void {
    const words = &vri.monitor.idle;
    @atomicStore(u32, &words.spins, idle.spins, .monotonic);
    @atomicStore(u32, &words.yields, idle.yields, .monotonic);
}

pub fn mayCome(vri: *const Vri) bool {
    return vri.visit.pid != 0 and vri.vr.dispatchers == 1;
}

/// As the control thread may have changed it meanwhile.
fn homeOf(vri: *const Vri) u32 {
    return @intCast(@atomicLoad(i32, &vri.visit.home, .monotonic));
}

pub fn isHere(vri: *const Vri) bool {
    return vri.visit.home != at_home;
}

test {
    _ = @import("guest_test.zig");
}
