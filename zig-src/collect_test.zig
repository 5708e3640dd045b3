//! What comes back from a VRI, good and bad, word by word: nothing is sent twice, no slot is given
//! back twice, and the accounts stay exact.
const std = @import("std");
const abi = @import("abi.zig");
const rigs = @import("testing_rig.zig");
const Rig = rigs.Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

/// VRI 0 of VR 0 and VRI 1 of VR 1; ports 0 and 7.
fn start(r: *Rig) !void {
    try r.init(.{ .spins = 0, .yields = 0 }, true);
    for (0..2) |n| {
        try r.addVr(@intCast(n), .{});
        try r.addVri(@intCast(n), @intCast(n), .{});
    }
    try r.addPort(0);
    try r.addPort(7);
    try r.replan();
}

fn take(r: *Rig, count: u32, words: []u64) ![]u64 {
    for (0..count) |flow| r.inject(0, @intCast(flow));
    r.d.flushStaged();
    try expectEqual(count, r.side(0).receive(words));
    return words[0..count];
}

fn forward(word: u64, port: u8) u64 {
    var it: abi.Descriptor = @bitCast(word);
    it.output = port;
    return @bitCast(it);
}

/// Every slot has one place: on the free list once, or with an owner.
fn expectSlotsWhole(r: *Rig) !void {
    const pool = &r.vr(0).pool;
    var is_free: [256]bool = @splat(false);
    for (pool.free[0..pool.free_count]) |slot| {
        try expect(!is_free[slot]);
        is_free[slot] = true;
    }
    for (pool.slots, is_free) |it, free| try expectEqual(free, it.owner.is(.nobody));
}

test "a frame for a port leaves by it, once" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    var buffer: [64]u64 = undefined;
    for (0..10) |_| {
        const words = try take(&r, 64, &buffer);
        for (words, 0..) |*word, i| word.* = forward(word.*, if (i % 2 == 0) 0 else 7);
        try expectEqual(words.len, r.side(0).send(words));
        r.d.pass();
    }
    const seen = r.look();
    try expectEqual(640, seen.totals.sent_frames);
    try expectEqual(320, seen.ports[7].sent_frames);
    try rigs.expectBalance(&seen.totals);
    try expectSlotsWhole(&r);
}

test "the same word twice, in one batch or in two, is sent once and is a violation" {
    for ([_]bool{ true, false }) |in_one| {
        var r: Rig = undefined;
        try start(&r);
        defer r.deinit();
        var buffer: [64]u64 = undefined;
        const word = forward((try take(&r, 1, &buffer))[0], 0);
        _ = r.side(0).send(&.{word});
        if (!in_one) r.d.pass();
        _ = r.side(0).send(&.{word});
        r.d.pass();
        try expectEqual(.not_owner, r.vri(0).violation);
        try expectEqual(1, r.look().totals.sent_frames);
        try expectSlotsWhole(&r);
    }
}

/// A word as a hostile VRI might make it: garbage, or one that it had, spoilt a little or not.
fn forge(random: std.Random, words: []const u64) u64 {
    const word = forward(words[random.uintLessThan(usize, words.len)], 0);
    return switch (random.uintLessThan(u32, 5)) {
        0 => random.int(u64),
        1 => word ^ @as(u64, 1) << random.int(u6),
        2 => Rig.dropping(word),
        else => word,
    };
}

test "whatever a VRI gives back, accounts and slots stay whole, and its neighbour goes on" {
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    for (0..300) |_| {
        var r: Rig = undefined;
        try start(&r);
        defer r.deinit();
        var buffer: [64]u64 = undefined;
        var empties: [16]u64 = undefined;
        const words = try take(&r, 64, &buffer);
        const taken = r.side(0).takeEmpty(&empties);
        var forged: [96]u64 = undefined;
        for (&forged) |*word| word.* = forge(random, words);
        for (forged[0..taken], empties[0..taken]) |*word, empty| if (random.boolean()) {
            word.* = forge(random, &.{empty});
        };
        _ = r.side(0).send(forged[0..random.intRangeAtMost(usize, 1, forged.len)]);
        for (0..2) |_| r.d.pass();
        try expectSlotsWhole(&r);
        try rigs.expectBalance(&r.look().totals);
        r.inject(1, 1);
        r.d.flushStaged();
        try expectEqual(1, r.serve(1, 1));
        try r.bury(0);
        const after = r.look();
        try rigs.expectBalance(&after.totals);
        try expectEqual(256, after.vrs[0].free_slots);
        try expectEqual(0, after.vrs[0].in_flight_frames);
        try expectSlotsWhole(&r);
    }
}

test "as much comes back in a pass as went out in it, if that was more than usual" {
    var r: Rig = undefined;
    try r.init(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    try r.addVr(0, .{ .slot_count = 1024 });
    try r.addVri(0, 0, .{ .queue_capacity = 1024 });
    try r.replan();
    const frames = 800;
    for (0..frames) |flow| r.inject(0, @intCast(flow));
    r.d.flushStaged();
    while (r.serve(0, 64) != 0) {}
    const usual = @import("dispatch.zig").batches_per_pass * 64;
    const collect = @import("collect.zig");
    try expectEqual(usual, collect.exhale(r.d, 64));
    for (0..usual) |flow| r.inject(0, @intCast(flow));
    r.d.flushStaged();
    while (r.serve(0, 64) != 0) {}
    try expectEqual(frames, collect.exhale(r.d, 2 * usual));
}
