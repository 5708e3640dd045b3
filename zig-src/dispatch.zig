//! The dispatcher: the data plane's loop, on a thread of its own. Socket adapters → classifier →
//! balancer → VRIs' queues; back from the VRIs → check → adapters. No allocation, no lock, no log.
//!
//! Conservation, exact at the end of every pass: received + originated + replicated =
//! sent + dropped + kept + in flight. Each frame is counted once where it enters, once where it
//! ends.
const std = @import("std");
const abi = @import("abi.zig");
const announced = @import("announced.zig");
const collect = @import("collect.zig");
const crowd = @import("crowd.zig");
const events = @import("events.zig");
const ingest = @import("ingest.zig");
const mailbox = @import("mailbox.zig");
const reclaim = @import("reclaim.zig");
const sleeper = @import("sleeper.zig");
const snapshot = @import("snapshot.zig");
const socket_adapter = @import("socket_adapter/registry.zig");
const Plan = @import("plan.zig").Plan;
const Vr = @import("vr.zig").Vr;
const Vri = @import("vri_adapter.zig").Vri;
const Frame = socket_adapter.Frame;

pub const batch = 64;
/// Batches taken from one port, or one VRI, before the others have their turn: with fewer, larger
/// hand-overs a VRI that sleeps is woken less often.
pub const batches_per_pass = 8;
const housekeeping_ns = 5 * std.time.ns_per_ms;
/// A look at the sockets takes so little of the time since the last measure, or is none.
const look_share = 64;
/// How long looks that leave frames behind are no measure.
const behind_max_ns = 50 * std.time.ns_per_ms;

pub const Dispatcher = struct {
    number: u32 = 0, // among several
    config: abi.StartConfig,
    sleeper: sleeper.Sleeper,
    mail: mailbox.Mailbox = .{},
    events: events.ToControl,
    snapshots: snapshot.Publisher,
    plan: *Plan,
    totals: abi.Totals = .{},
    opened_ports: [4]u64 = @splat(0), // ever: a VRI may still send to one that just went
    now_ns: u64 = 0, // of this pass, or of a few before when there is much to do
    now_ms: u32 = 0,
    housekept_ns: u64 = 0,
    looked_ns: u64 = 0, // when the sockets were last looked at to measure what arrives
    measured_ns: u64 = 0, // the same, of the last measure that counted
    frames: [batch]Frame = undefined,
    words: [batch]u64 = undefined,
    event: events.Scratch = .{},
    verdicts: [ingest.burst]u32 = undefined,
    sorting: ingest.Sorting = .{},
    /// VRIs that were handed something in this pass.
    handed: [abi.max_vris]*Vri = undefined,
    handed_count: u32 = 0,
    /// Of the plan in force, who was handed something last.
    latest: ?*Vri = null,

    /// The loop. Returns when told to stop.
    pub fn run(d: *Dispatcher) void {
        while (!d.mail.stopping()) d.pass();
    }

    /// One pass. Sleeps at its end when there is nothing to do and it may.
    pub inline fn pass(d: *Dispatcher) void {
        if (d.mail.take()) |plan| d.adopt(plan);
        announced.take(d);
        const relayed = events.relay(d);
        const is_measured = d.now_ns -% d.measured_ns >= housekeeping_ns;
        if (is_measured) d.looked_ns = monotonicNs();
        const came = ingest.inhale(d);
        if (is_measured) d.measure(came);
        const work = relayed + came + collect.exhale(d, came);
        d.unpark();
        d.housekeep(work != 0);
        d.snapshots.answer(d);
        d.sleeper.note(d, work);
    }

    /// Stages a word; a full stage goes to the queue at once.
    pub fn enqueue(d: *Dispatcher, vri: *Vri, word: abi.Descriptor) void {
        @setRuntimeSafety(false); // the slot was taken from the pool, and a full stage is flushed
        d.noteHanded(vri);
        vri.vr.pool.slots[word.slot].owner = .frame(vri.number);
        if (vri.staged_count == batch) d.flush(vri);
        vri.staged[vri.staged_count] = @bitCast(word);
        vri.staged_count += 1;
    }

    /// Puts words whose slots are the VRI's already straight into its queue, after what is staged
    /// for it. They are published with the rest, by `show`.
    pub fn hand(d: *Dispatcher, vri: *Vri, words: []const u64) void {
        d.noteHanded(vri);
        if (vri.staged_count != 0) d.flush(vri);
        const pushed = vri.push(words);
        if (pushed != words.len) d.refuse(vri, words[pushed..]);
    }

    /// Hands what is staged to the VRI; what its queue has no room for is dropped.
    fn flush(d: *Dispatcher, vri: *Vri) void {
        const staged = vri.staged_count;
        vri.staged_count = 0;
        const pushed = vri.push(vri.staged[0..staged]);
        if (pushed != staged) d.refuse(vri, vri.staged[pushed..staged]);
    }

    fn refuse(d: *Dispatcher, vri: *Vri, words: []const u64) void {
        for (words) |word| {
            const dropped: abi.Descriptor = @bitCast(word);
            vri.vr.arrive(vri, dropped.slot);
            d.discard(vri.vr, dropped.slot, .queue_full);
        }
    }

    inline fn noteHanded(d: *Dispatcher, vri: *Vri) void {
        if (vri.handed) return;
        vri.handed = true;
        d.handed[d.handed_count] = vri;
        d.handed_count += 1;
    }

    /// After each batch: lets the VRIs that are awake see what is theirs, so that they work on it
    /// while the next batch comes in.
    pub fn show(d: *Dispatcher) void {
        for (d.handed[0..d.handed_count]) |vri| {
            if (vri.staged_count != 0) d.flush(vri);
            vri.publish();
        }
    }

    /// After the last batch: looks at the loads, and wakes who sleeps.
    pub fn flushStaged(d: *Dispatcher) void {
        d.show();
        const handed = d.handed[0..d.handed_count];
        d.handed_count = 0;
        if (handed.len != 0) d.latest = handed[0];
        for (handed) |vri| {
            vri.handed = false;
            // With one VRI there is nothing to choose: its estimate is for whoever reads it.
            vri.settle(vri.vr.running.len > 1 or d.totals.passes & 15 == 0);
            if (vri.violation != .none) vri.vr.withdraw(vri);
            vri.vr.stale_loads = true;
        }
        for (handed) |vri| vri.vr.sortOut();
        // The fence puts the queues' indices before the looks at the sleep flags; the VRI sets its
        // flag, fences, then looks at the queue: one of the two sees the other.
        fullFence();
        for (handed) |vri| if (vri.sleeps()) {
            d.sleeper.guests.invite(vri);
            vri.endSleep();
        };
    }

    /// Drops a frame that has a slot, which is free again.
    pub fn discard(d: *Dispatcher, vr: *Vr, slot: u32, reason: abi.Drop) void {
        vr.pool.give(slot);
        d.drop(vr, reason);
    }

    /// Counts a drop. The frame's slot, if it had one, is free again already.
    pub fn drop(d: *Dispatcher, vr: *Vr, reason: abi.Drop) void {
        const index = @intFromEnum(reason);
        d.totals.dropped_frames += 1;
        d.totals.drops[index] += 1;
        vr.counters.dropped_frames += 1;
        vr.counters.drops[index] += 1;
    }

    /// Puts a plan in force: between passes, so nothing is staged.
    pub fn adopt(d: *Dispatcher, plan: *Plan) void {
        const old = d.plan;
        d.plan = plan;
        d.latest = null;
        d.sleeper.guests.dismiss(.all);
        d.sleeper.watch(old, plan);
        for (plan.ports) |port| {
            d.opened_ports[port.number >> 6] |= @as(u64, 1) << @intCast(port.number & 63);
        }
        for (plan.vrs) |*entry| entry.vr.permitted = entry.permitted;
        const now_ns = monotonicNs();
        for (plan.vris) |*entry| {
            const vri = entry.vri;
            vri.enter(entry.state, entry.decided_ns, now_ns);
            vri.share = entry.share;
            vri.visit.pid = entry.pid;
            const words = vri.monitor;
            @atomicStore(u32, &words.idle.spins, entry.idle.spins, .monotonic);
            @atomicStore(u32, &words.idle.yields, entry.idle.yields, .monotonic);
            @atomicStore(u32, &words.busy_poll, d.config.busy_poll, .monotonic);
        }
        for (plan.vrs) |*entry|
            entry.vr.adopt(entry.running, entry.loads, plan.vri_by_number, entry.leaving);
        for (plan.vris) |*entry| if (entry.vri.violation != .none) entry.vri.vr.withdraw(entry.vri);
        // Last, with the new VRIs in place: what a dead one had not taken goes to them first.
        for (plan.vris) |*entry| if (entry.state == .dead) reclaim.vri(d, entry.vri);
        d.flushStaged();
        // A standby that runs from now on: roused already, unless it was just about to sleep then.
        for (plan.vrs) |*entry| for (entry.running) |vri| vri.wake();
    }

    /// Heartbeats both ways, and the sockets' own statistics, every few milliseconds.
    fn housekeep(d: *Dispatcher, busy: bool) void {
        d.totals.passes += 1;
        // Reading the clock takes as long as the rest of a pass without work.
        const idles = !busy and d.sleeper.patience.idles();
        if (idles and d.totals.passes & 3 != 0 or busy and d.totals.passes & 15 != 0) return;
        d.now_ns = monotonicNs();
        d.now_ms = @truncate(d.now_ns / std.time.ns_per_ms);
        const elapsed_ns = d.now_ns - d.housekept_ns;
        if (elapsed_ns < housekeeping_ns) return;
        d.housekept_ns = d.now_ns;
        for (d.plan.vris) |*entry| {
            const vri = entry.vri;
            _ = @atomicRmw(u64, &vri.monitor.beat, .Add, 1, .monotonic);
            vri.heartbeat.hear(&vri.link.vri_words.beat, d.now_ns);
            vri.lend = true;
            vri.asked = 0;
            if (vri.live()) vri.checkIndex();
            const busy_ns = @atomicLoad(u64, &vri.link.vri_words.busy_ns, .monotonic);
            vri.estimator.tick(elapsed_ns, busy_ns);
        }
        if (d.config.busy_poll == 0) crowd.look(&d.sleeper.guests, d.plan, elapsed_ns, d.now_ns);
        for (d.plan.ports) |port| port.readStatistics();
        for (d.plan.vrs) |*entry| entry.vr.rest();
    }

    /// What arrives, over the time from one look at the sockets to another: right however long this
    /// thread was kept from its core between them. A look that was itself held up doesn't count,
    /// one that left frames behind only when there was no better one for a while.
    pub fn measure(d: *Dispatcher, came: u32) void {
        const elapsed_ns = d.looked_ns -% d.measured_ns;
        const took_ns = monotonicNs() -% d.looked_ns;
        if (took_ns > elapsed_ns / look_share) return;
        if (came >= batches_per_pass * batch and elapsed_ns < behind_max_ns) return;
        d.measured_ns = d.looked_ns;
        for (d.plan.vrs) |*entry| entry.vr.tick(elapsed_ns);
    }

    /// Parked frames, wherever their flow's earlier ones are back.
    fn unpark(d: *Dispatcher) void {
        var parked: u32 = 0;
        for (d.plan.vrs) |*entry| if (entry.vr.parked_count != 0) {
            parked += entry.vr.parked_count;
            ingest.unpark(d, entry.vr);
        };
        if (parked != 0) d.flushStaged();
    }
};

pub fn fullFence() void {
    // A locked operation orders this thread's earlier stores before its later loads, as the
    // sleep-and-wake protocol needs on every machine.
    var word: u32 = 0;
    _ = @atomicRmw(u32, &word, .Or, 0, .seq_cst);
}

pub const monotonicNs = @import("monotonic.zig").ns;
