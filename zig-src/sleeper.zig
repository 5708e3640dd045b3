//! How the dispatcher idles: it waits for a while (`patience.zig`), then sleeps until a socket is
//! readable or somebody writes to an eventfd.
//!
//! No wake-up is lost. Before it sleeps, the dispatcher sets `sleeping` in every link, fences, and
//! looks once more at everything that could have come; a VRI publishes, fences, then reads
//! `sleeping`: in every order one of the two sees the other. Sockets are level-triggered in epoll,
//! so a frame that came in between ends the sleep at once. The control thread always writes to the
//! eventfd after it put something down.
const std = @import("std");
const linux = std.os.linux;
const dispatch = @import("dispatch.zig");
const Guests = @import("guest.zig").Guests;
const Patience = @import("patience.zig").Patience;
const Plan = @import("plan.zig").Plan;

const sleep_ms = 90; // heartbeats go on
/// Of more VRIs some have something nearly always, and to look at them takes as long as a pass.
const lingered_vris = 2;

pub const Sleeper = struct {
    epoll: i32,
    wake_fd: i32, // the control thread's
    patience: Patience = .{},
    guests: Guests = .{},

    pub fn init() ?Sleeper {
        const epoll = linux.epoll_create1(linux.EPOLL.CLOEXEC);
        if (linux.errno(epoll) != .SUCCESS) return null;
        const wake_fd = linux.eventfd(0, linux.EFD.NONBLOCK | linux.EFD.CLOEXEC);
        if (linux.errno(wake_fd) != .SUCCESS) {
            _ = linux.close(@intCast(epoll));
            return null;
        }
        const s: Sleeper = .{ .epoll = @intCast(epoll), .wake_fd = @intCast(wake_fd) };
        s.add(s.wake_fd, linux.EPOLL.IN | linux.EPOLL.ET);
        return s;
    }

    pub fn deinit(s: *Sleeper) void {
        _ = linux.close(s.epoll);
        _ = linux.close(s.wake_fd);
    }

    /// Ends a sleep, or keeps the next from lasting. Control thread.
    pub fn wake(s: *const Sleeper) void {
        const one: u64 = 1;
        _ = linux.write(s.wake_fd, std.mem.asBytes(&one), 8);
    }

    fn add(s: *const Sleeper, fd: i32, events: u32) void {
        var event: linux.epoll_event = .{ .events = events, .data = .{ .fd = fd } };
        _ = linux.epoll_ctl(s.epoll, linux.EPOLL.CTL_ADD, fd, &event);
    }

    fn remove(s: *const Sleeper, fd: i32) void {
        _ = linux.epoll_ctl(s.epoll, linux.EPOLL.CTL_DEL, fd, null);
    }

    /// Waits for a new plan's sockets and VRIs instead of the old one's. Eventfds are
    /// edge-triggered and never read: a hostile VRI that fills its own only wakes us.
    pub fn watch(s: *const Sleeper, old: *const Plan, new: *const Plan) void {
        for (old.ports) |port| s.remove(port.descriptor());
        for (old.vris) |*entry| s.remove(entry.vri.wake_fd);
        for (new.ports) |port| s.add(port.descriptor(), linux.EPOLL.IN);
        for (new.vris) |*entry| s.add(entry.vri.wake_fd, linux.EPOLL.IN | linux.EPOLL.ET);
    }

    /// After each pass: `work` things were moved.
    pub fn note(s: *Sleeper, d: *dispatch.Dispatcher, work: u32) void {
        if (s.guests.count != 0) s.guests.host(dispatch.monotonicNs(), work);
        if (work != 0) return s.patience.reset();
        const idle = s.guests.idle(d.config.idle);
        const awaits = d.totals.underway() != 0;
        switch (s.patience.next(idle, d.config.busy_poll != 0, awaits, d.now_ns)) {
            .look => if (awaits) linger(d.plan) else std.atomic.spinLoopHint(),
            .yield => _ = linux.sched_yield(),
            .sleep => s.patience.slept(idle, s.sleep(d)),
        }
    }

    /// Returns how long it lasted.
    fn sleep(s: *Sleeper, d: *dispatch.Dispatcher) u64 {
        const before_ns = d.now_ns;
        setSleeping(d.plan, 1);
        dispatch.fullFence();
        if (!somethingCame(d)) {
            d.totals.sleeps += 1;
            var events: [8]linux.epoll_event = undefined;
            const count = linux.epoll_wait(s.epoll, &events, events.len, sleep_ms);
            d.now_ns = dispatch.monotonicNs();
            s.guests.wake(d.now_ns - before_ns, d.now_ns);
            if (linux.errno(count) == .SUCCESS) rouse(d, events[0..count]);
        }
        setSleeping(d.plan, 0);
        return d.now_ns - before_ns;
    }
};

/// An answer is on its way: looks for it some times before the next pass looks at everything.
fn linger(plan: *const Plan) void {
    if (plan.vris.len > lingered_vris) return std.atomic.spinLoopHint();
    for (0..4) |_| {
        for (plan.vris) |*entry| if (entry.vri.live() and entry.vri.hasFrames()) return;
        std.atomic.spinLoopHint();
    }
}

/// Frames have come, and their VRI is most likely the one that had the last: it wakes up while we
/// find out, with caches as cold as its own. But a guest would only keep us from finding out.
fn rouse(d: *const dispatch.Dispatcher, events: []const linux.epoll_event) void {
    const vri = d.latest orelse return;
    if (!vri.runs() or d.sleeper.guests.welcome(vri)) return;
    for (events) |*event| for (d.plan.ports) |port| {
        if (port.descriptor() == event.data.fd) return vri.rouse();
    };
}

fn setSleeping(plan: *const Plan, value: u32) void {
    for (plan.vris) |*entry| @atomicStore(u32, &entry.vri.monitor.sleeping, value, .monotonic);
}

fn somethingCame(d: *dispatch.Dispatcher) bool {
    if (d.mail.waits() or d.snapshots.asked()) return true;
    for (d.plan.vris) |*entry| if (entry.vri.live() and entry.vri.hasOutput()) return true;
    return false;
}
