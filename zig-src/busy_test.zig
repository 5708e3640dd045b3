//! A VRI's account of its busy time: from the look that found frames to the one that finds none,
//! whether it waits between looks or polls without a pause.
const std = @import("std");
const dispatch = @import("dispatch.zig");
const Rig = @import("testing_rig.zig").Rig;
const expect = std.testing.expect;

const work_ns = 2 * std.time.ns_per_ms;

fn busyNs(r: *Rig) u64 {
    return r.look().vris[0].busy_ns;
}

/// Takes the frames that wait, works on them for a while, and gives them back.
fn work(r: *Rig) !void {
    const side = r.side(0);
    var words: [64]u64 = undefined;
    const count = side.receive(&words);
    try expect(count > 0);
    const start_ns = dispatch.monotonicNs();
    while (dispatch.monotonicNs() - start_ns < work_ns) std.atomic.spinLoopHint();
    for (words[0..count]) |*word| word.* = Rig.dropping(word.*);
    _ = side.send(words[0..count]);
}

fn idle(r: *Rig, waits: bool) !void {
    var words: [64]u64 = undefined;
    for (0..20) |_| {
        try expect(r.side(0).receive(&words) == 0);
        if (waits) r.side(0).wait(1);
    }
}

test "busy time is the time with frames" {
    for ([_]bool{ true, false }) |waits| {
        var r: Rig = try .withOne(.{ .spins = 2, .yields = 2 }, true);
        defer r.deinit();
        const start_ns = dispatch.monotonicNs();
        try idle(&r, waits);
        try expect(busyNs(&r) == 0);
        for (0..3) |_| {
            const before = busyNs(&r);
            for (0..10) |flow| r.inject(0, @intCast(flow));
            r.d.flushStaged();
            try work(&r);
            try idle(&r, waits);
            const after = busyNs(&r);
            try expect(after - before >= work_ns);
            try expect(after <= dispatch.monotonicNs() - start_ns);
            try idle(&r, waits);
            try expect(busyNs(&r) == after); // idle is not busy
        }
    }
}

test "a VRI that is never idle shows as busy meanwhile" {
    var r: Rig = try .withOne(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    for (0..40) |_| {
        r.inject(0, 1);
        r.d.flushStaged();
        try expect(r.serve(0, 1) == 1);
    }
    try expect(busyNs(&r) > 0);
}

test "a VR's own account goes instead" {
    var r: Rig = try .withOne(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    for (1..4) |round| {
        r.inject(0, 1);
        r.d.flushStaged();
        try work(&r);
        r.side(0).busy.tell(77);
        try idle(&r, true);
        try std.testing.expectEqual(77 * round, busyNs(&r));
    }
}
