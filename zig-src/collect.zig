//! VRIs → sockets: the way out. Every word that comes back is judged before it is followed.
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const frame_pool = @import("frame_pool.zig");
const Port = @import("port.zig").Port;
const Sent = @import("socket_adapter/frame.zig").Sent;
const verdicts = @import("verdict.zig");
const Vri = @import("vri_adapter.zig").Vri;
const Dispatcher = dispatch.Dispatcher;

/// As many batches from each VRI as `ingest.zig` takes from a port, or as `came` from all ports in
/// this pass where that is more, so that neither way outruns the other.
pub fn exhale(d: *Dispatcher, came: u32) u32 {
    const most = @max(dispatch.batches_per_pass, came / dispatch.batch + 1);
    var total: u32 = 0;
    for (d.plan.vris) |*entry| {
        const vri = entry.vri;
        for (0..most) |_| {
            if (!vri.live()) break;
            const count = vri.collect(&d.words);
            if (count == 0) break;
            settleAll(d, vri, d.words[0..count]);
            flushPorts(d, vri);
            if (vri.timing) vri.noteTime();
            total += count;
            if (count < dispatch.batch) break;
        }
        if (vri.violation != .none) vri.vr.withdraw(vri);
        // A standby gets its empty slots when it runs.
        if (vri.lend and vri.live() and vri.state != .attaching) vri.lendSlots();
    }
    return total;
}

/// A batch of words of one VRI. The usual word, a whole frame for a port that is there, takes the
/// short way; all others the long one.
pub fn settleAll(d: *Dispatcher, vri: *Vri, words: []const u64) void {
    var rest = words;
    while (rest.len != 0) {
        const count = queueUsual(d, vri, rest);
        rest = rest[count..];
        if (rest.len == 0) return;
        settle(d, vri, @bitCast(rest[0]));
        rest = rest[1..];
    }
}

/// Queues words at their port as long as each is a whole frame in a slot that the VRI holds, for
/// the same permitted port. Returns how many: all, as a rule. Works on locals, as `servePlain`
/// does.
fn queueUsual(d: *Dispatcher, vri: *Vri, words: []const u64) usize {
    @setRuntimeSafety(false); // every index is compared with its bound first
    const first: abi.Descriptor = @bitCast(words[0]);
    const vr = vri.vr;
    const output = first.output;
    const permitted = vr.permitted[output >> 6] >> @truncate(output) & 1 != 0;
    if (!permitted or vri.violation != .none) return 0;
    const port = d.plan.by_number[output] orelse return 0;
    if (port.count + words.len > dispatch.batch) flushPort(d, port, vri);
    const pool = &vr.pool;
    const memory = pool.segment.memory.ptr;
    const slots = pool.slots;
    const slot_bytes = pool.slot_bytes;
    const owner: u16 = @bitCast(frame_pool.Owner.frame(vri.number));
    // Bits 52 to 63 of a usual word: the port, present, not dropped, nothing reserved.
    const head = @as(u64, output) | 1 << 8;
    const start = port.count;
    const outgoing = port.outgoing[start..];
    const numbers = port.slots[start..];
    for (words, outgoing[0..words.len], numbers[0..words.len], 0..) |raw, *out, *number, i| {
        const word: abi.Descriptor = @bitCast(raw);
        const slot: u32 = word.slot;
        const length: u32 = word.length;
        const offset = @as(u32, word.offset) * 2;
        const sound = raw >> 52 == head and slot < slots.len and length >= 14 and
            offset + length <= slot_bytes;
        if (!sound or @as(u16, @bitCast(slots[slot].owner)) != owner) {
            port.count = start + @as(u32, @intCast(i));
            return i;
        }
        const frame = memory + @as(usize, slot) * slot_bytes + offset;
        out.* = .{ .bytes = frame[0..length], .tag = slots[slot].tag };
        number.* = slot;
        slots[slot].owner = .nobody; // the same word once more in this batch is a violation
    }
    port.count = start + @as(u32, @intCast(words.len));
    return words.len;
}

/// Queues one frame that was judged already.
fn queue(d: *Dispatcher, vri: *Vri, port: *Port, word: abi.Descriptor) void {
    if (port.count == dispatch.batch) flushPort(d, port, vri);
    const pool = &vri.vr.pool;
    const start = pool.bytes(word.slot) + @as(usize, word.offset) * 2;
    const tag = pool.slots[word.slot].tag;
    port.outgoing[port.count] = .{ .bytes = start[0..word.length], .tag = tag };
    port.slots[port.count] = word.slot;
    port.count += 1;
    pool.slots[word.slot].owner = .nobody; // as in queueUsual
}

/// One word, whatever is in it.
fn settle(d: *Dispatcher, vri: *Vri, word: abi.Descriptor) void {
    if (vri.violation != .none) return; // its slots are reclaimed once it is dead
    const verdict = verdicts.judge(vri, word);
    if (verdict == .refuse) return vri.violate(verdict.refuse);
    const vr = vri.vr;
    const pool = &vr.pool;
    if (pool.slots[word.slot].owner.empty) { // a frame of the VRI's own making
        pool.slots[word.slot].owner = .frame(vri.number);
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
    if (sent.lent != 0) return lendOn(port, vri, port.slots[0..count], sent.lent);
    giveBack(vri, port.slots[0..count]);
}

/// As `giveBack` where the kernel has slots (bits of `lent`) until their frames are really gone.
fn lendOn(port: *const Port, vri: *Vri, numbers: []const u32, lent: u64) void {
    const pool = &vri.vr.pool;
    for (numbers, 0..) |slot, i| {
        vri.vr.arrive(vri, slot);
        const is_lent = lent >> @intCast(i) & 1 != 0;
        if (is_lent) pool.lendFilled(slot, port.borrower) else pool.give(slot);
    }
}

/// Slots of frames that have left.
fn giveBack(vri: *Vri, numbers: []const u32) void {
    @setRuntimeSafety(false); // they were judged on their way here
    const vr = vri.vr;
    const pool = &vr.pool;
    const slots = pool.slots;
    const free = pool.free;
    const resident_from = pool.resident_from;
    const entries = vr.flows.entries;
    var top = pool.free_count;
    var untracked: u32 = 0;
    for (numbers) |number| {
        const flow = slots[number].flow;
        slots[number] = .free;
        free[top] = number;
        top += @intFromBool(number < resident_from);
        if (flow == frame_pool.untracked) {
            untracked += 1;
        } else if (flow != frame_pool.no_flow) {
            entries[flow - frame_pool.first_flow].in_flight -= 1;
        }
    }
    pool.free_count = top;
    vri.untracked -= untracked;
}

fn flushPartly(d: *Dispatcher, port: *Port, vri: *Vri, count: u32, sent: Sent) void {
    for (port.slots[0..count], port.outgoing[0..count], 0..) |slot, out, i| {
        const refused = i < sent.frames and sent.refused >> @intCast(i) & 1 != 0;
        const number = [_]u32{slot};
        const lent = if (i < sent.frames) sent.lent >> @intCast(i) & 1 else 0;
        if (i < sent.frames and !refused) {
            countSent(d, port, vri, 1, out.bytes.len);
        } else {
            port.counters.send_dropped_frames += 1;
            vri.counters.dropped_frames += 1;
            d.drop(vri.vr, if (refused) .send_failed else .send_full);
        }
        lendOn(port, vri, &number, lent);
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
