//! Guests out of a crowd. A VRI that has little to do waits between batches, ready to go on at
//! once. Where others want its core meanwhile, both lose: it is away when frames come, and they are
//! held up by its looks. Its work fits in beside the dispatcher's, where its frames lie in the
//! cache already. It stays for some seconds, then looks whether there is room at home.
const std = @import("std");
const linux = std.os.linux;
const guest = @import("guest.zig");
const Guests = guest.Guests;
const Plan = @import("plan.zig").Plan;
const Vri = @import("vri_adapter.zig").Vri;

/// The share of its time that a VRI waited for its core in each of some looks, how many VRIs are
/// looked at each time, and how long a guest stays.
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

/// What is kept of a VRI.
pub const Account = struct {
    until_ns: u64 = 0, // that it stays; 0: it is no such guest
    not_before_ns: u64 = 0, // it is asked again
    hold_ns: u64 = hold_least_ns,
    crowded: u32 = 0, // looks in turn that found it so
    // As last looked at.
    looked_ns: u64 = 0,
    frames: u64 = 0,
    batches: u64 = 0,
    waited_ns: u64 = 0, // ever, for its core
    processor_ns: u64 = 0,
    schedstat: i32 = -1, // its file in /proc, once it is open

    pub fn deinit(a: *Account) void {
        if (a.schedstat >= 0) _ = linux.close(a.schedstat);
    }

    /// It went home.
    pub fn left(a: *Account) void {
        a.until_ns = 0;
        a.crowded = 0;
    }

    /// Frames per hand-over since the last look; where there were none, as many as let it stay.
    fn meanBatch(a: *Account, vri: *const Vri) u64 {
        var batches: u64 = 0;
        for (vri.counters.batches) |count| batches += count;
        const frames = vri.counters.received_frames;
        defer a.frames = frames;
        defer a.batches = batches;
        if (batches == a.batches) return batch_to_stay;
        return (frames -% a.frames) / (batches - a.batches);
    }

    /// How long it has been kept waiting for a core while it could run: the second number there.
    /// Null: this kernel doesn't count it, there is no /proc, or the process has ended.
    fn waitedNs(a: *Account, pid: linux.pid_t) ?u64 {
        var text: [64]u8 = undefined;
        if (a.schedstat < 0) {
            const format = "/proc/{d}/schedstat";
            const path = std.fmt.bufPrintZ(&text, format, .{pid}) catch return null;
            const fd = linux.open(path, .{ .CLOEXEC = true }, 0);
            if (linux.errno(fd) != .SUCCESS) return null;
            a.schedstat = @intCast(fd);
        }
        const bytes = linux.pread(a.schedstat, &text, text.len, 0);
        if (linux.errno(bytes) != .SUCCESS) return null;
        var words = std.mem.tokenizeAny(u8, text[0..bytes], " \n");
        _ = words.next();
        return std.fmt.parseInt(u64, words.next() orelse return null, 10) catch null;
    }

    /// It took too much: it is not asked again for a second, then for twice as long each time.
    fn waitFrom(a: *Account, now_ns: u64) void {
        a.not_before_ns = now_ns + a.hold_ns;
        a.hold_ns = @min(2 * a.hold_ns, hold_most_ns);
    }
};

/// What is kept of all.
pub const Watch = struct {
    next: u32 = 0, // VRI to look at
    heavy: u32 = 0, // looks in turn in which they took too much
};

/// Every few milliseconds: who is crowded comes, and goes when its time is over, or when such
/// guests take more of our core than is left beside our own work.
pub fn look(guests: *Guests, plan: *const Plan, elapsed_ns: u64, now_ns: u64) void {
    const watch = &guests.crowd;
    var taken_ns: u64 = 0;
    var over = false;
    for (guests.here[0..guests.count]) |vri| {
        const account = &vri.visit.crowd;
        if (account.until_ns == 0) continue;
        const processor_ns = processorNs(vri.visit.pid);
        taken_ns += processor_ns -| account.processor_ns;
        account.processor_ns = processor_ns;
        over = over or now_ns > account.until_ns or account.meanBatch(vri) < batch_to_stay;
    }
    // With an idle dispatcher they only take turns at waiting.
    const is_heavy = taken_ns > elapsed_ns / 8 * heavy_eighths and
        guests.idle_ns < elapsed_ns / 4;
    watch.heavy = if (is_heavy) watch.heavy + 1 else 0;
    guests.idle_ns = 0;

    const heavy = watch.heavy >= heavy_looks;
    if (heavy) for (guests.here[0..guests.count]) |vri| vri.visit.crowd.waitFrom(now_ns);
    if (heavy or over) guests.dismiss(.all);
    const vris = plan.vris;
    for (0..@min(vris.len, vris_per_look)) |_| {
        watch.next = if (watch.next + 1 < vris.len) watch.next + 1 else 0;
        const vri = vris[watch.next].vri;
        if (!vri.runs() or !guest.mayCome(vri) or guest.isHere(vri)) continue;
        const account = &vri.visit.crowd;
        if (!isCrowded(vri, now_ns) or now_ns < account.not_before_ns) continue;
        if (!guests.bring(vri)) continue;
        account.until_ns = now_ns + stay_ns;
        account.processor_ns = processorNs(vri.visit.pid);
    }
}

/// Whether it waits for its core, by the kernel's account, more than it should.
fn isCrowded(vri: *Vri, now_ns: u64) bool {
    const account = &vri.visit.crowd;
    const waited_ns = account.waitedNs(vri.visit.pid) orelse return false;
    const elapsed_ns = now_ns -% account.looked_ns;
    const waits = waited_ns -% account.waited_ns > elapsed_ns / waited_share;
    const is_crowded = account.meanBatch(vri) >= batch_to_come and waits;
    account.waited_ns = waited_ns;
    account.looked_ns = now_ns;
    account.crowded = if (is_crowded) account.crowded +| 1 else 0;
    return account.crowded >= crowded_looks;
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
    _ = @import("crowd_test.zig");
}
