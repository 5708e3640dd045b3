//! VRIs → sockets: the way out. Every word that comes back is judged before it is followed.
const std = @import("std");
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const frame_pool = @import("frame_pool.zig");
const Port = @import("port.zig").Port;
const Sent = @import("socket_adapter/frame.zig").Sent;
const Vri = @import("vri_adapter.zig").Vri;
const Dispatcher = dispatch.Dispatcher;

/// At most one batch from each VRI.
pub fn exhale(d: *Dispatcher) u32 {
    var total: u32 = 0;
    for (d.plan.vris) |*entry| {
        const vri = entry.vri;
        if (!vri.live()) continue;
        const count = vri.collect(&d.words);
        if (count != 0) {
            settleAll(d, vri, d.words[0..count]);
            flushPorts(d, vri);
        }
        if (vri.violation != .none) vri.vr.withdraw(vri);
        if (vri.lend) vri.lendSlots();
        total += count;
    }
    return total;
}

/// A batch of words of one VRI. The usual word, a whole frame for a port that is there, takes the
/// short way; all others the long one.
pub fn settleAll(d: *Dispatcher, vri: *Vri, words: []const u64) void {
    const owner: frame_pool.Owner = .frame(vri.number);
    for (words) |raw| {
        const word: abi.Descriptor = @bitCast(raw);
        if (isUsual(vri, word, owner)) {
            if (d.plan.by_number[word.output]) |port| {
                queue(d, vri, port, word);
                continue;
            }
        }
        settle(d, vri, word);
    }
}

inline fn isUsual(vri: *const Vri, word: abi.Descriptor, owner: frame_pool.Owner) bool {
    @setRuntimeSafety(false);
    const vr = vri.vr;
    const pool = &vr.pool;
    const end = @as(u32, word.offset) * 2 + word.length;
    const whole = word.present and !word.dropped and word.reserved == 0 and word.length >= 14 and
        end <= pool.slot_bytes and word.slot < pool.slot_count;
    if (!whole) return false;
    const permitted = vr.permitted[word.output >> 6] >> @intCast(word.output & 63) & 1 != 0;
    return permitted and pool.owners[word.slot].is(owner) and vri.violation == .none;
}

inline fn queue(d: *Dispatcher, vri: *Vri, port: *Port, word: abi.Descriptor) void {
    if (port.count == dispatch.batch) flushPort(d, port, vri);
    const pool = &vri.vr.pool;
    const start = pool.bytes(word.slot) + @as(usize, word.offset) * 2;
    port.outgoing[port.count] = .{ .bytes = start[0..word.length], .tag = pool.tags[word.slot] };
    port.slots[port.count] = word.slot;
    port.count += 1;
    // No longer its VRI's: the same word once more in this batch is a violation.
    pool.owners[word.slot] = .nobody;
}

/// One word, whatever is in it.
fn settle(d: *Dispatcher, vri: *Vri, word: abi.Descriptor) void {
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
        vri.loaned -= 1;
        vri.lend = true;
    }
    switch (verdict) {
        .drop => |reason| release(d, vri, word.slot, reason),
        .send => |number| {
            if (d.plan.by_number[number]) |port| return queue(d, vri, port, word);
            // A port that just went is no fault of the VRI's; one that never was is.
            const opened = d.opened_ports[number >> 6] >> @intCast(number & 63) & 1 != 0;
            if (!opened) vri.violate(.bad_port);
            release(d, vri, word.slot, .send_failed);
        },
        .refuse => unreachable, // returned above
    }
}

pub fn flushPorts(d: *Dispatcher, vri: *Vri) void {
    for (d.plan.ports) |port| if (port.count != 0) flushPort(d, port, vri);
}

/// Sends a port's frames, all of one VRI, and gives their slots back. What its transmit queue has
/// no room for is dropped: waiting would hold up every other VR.
fn flushPort(d: *Dispatcher, port: *Port, vri: *Vri) void {
    const count = port.count;
    const sent = port.send();
    port.count = 0;
    if (sent.frames != count or sent.refused != 0) return flushPartly(d, port, vri, count, sent);
    var bytes: u64 = 0;
    for (port.outgoing[0..count]) |*out| bytes += out.bytes.len;
    countSent(d, port, vri, count, bytes);
    const vr = vri.vr;
    for (port.slots[0..count]) |slot| {
        vr.arrive(vri, slot);
        vr.pool.give(slot);
    }
}

fn flushPartly(d: *Dispatcher, port: *Port, vri: *Vri, count: u32, sent: Sent) void {
    for (port.slots[0..count], port.outgoing[0..count], 0..) |slot, out, i| {
        const refused = i < sent.frames and sent.refused >> @intCast(i) & 1 != 0;
        if (i < sent.frames and !refused) {
            countSent(d, port, vri, 1, out.bytes.len);
            vri.vr.arrive(vri, slot);
            vri.vr.pool.give(slot);
            continue;
        }
        port.counters.send_dropped_frames += 1;
        release(d, vri, slot, if (refused) .send_failed else .send_full);
    }
}

fn countSent(d: *Dispatcher, port: *Port, vri: *Vri, frames: u64, bytes: u64) void {
    port.counters.sent_frames += frames;
    port.counters.sent_bytes += bytes;
    d.totals.sent_frames += frames;
    d.totals.sent_bytes += bytes;
    vri.vr.counters.sent_frames += frames;
    vri.vr.counters.sent_bytes += bytes;
    vri.counters.sent_frames += frames;
}

/// Drops a frame that a VRI held.
pub fn release(d: *Dispatcher, vri: *Vri, slot: u32, reason: abi.Drop) void {
    vri.counters.dropped_frames += 1;
    vri.vr.arrive(vri, slot);
    d.discard(vri.vr, slot, reason);
}
