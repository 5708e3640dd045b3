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
const abi = @import("abi.zig");
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

/// Out of a crowd: the share of its time that a VRI waited for its core in each of some looks, how
/// many VRIs are looked at each time, and how long a guest stays.
const waited_share = 4;
const crowded_looks = 2;
const vris_per_look = 8;
/// Frames handed over at once, on average: with fewer there is time, and who waits at home with a
/// core to itself now and then answers sooner.
const batch_to_come = 6;
const batch_to_stay = 2;
const stay_ns = 10 * std.time.ns_per_s;
/// What such guests may take of our core, together, and for how many looks more.
const heavy_eighths = 3;
const heavy_looks = 4;
const hold_least_ns = std.time.ns_per_s;
const hold_most_ns = 64 * std.time.ns_per_s;

/// Two on one core: whoever waits makes way for the other at once, and soon sleeps.
const together: abi.Idle = .{ .spins = 2, .yields = 100 };

/// Of `Visit.home`.
pub const at_home: i32 = -1;

/// What is kept of a VRI.
pub const Visit = struct {
    pid: linux.pid_t = 0, // by the plan in force; 0: none that may be moved
    /// Where it goes back to, while it is here. The control thread reads it.
    home: i32 = at_home,
    until_ns: u64 = 0, // out of a crowd; 0: after a silence
    not_before_ns: u64 = 0, // out of a crowd again
    hold_ns: u64 = hold_least_ns,
    idle: abi.Idle = .{ .spins = 0, .yields = 0 }, // its patience at home
    crowded: u32 = 0, // looks in turn that found it so
    // As last looked at.
    looked_ns: u64 = 0,
    frames: u64 = 0,
    batches: u64 = 0,
    waited_ns: u64 = 0, // ever, for its core
    schedstat: i32 = -1, // its file in /proc, once it is open
    processor_ns: u64 = 0,

    pub fn deinit(v: *Visit) void {
        if (v.schedstat >= 0) _ = linux.close(v.schedstat);
    }

    /// Frames per hand-over since the last look; where there were none, as many as let it stay.
    fn meanBatch(v: *Visit, vri: *const Vri) u64 {
        var batches: u64 = 0;
        for (vri.counters.batches) |count| batches += count;
        const frames = vri.counters.received_frames;
        defer v.frames = frames;
        defer v.batches = batches;
        if (batches == v.batches) return batch_to_stay;
        return (frames -% v.frames) / (batches - v.batches);
    }

    /// How long it has been kept waiting for a core while it could run: the second number there.
    /// Null: this kernel doesn't count it, there is no /proc, or the process has ended.
    fn waitedNs(v: *Visit) ?u64 {
        var text: [64]u8 = undefined;
        if (v.schedstat < 0) {
            const format = "/proc/{d}/schedstat";
            const path = std.fmt.bufPrintZ(&text, format, .{v.pid}) catch return null;
            const fd = linux.open(path, .{ .CLOEXEC = true }, 0);
            if (linux.errno(fd) != .SUCCESS) return null;
            v.schedstat = @intCast(fd);
        }
        const bytes = linux.pread(v.schedstat, &text, text.len, 0);
        if (linux.errno(bytes) != .SUCCESS) return null;
        var words = std.mem.tokenizeAny(u8, text[0..bytes], " \n");
        _ = words.next();
        return std.fmt.parseInt(u64, words.next() orelse return null, 10) catch null;
    }

    /// It took too much: it is not asked again for a second, then for twice as long each time.
    fn waitFrom(v: *Visit, now_ns: u64) void {
        v.not_before_ns = now_ns + v.hold_ns;
        v.hold_ns = @min(2 * v.hold_ns, hold_most_ns);
    }
};

pub const Guests = struct {
    here: [guests_max]*Vri = undefined,
    count: u32 = 0,
    passing: u32 = 0, // of these, after a silence
    next: u32 = 0, // VRI to look at
    heavy: u32 = 0, // looks in turn in which they took too much
    idle_ns: u64 = 0, // the dispatcher's, since the last look
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
        vri.visit.idle = vri.monitor.idle;
        setIdle(vri, .{ .spins = 0, .yields = 0 });
        vri.visit.processor_ns = processorNs(vri.visit.pid);
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

    /// Every few milliseconds: who is crowded comes, and goes when its time is over, or when such
    /// guests take more of our core than is left beside our own work.
    pub fn look(g: *Guests, plan: *const Plan, elapsed_ns: u64, now_ns: u64) void {
        var taken_ns: u64 = 0;
        var over = false;
        for (g.here[0..g.count]) |vri| {
            const visit = &vri.visit;
            if (visit.until_ns == 0) continue;
            const processor_ns = processorNs(visit.pid);
            taken_ns += processor_ns -| visit.processor_ns;
            visit.processor_ns = processor_ns;
            over = over or now_ns > visit.until_ns or visit.meanBatch(vri) < batch_to_stay;
        }
        // With an idle dispatcher they only take turns at waiting.
        const is_heavy = taken_ns > elapsed_ns / 8 * heavy_eighths and g.idle_ns < elapsed_ns / 4;
        g.heavy = if (is_heavy) g.heavy + 1 else 0;
        g.idle_ns = 0;

        const heavy = g.heavy >= heavy_looks;
        if (heavy) for (g.here[0..g.count]) |vri| vri.visit.waitFrom(now_ns);
        if (heavy or over) g.dismiss(.all);
        const vris = plan.vris;
        for (0..@min(vris.len, vris_per_look)) |_| {
            g.next = if (g.next + 1 < vris.len) g.next + 1 else 0;
            const vri = vris[g.next].vri;
            if (!vri.runs() or !mayCome(vri) or isHere(vri)) continue;
            if (!isCrowded(vri, now_ns) or now_ns < vri.visit.not_before_ns) continue;
            _ = g.bring(vri, now_ns + stay_ns);
        }
    }

    /// The dispatcher's patience, while it has the core to itself or not.
    pub fn idle(g: *const Guests, alone: abi.Idle) abi.Idle {
        return if (g.count == g.passing) alone else together;
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
                _ = affinity.move(.{ .child = vri.visit.pid }, homeOf(vri));
            @atomicStore(i32, &vri.visit.home, at_home, .monotonic);
            setIdle(vri, vri.visit.idle);
            vri.visit.crowded = 0;
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

fn mayCome(vri: *const Vri) bool {
    return vri.visit.pid != 0 and vri.vr.dispatchers == 1;
}

/// As the control thread may have changed it meanwhile.
fn homeOf(vri: *const Vri) u32 {
    return @intCast(@atomicLoad(i32, &vri.visit.home, .monotonic));
}

fn isHere(vri: *const Vri) bool {
    return vri.visit.home != at_home;
}

/// Whether it waits for its core, by the kernel's account, more than it should.
fn isCrowded(vri: *Vri, now_ns: u64) bool {
    const visit = &vri.visit;
    const waited_ns = visit.waitedNs() orelse return false;
    const elapsed_ns = now_ns -% visit.looked_ns;
    const waits = waited_ns -% visit.waited_ns > elapsed_ns / waited_share;
    const is_crowded = visit.meanBatch(vri) >= batch_to_come and waits;
    visit.waited_ns = waited_ns;
    visit.looked_ns = now_ns;
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
