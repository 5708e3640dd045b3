//! The dispatcher: the data plane's loop, on a thread of its own. Socket adapters → classifier →
//! balancer → VRIs' queues; back from the VRIs → check → adapters. No allocation, no lock, no log.
//!
//! Conservation, exact at the end of every pass: received + originated + replicated = sent +
//! dropped + kept + in flight. Each frame is counted once, where it enters and where it ends.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const events = @import("events.zig");
const mailbox = @import("mailbox.zig");
const reclaim = @import("reclaim.zig");
const segment = @import("segment.zig");
const sleeper = @import("sleeper.zig");
const snapshot = @import("snapshot.zig");
const socket_adapter = @import("socket_adapter/registry.zig");
const Owner = @import("frame_pool.zig").Owner;
const Plan = @import("plan.zig").Plan;
const Port = @import("port.zig").Port;
const Vr = @import("vr.zig").Vr;
const Vri = @import("vri_adapter.zig").Vri;
const Frame = socket_adapter.Frame;

const batch = 64;
const housekeeping_ns = 5 * std.time.ns_per_ms;

pub const Dispatcher = struct {
    config: abi.StartConfig,
    sleeper: sleeper.Sleeper,
    mail: mailbox.Mailbox = .{},
    events: events.ToControl,
    snapshots: snapshot.Publisher,
    plan: *Plan,
    totals: abi.Totals = .{},
    opened_ports: [4]u64 = @splat(0), // ever: a VRI may still send to one that just went
    now_ns: u64 = 0,
    housekept_ns: u64 = 0,
    frames: [batch]Frame = undefined,
    words: [batch]u64 = undefined,

    /// The loop. Returns when told to stop.
    pub fn run(d: *Dispatcher) void {
        while (!d.mail.stopping()) {
            if (d.mail.take()) |plan| d.adopt(plan);
            const work = d.inhale() + d.exhale() + events.relay(d);
            d.housekeep(work != 0);
            d.snapshots.answer(d);
            d.sleeper.note(d, work);
        }
    }

    /// Sockets → VRIs. Each frame ends staged for a VRI, kept, or dropped with one reason.
    fn inhale(d: *Dispatcher) u32 {
        var total: u32 = 0;
        for (d.plan.ports) |port| {
            const count = port.receive(&d.frames);
            for (d.frames[0..count]) |*frame| d.admit(port, frame);
            total += count;
        }
        if (total != 0) d.flushStaged();
        return total;
    }

    fn admit(d: *Dispatcher, port: *Port, frame: *const Frame) void {
        const plan = d.plan;
        if (plan.classifier.vrOf(frame, port.number)) |index| {
            return d.serve(plan.vrs[index].vr, port, frame);
        }
        const pieces = piecesOf(frame);
        d.countReceived(port, pieces, frame.bytes.len);
        port.counters.kept_frames += pieces;
        d.totals.kept_frames += pieces;
        if (!plan.classifier.any_watch) return;
        for (plan.vrs, 0..) |*entry, i| {
            if (!plan.classifier.wantsCopy(frame, port.number, @intCast(i))) continue;
            d.totals.replicated_frames += 1;
            entry.vr.counters.replicated_frames += 1;
            d.stage(entry.vr, port, frame, null, 0);
        }
    }

    fn countReceived(d: *Dispatcher, port: *Port, frames: u64, bytes: u64) void {
        port.counters.received_frames += frames;
        port.counters.received_bytes += bytes;
        d.totals.received_frames += frames;
        d.totals.received_bytes += bytes;
    }

    /// A served frame, or each of the frames that a super-frame stands for.
    fn serve(d: *Dispatcher, vr: *Vr, port: *Port, frame: *const Frame) void {
        vr.counters.received_bytes += frame.bytes.len;
        if (frame.offload.gso_type == 0 or frame.fault != .none) {
            d.countReceived(port, 1, frame.bytes.len);
            vr.counters.received_frames += 1;
            if (frame.fault == .truncated) return d.drop(vr, .truncated);
            return d.stage(vr, port, frame, null, 0);
        }
        const cut = segment.plan(frame.bytes, frame.offload) orelse {
            d.countReceived(port, 1, frame.bytes.len);
            vr.counters.received_frames += 1;
            return d.drop(vr, .bad_segment);
        };
        d.countReceived(port, cut.count, frame.bytes.len);
        vr.counters.received_frames += cut.count;
        for (0..cut.count) |i| d.stage(vr, port, frame, &cut, @intCast(i));
    }

    /// Copies a frame into a slot of its VR's arena and stages it for a VRI.
    fn stage(
        d: *Dispatcher,
        vr: *Vr,
        port: *Port,
        frame: *const Frame,
        cut: ?*const segment.Segments,
        index: u32,
    ) void {
        const pool = &vr.pool;
        const bytes: u32 = @intCast(frame.bytes.len);
        const length = if (cut) |c| segment.length(c, bytes, index) else bytes;
        if (length > @min(pool.slot_bytes - abi.headroom_bytes, abi.max_frame_bytes))
            return d.drop(vr, .too_long);
        const vri = vr.choose() orelse return d.drop(vr, .no_vri);
        const slot = pool.take() orelse return d.drop(vr, .arena_full);
        const into = pool.bytes(slot)[abi.headroom_bytes..][0..length];
        if (cut) |c| segment.write(c, frame.bytes, index, into) else {
            @memcpy(into, frame.bytes);
            if (frame.offload.flags & segment.OffloadHeader.needs_checksum != 0 and
                !segment.completeChecksum(into, frame.offload))
            {
                pool.give(slot);
                return d.drop(vr, .bad_segment);
            }
        }
        pool.owners[slot] = .frame(vri.number);
        pool.tags[slot] = frame.tag;
        const word: abi.Descriptor = .{
            .slot = @intCast(slot),
            .length = @intCast(length),
            .offset = abi.headroom_bytes / 2,
            .input_port = port.number,
            .output = abi.no_port,
        };
        d.enqueue(vri, @bitCast(word));
    }

    /// Stages a word; a full stage goes to the queue at once.
    pub fn enqueue(d: *Dispatcher, vri: *Vri, word: u64) void {
        if (vri.staged_count == batch) d.flush(vri);
        vri.staged[vri.staged_count] = word;
        vri.staged_count += 1;
    }

    /// Hands what is staged to the VRI; what its queue has no room for is dropped.
    fn flush(d: *Dispatcher, vri: *Vri) void {
        const staged = vri.staged_count;
        const pushed = vri.flush();
        for (vri.staged[pushed..staged]) |word| {
            const dropped: abi.Descriptor = @bitCast(word);
            vri.vr.pool.give(dropped.slot);
            d.drop(vri.vr, .queue_full);
        }
        if (vri.violation != .none) vri.vr.withdraw(vri);
    }

    /// Hands over all that is staged, then wakes who sleeps.
    pub fn flushStaged(d: *Dispatcher) void {
        for (d.plan.vrs) |*entry| {
            for (entry.vr.running) |vri| if (vri.staged_count != 0) d.flush(vri);
            entry.vr.refreshLoads();
        }
        // The fence puts the queues' indices before the looks at the sleep flags; the VRI sets its
        // flag, fences, then looks at the queue: one of the two sees the other.
        fullFence();
        for (d.plan.vrs) |*entry| for (entry.vr.running) |vri| vri.wake();
    }

    /// VRIs → sockets. At most one batch from each VRI.
    fn exhale(d: *Dispatcher) u32 {
        var total: u32 = 0;
        for (d.plan.vris) |*entry| {
            const vri = entry.vri;
            if (!vri.live()) continue;
            const count = vri.collect(&d.words);
            for (d.words[0..count]) |word| d.settle(vri, @bitCast(word));
            if (vri.violation != .none) vri.vr.withdraw(vri);
            if (vri.lend) vri.lendSlots();
            total += count;
        }
        if (total != 0) d.flushPorts();
        return total;
    }

    pub fn flushPorts(d: *Dispatcher) void {
        for (d.plan.ports) |port| if (port.count != 0) d.flushPort(port);
    }

    /// One word that a VRI gave back: check it, then send or drop its frame.
    pub fn settle(d: *Dispatcher, vri: *Vri, word: abi.Descriptor) void {
        if (vri.violation != .none) return; // its slots are reclaimed once it is dead
        const verdict = vri.judge(word);
        if (verdict == .refuse) return vri.violate(verdict.refuse);
        const vr = vri.vr;
        const pool = &vr.pool;
        if (pool.owners[word.slot].empty) { // a frame of the VRI's own making
            pool.owners[word.slot] = .frame(vri.number);
            d.totals.originated_frames += 1;
            vr.counters.originated_frames += 1;
            vri.counters.originated_frames += 1;
            vri.lend = true;
        }
        switch (verdict) {
            .drop => |reason| d.release(vri, word.slot, reason),
            .send => |number| {
                const port = d.plan.by_number[number] orelse {
                    if (d.opened_ports[number >> 6] >> @intCast(number & 63) & 1 == 0) {
                        vri.violate(.bad_port);
                    }
                    return d.release(vri, word.slot, .send_failed);
                };
                if (port.count == batch) d.flushPort(port);
                const start = pool.bytes(word.slot) + @as(usize, word.offset) * 2;
                port.outgoing[port.count] = .{
                    .bytes = start[0..word.length],
                    .tag = pool.tags[word.slot],
                };
                port.senders[port.count] = .{ .vri = vri, .slot = word.slot };
                port.count += 1;
            },
            .refuse => unreachable, // returned above
        }
    }

    /// Sends a port's frames and gives their slots back. What its transmit queue has no room for is
    /// dropped: waiting would hold up every other VR.
    fn flushPort(d: *Dispatcher, port: *Port) void {
        const sent = port.send();
        for (port.senders[0..port.count], port.outgoing[0..port.count], 0..) |sender, out, i| {
            const vri = sender.vri;
            if (i >= sent.frames) {
                port.counters.send_dropped_frames += 1;
                d.release(vri, sender.slot, .send_full);
            } else if (sent.refused >> @intCast(i) & 1 != 0) {
                port.counters.send_dropped_frames += 1;
                d.release(vri, sender.slot, .send_failed);
            } else {
                const bytes = out.bytes.len;
                port.counters.sent_frames += 1;
                port.counters.sent_bytes += bytes;
                d.totals.sent_frames += 1;
                d.totals.sent_bytes += bytes;
                vri.vr.counters.sent_frames += 1;
                vri.vr.counters.sent_bytes += bytes;
                vri.counters.sent_frames += 1;
                vri.vr.pool.give(sender.slot);
            }
        }
        port.count = 0;
    }

    /// Drops a frame that a VRI held.
    pub fn release(d: *Dispatcher, vri: *Vri, slot: u32, reason: abi.Drop) void {
        vri.counters.dropped_frames += 1;
        vri.vr.pool.give(slot);
        d.drop(vri.vr, reason);
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
    fn adopt(d: *Dispatcher, plan: *Plan) void {
        const old = d.plan;
        d.plan = plan;
        d.sleeper.watch(old, plan);
        for (plan.ports) |port| {
            d.opened_ports[port.number >> 6] |= @as(u64, 1) << @intCast(port.number & 63);
        }
        for (plan.vrs) |*entry| {
            const vr = entry.vr;
            vr.permitted = entry.permitted;
            vr.running = entry.running;
            vr.loads = entry.loads;
        }
        for (plan.vris) |*entry| {
            const vri = entry.vri;
            vri.state = entry.state;
            @atomicStore(u32, &vri.link.monitor.idle.spins, entry.idle.spins, .monotonic);
            @atomicStore(u32, &vri.link.monitor.idle.yields, entry.idle.yields, .monotonic);
            if (vri.violation != .none) vri.vr.withdraw(vri);
        }
        for (plan.vrs) |*entry| entry.vr.refreshLoads();
        // Last, with the new VRIs in place: what a dead one had not taken goes to them first.
        for (plan.vris) |*entry| if (entry.state == .dead) reclaim.vri(d, entry.vri);
        d.flushStaged();
    }

    /// Heartbeats both ways, and the sockets' own statistics, every few milliseconds.
    fn housekeep(d: *Dispatcher, busy: bool) void {
        d.totals.passes += 1;
        if (busy and d.totals.passes & 15 != 0) return;
        d.now_ns = monotonicNs();
        if (d.now_ns - d.housekept_ns < housekeeping_ns) return;
        d.housekept_ns = d.now_ns;
        for (d.plan.vris) |*entry| {
            const vri = entry.vri;
            _ = @atomicRmw(u64, &vri.link.monitor.beat, .Add, 1, .monotonic);
            const beat = @atomicLoad(u64, &vri.link.vri_words.beat, .monotonic);
            if (beat != vri.beat or vri.beat_ns == 0) {
                vri.beat = beat;
                vri.beat_ns = d.now_ns;
            }
            vri.lend = true;
        }
        for (d.plan.ports) |port| port.readStatistics();
    }
};

/// Frames that a captured frame stands for.
fn piecesOf(frame: *const Frame) u32 {
    if (frame.offload.gso_type == 0) return 1;
    return (segment.plan(frame.bytes, frame.offload) orelse return 1).count;
}

pub fn fullFence() void {
    // A locked operation orders this thread's earlier stores before its later loads, as the
    // sleep-and-wake protocol needs on every machine.
    var word: u32 = 0;
    _ = @atomicRmw(u32, &word, .Or, 0, .seq_cst);
}

pub fn monotonicNs() u64 {
    var ts: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &ts);
    return @as(u64, @intCast(ts.sec)) * std.time.ns_per_s + @as(u64, @intCast(ts.nsec));
}
