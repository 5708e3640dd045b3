//! What a dead VRI leaves: its answers are taken, its untaken frames go in order to its siblings,
//! and only the batch it was working on is lost. Called once per VRI, by the dispatcher, when a
//! plan says that its process is reaped: nothing else can touch its slots any more.
const abi = @import("abi.zig");
const collect = @import("collect.zig");
const ingest = @import("ingest.zig");
const Dispatcher = @import("dispatch.zig").Dispatcher;
const Vri = @import("vri_adapter.zig").Vri;

pub fn vri(d: *Dispatcher, v: *Vri) void {
    if (v.reclaimed) return;
    v.reclaimed = true;
    if (v.vr.legacy == v) v.vr.legacy = null;
    takeAnswers(d, v);
    redispatch(d, v);
    sweep(d, v);
}

/// Its outgoing queue, to the end. A quarantined VRI's answers are not looked at again.
fn takeAnswers(d: *Dispatcher, v: *Vri) void {
    switch (v.data_out) {
        inline else => |*q| if (@hasDecl(@TypeOf(q.*), "peerIsGone")) q.peerIsGone(),
    }
    while (v.violation == .none) {
        const count = v.collect(&d.words);
        if (count == 0) break;
        collect.settleAll(d, v, d.words[0..count]);
    }
    collect.flushPorts(d, v);
}

/// Its incoming queue, oldest first. The words lie in memory that the VRI could write: each is
/// judged by what the dispatcher itself knows of the slot.
fn redispatch(d: *Dispatcher, v: *Vri) void {
    const pool = &v.vr.pool;
    const count = switch (v.data_in) {
        inline else => |*q| q.untaken(v.scratch),
    };
    for (v.scratch[0..count]) |raw| {
        var word: abi.Descriptor = @bitCast(raw);
        if (!word.present or word.slot >= pool.slot_count) continue;
        const owner = pool.slots[word.slot].owner;
        if (owner.vri_plus_1 != v.number + 1 or owner.empty) continue;
        if (word.length < 14 or @as(u32, word.offset) * 2 + word.length > pool.slot_bytes) continue;
        word.dropped = false;
        word.reserved = 0;
        v.counters.received_frames -|= 1; // it never took it
        v.vr.arrive(v, word.slot);
        pool.slots[word.slot].owner = .nobody;
        const start = pool.bytes(word.slot) + @as(usize, word.offset) * 2;
        ingest.assign(d, v.vr, word, start[0..word.length], .older);
    }
}

/// Every slot that it still holds.
fn sweep(d: *Dispatcher, v: *Vri) void {
    const pool = &v.vr.pool;
    const reason: abi.Drop = if (v.violation == .none) .vri_died else .quarantined;
    for (pool.ownSlots(), pool.first..) |held, slot| {
        const owner = held.owner;
        if (owner.vri_plus_1 != v.number + 1) continue;
        if (owner.empty) {
            pool.give(@intCast(slot));
        } else {
            collect.release(d, v, @intCast(slot), reason);
        }
    }
    v.loaned = 0;
}
