//! Order of a flow's frames while VRIs come and go: on a dispatcher that is stepped by hand.
const std = @import("std");
const abi = @import("abi.zig");
const Rig = @import("testing_rig.zig").Rig;
const expectEqual = std.testing.expectEqual;

const never_sleeping: abi.Idle = .{ .spins = 0, .yields = 0 };

fn inject(rig: *Rig, flow: u32, frames: u32) void {
    for (0..frames) |_| rig.inject(0, flow);
    rig.d.flushStaged();
}

/// Takes what waits for a VRI; slots come in the order in which they were filled.
fn take(rig: *Rig, number: u32, into: []u64) []u64 {
    const words = into[0..rig.side(number).receive(into)];
    for (words) |*word| word.* = @as(abi.Descriptor, @bitCast(word.*)).slot;
    return words;
}

fn expectAscending(slots: []const u64) !void {
    for (slots[1..], slots[0 .. slots.len - 1]) |later, earlier|
        try std.testing.expect(earlier < later);
}

test "at scale-up a flow stays where frames of it may wait that were not tracked" {
    var rig: Rig = undefined;
    try rig.init(never_sleeping, true);
    defer rig.deinit();
    try rig.addVr(0, .{ .slot_count = 1024 });
    try rig.addVri(0, 0, .{});
    try rig.addVri(1, 0, .{});
    try rig.replan();
    // Known flows, then one VRI alone, which looks at none, then two again.
    for (0..20) |flow| inject(&rig, @intCast(flow), 1);
    for ([_]u32{ 0, 1 }) |number| while (rig.serve(number, 64) != 0) rig.d.pass();
    try rig.bury(1);
    rig.vr(0).rest();
    try std.testing.expect(!rig.vr(0).tracking);
    for (0..20) |flow| inject(&rig, @intCast(flow), 3);
    for (rig.vr(0).flows.entries) |*entry| entry.seen_ms -%= 10_000;
    try rig.addVri(2, 0, .{});
    try rig.replan();
    for (0..20) |flow| inject(&rig, @intCast(flow), 2);
    var words: [256]u64 = undefined;
    try expectEqual(100, take(&rig, 0, &words).len);
    try expectEqual(0, rig.side(2).receive(&words));
}

test "what a dead VRI had not taken goes before what was parked for its flow" {
    var rig: Rig = undefined;
    try rig.init(never_sleeping, true);
    defer rig.deinit();
    try rig.addVr(0, .{});
    try rig.addVri(0, 0, .{});
    try rig.addVri(1, 0, .{});
    try rig.replan();
    inject(&rig, 7, 4);
    const busy: u32 = if (rig.vri(0).waitingFrames() != 0) 0 else 1;
    rig.states[busy] = .draining;
    try rig.replan();
    inject(&rig, 7, 5);
    try expectEqual(5, rig.vr(0).parked_count);
    try rig.bury(busy);
    rig.d.pass();
    var words: [64]u64 = undefined;
    const slots = take(&rig, 1 - busy, &words);
    try expectEqual(9, slots.len);
    try expectAscending(slots);
    try expectEqual(0, rig.vr(0).parked_count);
}

test "a VRI that broke the rules is not overtaken by its successor's frames" {
    var rig: Rig = try .withOne(never_sleeping, true);
    defer rig.deinit();
    inject(&rig, 7, 3);
    rig.vri(0).violate(.bad_flags);
    rig.d.flushStaged();
    try rig.addVri(1, 0, .{});
    rig.states[0] = .draining;
    try rig.replan();
    inject(&rig, 7, 2);
    try expectEqual(2, rig.vr(0).parked_count);
    try rig.bury(0);
    rig.d.pass();
    var words: [64]u64 = undefined;
    const slots = take(&rig, 1, &words);
    try expectEqual(5, slots.len);
    try expectAscending(slots);
}

test "a dead VRI is lent nothing more" {
    var rig: Rig = try .withOne(never_sleeping, true);
    defer rig.deinit();
    var words: [64]u64 = undefined;
    rig.d.pass();
    _ = rig.side(0).takeEmpty(&words);
    rig.vri(0).lend = true;
    try rig.bury(0);
    for (0..3) |_| rig.d.pass();
    try expectEqual(rig.vr(0).pool.slot_count, rig.vr(0).pool.free_count);
}
