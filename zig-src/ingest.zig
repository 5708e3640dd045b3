//! Sockets → VRIs: the way in. Each frame ends staged for a VRI, parked, kept, or dropped with one
//! reason.
//!
//! The batch is cut into runs of frames of one VR. Plain frames (no offload, no fault) take a short
//! loop: one where the VR has a single VRI and doesn't look at flows, one where a VRI is chosen.
const abi = @import("abi.zig");
const claim = @import("copy.zig").claim;
const copy = @import("copy.zig").copy;
const dispatch = @import("dispatch.zig");
const frame_pool = @import("frame_pool.zig");
const in_place = @import("in_place.zig");
const segment = @import("segment.zig");
const socket_adapter = @import("socket_adapter/registry.zig");
const Port = @import("port.zig").Port;
const Vr = @import("vr.zig").Vr;
const Dispatcher = dispatch.Dispatcher;
const Frame = socket_adapter.Frame;

const batch = dispatch.batch;
/// What a port may give at once where frames of several VRs are sorted: a fuller run for each.
pub const burst = @import("port.zig").burst;
const kept = @import("classifier.zig").kernels;
const ahead = @import("copy.zig").claim_ahead;

pub fn inhale(d: *Dispatcher) u32 {
    var total: u32 = 0;
    for (d.plan.ports) |port| {
        const most = port.batchFrames(d.plan.vrs.len);
        var unshown: u32 = 0;
        for (0..@max(1, dispatch.batches_per_pass * batch / most)) |_| {
            const frames = port.receive(&d.frames, most);
            if (frames.len == 0) break;
            d.totals.batches[abi.batchBucket(@intCast(frames.len))] += 1;
            admit(d, port, frames);
            total += @intCast(frames.len);
            unshown += most;
            if (unshown >= batch) {
                d.show();
                unshown = 0;
            }
            if (frames.len < most) break;
        }
    }
    if (total != 0) d.flushStaged();
    return total;
}

/// One port's batch, in runs of frames of the same VR: as they came, or sorted by VR where they
/// came in short runs. Frames of a flow are all of one VR, so sorting keeps them in order.
fn admit(d: *Dispatcher, port: *Port, frames: []const Frame) void {
    const verdicts = d.verdicts[0..frames.len];
    d.plan.classifier.vrsOf(frames, port.number, verdicts);
    const sorts = d.plan.vrs.len > 1 and port.residence == null;
    if (sorts and areMixed(verdicts)) return admitSorted(d, port, frames, verdicts);
    var start: usize = 0;
    while (start < frames.len) {
        const verdict = verdicts[start];
        var end = start + 1;
        while (end < frames.len and verdicts[end] == verdict) end += 1;
        admitRun(d, port, verdict, frames[start..end]);
        start = end;
    }
}

/// Whether runs are shorter than eight frames on average: then sorting costs less than it saves.
fn areMixed(verdicts: []const u32) bool {
    @setRuntimeSafety(false);
    var changes: u32 = 0;
    for (verdicts[0 .. verdicts.len - 1], verdicts[1..]) |a, b| changes += @intFromBool(a != b);
    return changes > verdicts.len / 8;
}

/// For `admitSorted`: a batch sorted by VR.
pub const Sorting = struct {
    counts: [abi.max_vrs + 1]u16 = @splat(0), // by VR; the kernel's last. Zero between batches
    keys: [burst]u16 = undefined, // VRs of the batch, as they first came
    order: [burst]u16 = undefined, // frames by VR
    frames: [batch]Frame = undefined, // of one VR
};

/// A counting sort: a few instructions a frame, whatever the number of VRs.
fn admitSorted(d: *Dispatcher, port: *Port, frames: []const Frame, verdicts: []const u32) void {
    @setRuntimeSafety(false); // keys are cut to the array, and a batch has no more than `burst`
    const sorting = &d.sorting;
    const counts = &sorting.counts;
    var key_count: u32 = 0;
    for (verdicts) |verdict| {
        const key: u16 = @intCast(@min(verdict, abi.max_vrs));
        sorting.keys[key_count] = key;
        key_count += @intFromBool(counts[key] == 0);
        counts[key] += 1;
    }
    const keys = sorting.keys[0..key_count];
    var next: u16 = 0;
    for (keys) |key| {
        const count = counts[key];
        counts[key] = next;
        next += count;
    }
    for (verdicts, 0..) |verdict, i| {
        const place = &counts[@min(verdict, abi.max_vrs)];
        sorting.order[place.*] = @intCast(i);
        place.* += 1;
    }
    var start: u16 = 0;
    for (keys) |key| {
        const end = counts[key];
        counts[key] = 0;
        const verdict: u32 = if (key == abi.max_vrs) kept else key;
        while (start < end) {
            const count = @min(end - start, batch);
            const run = sorting.frames[0..count];
            for (run, sorting.order[start..][0..count]) |*frame, i| frame.* = frames[i];
            admitRun(d, port, verdict, run);
            if (count == batch) d.show();
            start += count;
        }
    }
}

/// Frames with the same verdict. Of a long run, VRIs see each batch while the next comes.
fn admitRun(d: *Dispatcher, port: *Port, verdict: u32, frames: []const Frame) void {
    if (verdict == kept) {
        for (frames) |*frame| keep(d, port, frame);
        if (port.arena) |pool| in_place.dismiss(pool, frames);
        return;
    }
    const vr = d.plan.vrs[verdict].vr;
    var rest = frames;
    while (true) {
        const run = rest[0..@min(rest.len, batch)];
        if (port.residence) |*lying| {
            lying.serve(d, vr, port, run);
        } else if (port.arena) |pool| {
            in_place.serve(d, vr, port, pool, run);
        } else serve(d, vr, port, run);
        rest = rest[run.len..];
        if (rest.len == 0) return;
        d.show();
    }
}

/// A frame of the kernel's: counted, and copied for the VRs that asked.
fn keep(d: *Dispatcher, port: *Port, frame: *const Frame) void {
    const plan = d.plan;
    const pieces = piecesOf(frame);
    countReceived(d, port, pieces, frame.bytes.len);
    port.counters.kept_frames += pieces;
    d.totals.kept_frames += pieces;
    if (!plan.classifier.any_watch) return;
    for (plan.vrs, 0..) |*entry, i| {
        if (!plan.classifier.wantsCopy(frame, port.number, @intCast(i))) continue;
        const whole = frame.offload.gso_type == 0;
        const cut = if (whole) null else segment.plan(frame.bytes, frame.offload);
        d.totals.replicated_frames += pieces;
        entry.vr.counters.replicated_frames += pieces;
        for (0..pieces) |j|
            stage(d, entry.vr, port, frame, if (cut) |*c| c else null, @intCast(j));
    }
}

pub fn countReceived(d: *Dispatcher, port: *Port, frames: u64, bytes: u64) void {
    port.counters.received_frames += frames;
    port.counters.received_bytes += bytes;
    d.totals.received_frames += frames;
    d.totals.received_bytes += bytes;
}

/// A run of frames that one VR serves, a batch at most.
pub fn serve(d: *Dispatcher, vr: *Vr, port: *Port, frames: []const Frame) void {
    var rest = frames;
    while (rest.len != 0) {
        const plain = if (vr.running.len == 0) 0 else plainFrames(&vr.pool, rest);
        if (plain == 0) {
            serveOne(d, vr, port, &rest[0]);
            rest = rest[1..];
            continue;
        }
        if (vr.running.len == 1 and !vr.tracking)
            servePlain(d, vr, port, rest[0..plain])
        else
            serveChosen(d, vr, port, rest[0..plain]);
        rest = rest[plain..];
    }
}

/// How many frames the short loops can take: plain, and each short enough for a slot of its own.
fn plainFrames(pool: *const frame_pool.FramePool, frames: []const Frame) usize {
    @setRuntimeSafety(false);
    const longest = slotRoom(pool);
    const most = @min(frames.len, pool.free_count);
    for (frames[0..most], 0..) |*frame, i| {
        if (!frame.isPlain() or frame.bytes.len > longest) return i;
    }
    return most;
}

fn slotRoom(pool: *const frame_pool.FramePool) u32 {
    return @min(pool.slot_bytes - abi.headroom_bytes, abi.max_frame_bytes);
}

/// The short loop. Works on locals: a store through one pointer would make the compiler reload all
/// that lies behind the others.
fn servePlain(d: *Dispatcher, vr: *Vr, port: *Port, frames: []const Frame) void {
    @setRuntimeSafety(false);
    const vri = vr.running[0];
    const pool = &vr.pool;
    const memory = pool.segment.memory.ptr;
    const slot_bytes: usize = pool.slot_bytes;
    const free = pool.free;
    const slots = pool.slots;
    const owner: frame_pool.Owner = .frame(vri.number);
    const flow: u32 = if (vr.by_frame) frame_pool.no_flow else frame_pool.untracked;
    const input_port = port.number;
    var top = pool.free_count;
    var bytes: u64 = 0;
    var words: [batch]u64 = undefined;
    const base = memory + abi.headroom_bytes;
    for (0..@min(ahead, frames.len)) |i| claim(base + free[top - 1 - i] * slot_bytes);
    for (frames, words[0..frames.len], 0..) |*frame, *word, i| {
        top -= 1;
        const slot = free[top];
        if (i + ahead < frames.len) claim(base + free[top - ahead] * slot_bytes);
        const length = frame.bytes.len;
        copy(base + slot * slot_bytes, frame.bytes.ptr, length);
        slots[slot] = .{ .owner = owner, .tag = frame.tag, .flow = flow };
        bytes += length;
        word.* = @bitCast(abi.Descriptor{
            .slot = @truncate(slot),
            .length = @truncate(length),
            .offset = abi.headroom_bytes / 2,
            .input_port = input_port,
            .output = abi.no_port,
        });
    }
    pool.free_count = top;
    pool.noteLeast();
    if (!vr.by_frame) vri.untracked += @intCast(frames.len);
    countReceived(d, port, frames.len, bytes);
    vr.counters.received_frames += frames.len;
    vr.counters.received_bytes += bytes;
    d.hand(vri, words[0..frames.len]);
}

/// The short loop where each frame's VRI has to be chosen, by its flow or by itself.
fn serveChosen(d: *Dispatcher, vr: *Vr, port: *Port, frames: []const Frame) void {
    @setRuntimeSafety(false); // there are as many free slots as frames (`plainFrames`)
    const pool = &vr.pool;
    const base = pool.segment.memory.ptr + abi.headroom_bytes;
    const slot_bytes: usize = pool.slot_bytes;
    var bytes: u64 = 0;
    const first = pool.free[pool.free_count - frames.len .. pool.free_count];
    for (0..@min(ahead, frames.len)) |i| claim(base + first[frames.len - 1 - i] * slot_bytes);
    for (frames, 0..) |*frame, i| {
        pool.free_count -= 1;
        pool.noteLeast(); // each time: a frame that is dropped gives its slot back
        const slot = pool.free[pool.free_count];
        if (i + ahead < frames.len) claim(base + pool.free[pool.free_count - ahead] * slot_bytes);
        const length = frame.bytes.len;
        copy(base + slot * slot_bytes, frame.bytes.ptr, length);
        pool.slots[slot] = .{ .tag = frame.tag };
        bytes += length;
        const word: abi.Descriptor = .{
            .slot = @truncate(slot),
            .length = @truncate(length),
            .offset = abi.headroom_bytes / 2,
            .input_port = port.number,
            .output = abi.no_port,
        };
        assign(d, vr, word, frame.bytes, .newest);
    }
    countReceived(d, port, frames.len, bytes);
    vr.counters.received_frames += frames.len;
    vr.counters.received_bytes += bytes;
}

/// A frame that may be a super-frame, or faulty: each of the frames it stands for by itself.
fn serveOne(d: *Dispatcher, vr: *Vr, port: *Port, frame: *const Frame) void {
    vr.counters.received_bytes += frame.bytes.len;
    const whole = frame.fault != .none or frame.offload.gso_type == 0;
    const cut = if (whole) null else segment.plan(frame.bytes, frame.offload);
    const count = if (cut) |*c| c.count else 1;
    countReceived(d, port, count, frame.bytes.len);
    vr.counters.received_frames += count;
    if (frame.fault != .none) return d.drop(vr, .truncated);
    if (!whole and cut == null) return d.drop(vr, .bad_segment);
    for (0..count) |i| stage(d, vr, port, frame, if (cut) |*c| c else null, @intCast(i));
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
    const whole = frame.bytes.len;
    const length = if (cut) |c| segment.length(c, @intCast(whole), index) else whole;
    if (length > slotRoom(pool)) return d.drop(vr, .too_long);
    if (vr.running.len == 0) return d.drop(vr, .no_vri);
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
    pool.slots[slot] = .{ .tag = frame.tag };
    const word: abi.Descriptor = .{
        .slot = @intCast(slot),
        .length = @intCast(length),
        .offset = abi.headroom_bytes / 2,
        .input_port = port.number,
        .output = abi.no_port,
    };
    assign(d, vr, word, into, .newest);
}

/// Of a frame: the newest of its flow, or older than those that are parked.
pub const Age = enum { newest, older };

/// Sends a word whose slot is filled to the VRI that its frame (`bytes`) belongs to. Also for what
/// a dead VRI had not taken.
pub fn assign(
    d: *Dispatcher,
    vr: *Vr,
    word: abi.Descriptor,
    bytes: []const u8,
    age: Age,
) void {
    if (!vr.tracking) {
        const vri = vr.choose() orelse return d.discard(vr, word.slot, .no_vri);
        if (!vr.by_frame) {
            vr.pool.slots[word.slot].flow = frame_pool.untracked;
            vri.untracked += 1;
        }
        return d.enqueue(vri, word);
    }
    const index = vr.flowOf(bytes, d.now_ms);
    switch (vr.targetOf(index, d.now_ms, age == .older)) {
        .vri => |vri| {
            vr.depart(word.slot, index);
            d.enqueue(vri, word);
        },
        .park => if (!vr.park(word, index)) d.discard(vr, word.slot, .queue_full),
        .none => d.discard(vr, word.slot, .no_vri),
    }
}

/// Parked frames whose flow's earlier ones are back go on, oldest first.
pub fn unpark(d: *Dispatcher, vr: *Vr) void {
    while (vr.oldestParked()) |word| {
        const index = vr.parkedFlow(word);
        const target = vr.targetOf(index, d.now_ms, true);
        if (target == .park) return;
        vr.unpark(word);
        switch (target) {
            .vri => |vri| {
                vr.depart(word.slot, index);
                d.enqueue(vri, word);
            },
            else => d.discard(vr, word.slot, .no_vri),
        }
    }
}

/// Frames that a captured frame stands for.
fn piecesOf(frame: *const Frame) u32 {
    if (frame.offload.gso_type == 0) return 1;
    return (segment.plan(frame.bytes, frame.offload) orelse return 1).count;
}
