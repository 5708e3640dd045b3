//! Counters for TypeScript: copied at the end of a pass, when asked, so that all are of one instant
//! and the frame path pays nothing for being watched.
const std = @import("std");
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const frame_pool = @import("frame_pool.zig");
const Slot = frame_pool.Slot;

pub const Publisher = struct {
    memory: *abi.Snapshot,
    asked_for: u64 = 0, // written by the control thread
    answered: u64 = 0,

    /// Control thread: the number of the snapshot it will get.
    pub fn ask(p: *Publisher) u64 {
        return @atomicRmw(u64, &p.asked_for, .Add, 1, .release) + 1;
    }

    pub fn asked(p: *const Publisher) bool {
        return @atomicLoad(u64, &p.asked_for, .acquire) != p.answered;
    }

    pub fn answer(p: *Publisher, d: *dispatch.Dispatcher) void {
        const number = @atomicLoad(u64, &p.asked_for, .acquire);
        if (number == p.answered) return;
        p.answered = number;
        fill(p.memory, d);
        // Release: pairs with TypeScript's Atomics.load of the sequence; all of it is there then.
        @atomicStore(u64, &p.memory.sequence, number, .release);
        d.events.notify();
    }
};

fn fill(into: *abi.Snapshot, d: *dispatch.Dispatcher) void {
    const plan = d.plan;
    into.generation = plan.generation;
    into.clock_ns = dispatch.monotonicNs();
    for (plan.ports) |port| {
        port.readStatistics();
        into.ports[port.number] = port.counters;
    }
    for (plan.vris) |*entry| describeVri(into, entry.vri, into.clock_ns);
    var in_flight: u64 = 0;
    for (plan.vrs) |*entry| {
        const vr = entry.vr;
        const held = countHeld(into, vr.pool.touched()) + countHeld(into, vr.pool.residents());
        vr.counters.in_flight_frames = held;
        vr.counters.free_slots = vr.pool.free_count;
        vr.counters.kernel_slots = vr.pool.lent_count;
        in_flight += vr.counters.in_flight_frames;
        into.vrs[vr.number] = vr.counters;
    }
    d.totals.in_flight_frames = in_flight;
    into.totals = d.totals;
}

fn describeVri(into: *abi.Snapshot, vri: *@import("vri_adapter.zig").Vri, now_ns: u64) void {
    const words = &vri.link.vri_words;
    const c = &vri.counters;
    c.queue_frames = if (vri.state == .dead) 0 else vri.waitingFrames();
    c.load = vri.estimator.load();
    c.loaned_slots = vri.loaned;
    c.in_flight_frames = 0; // counted below, with its VR's slots
    vri.heartbeat.hear(&words.beat, now_ns);
    c.beat_age_ns = vri.heartbeat.silent_ns;
    c.attached = @atomicLoad(u32, &words.attached, .acquire);
    c.ready = @atomicLoad(u32, &words.ready, .acquire);
    c.wants = @atomicLoad(u32, &words.wants, .monotonic);
    for (&c.wanted_ports, &words.wanted_ports) |*to, *from|
        to.* = @atomicLoad(u64, from, .monotonic);
    c.sleeps = @atomicLoad(u64, &words.sleeps, .monotonic);
    c.busy_ns = @atomicLoad(u64, &words.busy_ns, .monotonic);
    c.violation = @intFromEnum(vri.violation);
    into.vris[vri.number] = c.*;
}

const stride = 32; // slots that are looked at together

/// Frames that VRIs hold, from the slots' owners: never by subtraction. Of a hundred VRs that is
/// most of what a snapshot costs, and most slots are free, which is all zero.
fn countHeld(into: *abi.Snapshot, slots: []const Slot) u64 {
    var held: u64 = 0;
    var at: usize = 0;
    while (at < slots.len) : (at += stride) {
        const some = slots[at..@min(at + stride, slots.len)];
        if (some.len == stride and allFree(some[0..stride])) continue;
        for (some) |slot| {
            const owner = slot.owner;
            if (owner.vri_plus_1 == 0 or owner.empty) continue;
            held += 1;
            if (owner.is(.parked)) continue;
            into.vris[owner.vri_plus_1 - 1].in_flight_frames += 1;
        }
    }
    return held;
}

fn allFree(slots: *const [stride]Slot) bool {
    const words: *align(@alignOf(Slot)) const [stride]u64 = @ptrCast(slots);
    return @reduce(.Or, @as(@Vector(stride, u64), words.*)) == 0;
}

test countHeld {
    comptime std.debug.assert(@sizeOf(Slot) == 8 and @as(u64, @bitCast(Slot.free)) == 0);
    const gpa = std.testing.allocator;
    const snapshot = try gpa.create(abi.Snapshot);
    defer gpa.destroy(snapshot);
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    for (0..200) |_| {
        snapshot.* = std.mem.zeroes(abi.Snapshot);
        var memory: [200]Slot = @splat(.free);
        const slots = memory[0..random.uintAtMost(usize, memory.len)];
        const owners = [_]frame_pool.Owner{ .frame(0), .frame(7), .loan(3), .parked, .nobody };
        var wanted: [8]u64 = @splat(0);
        var held: u64 = 0;
        for (0..random.uintAtMost(usize, 20)) |_| if (slots.len != 0) {
            slots[random.uintLessThan(usize, slots.len)].owner = owners[random.int(u8) % 5];
        };
        for (slots) |slot| {
            if (slot.owner.is(.frame(0))) wanted[0] += 1;
            if (slot.owner.is(.frame(7))) wanted[7] += 1;
            held += @intFromBool(slot.owner.vri_plus_1 != 0 and !slot.owner.empty);
        }
        try std.testing.expectEqual(held, countHeld(snapshot, slots));
        for (wanted, 0..) |frames, vri|
            try std.testing.expectEqual(frames, snapshot.vris[vri].in_flight_frames);
    }
}
