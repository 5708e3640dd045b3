//! Guests: VRIs that serve on the dispatcher's core for a while, for one of two reasons.
//!
//! After a silence. To wake a process on another core that sleeps takes as long as it took to wake
//! the dispatcher: tens of microseconds, where a core is a virtual one. On the core that has just
//! woken up it takes a change of context. When more comes than can be served in passing, the guest
//! goes home, to the core that it was given.
//!
//! From a crowd. A VRI that has little to do waits between batches, ready to go on at once. Where
//! others want its core meanwhile, both lose: it is away when frames come, and they are held up by
//! its looks. Its work fits in beside the dispatcher's, where its frames lie in the cache already.
//! It stays for some seconds, then looks whether there is room at home.
//!
//! Only a VRI that is pinned to one core is invited, and only by a dispatcher that is, and that is
//! the only one. Where it belongs is asked of the kernel at each visit: the control thread may have
//! moved it since, and may do so meanwhile.
const std = @import("std");
const linux = std.os.linux;
const affinity = @import("affinity.zig");
const Plan = @import("plan.zig").Plan;
const Vri = @import("vri_adapter.zig").Vri;

/// After less than that more is on its way, most likely.
const silence_ns = std.time.ns_per_ms;
/// After a silence, a dispatcher that is awake for so long needs its core itself.
const visit_ns = 200 * std.time.ns_per_us;
/// Frames at once that are served in passing.
const passing_frames = 16;
const guests_max = 8;

/// Out of a crowd: the shares of its time that a VRI lost to others, or worked, in each of some
/// looks; how long it stays; and the share of our core that all such guests may take.
const lost_share = 4;
const busy_share = 8;
const crowded_looks = 2;
const stay_ns = 10 * std.time.ns_per_s;
const heavy_eighths = 3;

/// Of `Visit.home`.
pub const at_home: i32 = -1;

/// What is kept of a VRI.
pub const Visit = struct {
    pid: linux.pid_t = 0, // by the plan in force; 0: none that may be moved
    /// Where it goes back to, while it is here. The control thread reads it.
    home: i32 = at_home,
    until_ns: u64 = 0, // out of a crowd; 0: after a silence
    not_before_ns: u64 = 0, // out of a crowd again
    crowded: u32 = 0, // looks in turn that found it so
    // As last looked at.
    busy_ns: u64 = 0,
    lost_ns: u64 = 0,
    processor_ns: u64 = 0,
};

pub const Guests = struct {
    here: [guests_max]*Vri = undefined,
    count: u32 = 0,
    passing: u32 = 0, // of these, after a silence
    core: i32 = 0, // the dispatcher's, while there are some
    woke_ns: u64 = 0, // after a silence; 0: since then it has been busy

    /// The dispatcher slept for so long, until `now_ns`.
    pub fn wake(g: *Guests, slept_ns: u64, now_ns: u64) void {
        g.woke_ns = if (slept_ns >= silence_ns or g.passing != 0) now_ns else 0;
    }

    /// Whether it would be invited for its next frame, or is here.
    pub fn welcome(g: *const Guests, vri: *const Vri) bool {
        return isHere(vri) or (g.woke_ns != 0 and mayCome(vri));
    }

    /// A VRI that sleeps, before it is woken for frames.
    pub fn invite(g: *Guests, vri: *Vri) void {
        if (g.woke_ns == 0 or isHere(vri) or vri.waitingFrames() > passing_frames) return;
        if (g.bring(vri, 0)) g.passing += 1;
    }

    fn bring(g: *Guests, vri: *Vri, until_ns: u64) bool {
        if (g.count == guests_max or !mayCome(vri)) return false;
        const here = affinity.pinnedTo(.{ .thread = std.c.pthread_self() });
        const home = affinity.pinnedTo(.{ .child = vri.visit.pid });
        if (here != .core or home != .core or here.core == home.core) return false;
        @atomicStore(i32, &vri.visit.home, @intCast(home.core), .monotonic);
        if (affinity.move(.{ .child = vri.visit.pid }, here.core) != .SUCCESS) {
            @atomicStore(i32, &vri.visit.home, at_home, .monotonic);
            return false;
        }
        vri.visit.until_ns = until_ns;
        vri.visit.processor_ns = processorNs(vri.visit.pid);
        g.core = @intCast(here.core);
        g.here[g.count] = vri;
        g.count += 1;
        return true;
    }

    /// After a pass: the guests have their turn, or go.
    pub fn host(g: *Guests, now_ns: u64, work: u32) void {
        if (g.passing != 0) {
            if (work > passing_frames or now_ns -% g.woke_ns > visit_ns) return g.dismiss(.passing);
        } else if (work != 0) return; // one that is woken has its turn at once
        _ = linux.sched_yield();
    }

    /// Every few milliseconds: who is crowded comes, and goes when its time is over, or when such
    /// guests take more of our core than is left beside our own work.
    pub fn look(g: *Guests, plan: *const Plan, elapsed_ns: u64, now_ns: u64) void {
        var taken_ns: u64 = 0;
        var over = false;
        for (g.here[0..g.count]) |vri| {
            const processor_ns = processorNs(vri.visit.pid);
            taken_ns += processor_ns -| vri.visit.processor_ns;
            vri.visit.processor_ns = processor_ns;
            if (vri.visit.until_ns == 0) continue;
            over = over or now_ns > vri.visit.until_ns;
        }
        const heavy = taken_ns > elapsed_ns / 8 * heavy_eighths;
        if (heavy) for (g.here[0..g.count]) |vri| {
            vri.visit.not_before_ns = now_ns + stay_ns;
        };
        if (heavy or over) g.dismiss(.all);
        for (plan.vris) |*entry| {
            const vri = entry.vri;
            if (!isCrowded(vri, elapsed_ns) or isHere(vri) or !vri.runs()) continue;
            if (now_ns > vri.visit.not_before_ns) _ = g.bring(vri, now_ns + stay_ns);
        }
    }

    /// They go home, but those that somebody else has moved.
    pub fn dismiss(g: *Guests, which: enum { passing, all }) void {
        var stay: u32 = 0;
        for (g.here[0..g.count]) |vri| {
            if (which == .passing and vri.visit.until_ns != 0) {
                g.here[stay] = vri;
                stay += 1;
                continue;
            }
            const at = affinity.pinnedTo(.{ .child = vri.visit.pid });
            if (at == .core and at.core == @as(u32, @intCast(g.core)))
                _ = affinity.move(.{ .child = vri.visit.pid }, @intCast(vri.visit.home));
            @atomicStore(i32, &vri.visit.home, at_home, .monotonic);
            vri.visit.crowded = 0;
        }
        g.count = stay;
        g.passing = 0;
        g.woke_ns = 0;
    }
};

fn mayCome(vri: *const Vri) bool {
    return vri.visit.pid != 0 and vri.vr.dispatchers == 1;
}

fn isHere(vri: *const Vri) bool {
    return vri.visit.home != at_home;
}

/// By its own account, which harms nobody but itself: as a guest the kernel's is looked at.
fn isCrowded(vri: *Vri, elapsed_ns: u64) bool {
    const words = &vri.link.vri_words;
    const busy_ns = @atomicLoad(u64, &words.busy_ns, .monotonic);
    const lost_ns = @atomicLoad(u64, &words.lost_ns, .monotonic);
    const visit = &vri.visit;
    const is_crowded = lost_ns -% visit.lost_ns > elapsed_ns / lost_share and
        busy_ns -% visit.busy_ns < elapsed_ns / busy_share;
    visit.busy_ns = busy_ns;
    visit.lost_ns = lost_ns;
    visit.crowded = if (is_crowded) visit.crowded +| 1 else 0;
    return visit.crowded >= crowded_looks;
}

/// Processor time that a process has had, by the kernel's account; 0: it has ended.
fn processorNs(pid: linux.pid_t) u64 {
    // As clock_getcpuclockid(3) makes it: all threads' time, by the scheduler's count.
    const clock: isize = ~@as(i32, pid) << 3 | 2;
    var time: linux.timespec = undefined;
    const rc = linux.syscall2(.clock_gettime, @bitCast(clock), @intFromPtr(&time));
    if (linux.errno(rc) != .SUCCESS) return 0;
    return @as(u64, @intCast(time.sec)) * std.time.ns_per_s + @as(u64, @intCast(time.nsec));
}

test {
    _ = @import("guest_test.zig");
}
