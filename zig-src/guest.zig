//! Guests: VRIs that serve what comes after a silence on the dispatcher's core. To wake a process on
//! another core that sleeps takes as long as it took to wake the dispatcher: tens of microseconds,
//! where a core is a virtual one. On the core that has just woken up it takes a change of context.
//! When more comes than a guest can serve in passing, it goes home, to the core that it was given.
//!
//! Only a VRI that is pinned to one core is invited, and only by a dispatcher that is, and that has
//! it for itself; several dispatchers each would want it on theirs. Where it belongs is asked of
//! the kernel at each visit: the control thread may have moved it since, and may do so meanwhile.
const std = @import("std");
const linux = std.os.linux;
const affinity = @import("affinity.zig");
const Vri = @import("vri_adapter.zig").Vri;

/// After less than that more is on its way, most likely.
const silence_ns = std.time.ns_per_ms;
/// A dispatcher that is awake for so long needs its core itself.
const visit_ns = 200 * std.time.ns_per_us;
/// Of frames at once, and of VRIs.
const frames_max = 16;
const guests_max = 4;

pub const Guests = struct {
    here: [guests_max]*Vri = undefined,
    count: u32 = 0,
    core: i32 = 0, // the dispatcher's, while there are some
    woke_ns: u64 = 0, // after a silence; 0: since then it has been busy

    /// The dispatcher slept for so long, until `now_ns`.
    pub fn wake(g: *Guests, slept_ns: u64, now_ns: u64) void {
        g.woke_ns = if (slept_ns >= silence_ns or g.count != 0) now_ns else 0;
    }

    /// Whether it would be invited, or is here.
    pub fn welcome(g: *const Guests, vri: *const Vri) bool {
        return g.woke_ns != 0 and vri.pid != 0 and vri.vr.dispatchers == 1;
    }

    /// For a VRI that sleeps, before it is woken for frames.
    pub fn invite(g: *Guests, vri: *Vri) void {
        if (!g.welcome(vri) or isHere(vri) or g.count == guests_max) return;
        if (vri.waitingFrames() > frames_max) return;
        const here = affinity.pinnedTo(.{ .thread = std.c.pthread_self() });
        const home = affinity.pinnedTo(.{ .child = vri.pid });
        if (here != .core or home != .core or here.core == home.core) return;
        @atomicStore(i32, &vri.home, @intCast(home.core), .monotonic);
        if (affinity.move(.{ .child = vri.pid }, here.core) != .SUCCESS)
            return @atomicStore(i32, &vri.home, at_home, .monotonic);
        g.core = @intCast(here.core);
        g.here[g.count] = vri;
        g.count += 1;
    }

    /// After a pass: the guests have their turn, or go.
    pub fn host(g: *Guests, now_ns: u64, work: u32) void {
        if (work > frames_max or now_ns -% g.woke_ns > visit_ns) return g.dismiss();
        _ = linux.sched_yield();
    }

    /// All go home, but those that somebody else has moved.
    pub fn dismiss(g: *Guests) void {
        for (g.here[0..g.count]) |vri| {
            const at = affinity.pinnedTo(.{ .child = vri.pid });
            if (at == .core and at.core == @as(u32, @intCast(g.core)))
                _ = affinity.move(.{ .child = vri.pid }, @intCast(vri.home));
            @atomicStore(i32, &vri.home, at_home, .monotonic);
        }
        g.count = 0;
        g.woke_ns = 0;
    }
};

/// `Vri.home` of those that are.
pub const at_home: i32 = -1;

fn isHere(vri: *const Vri) bool {
    return vri.home != at_home;
}

test {
    _ = @import("guest_test.zig");
}
