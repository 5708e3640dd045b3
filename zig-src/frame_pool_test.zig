//! Who holds slots, and what comes of it: hoarders starve alone, the dead give everything back,
//! and no total ever runs backwards.
const std = @import("std");
const abi = @import("abi.zig");
const balancer = @import("balancer/registry.zig");
const rigs = @import("testing_rig.zig");
const shm = @import("shm.zig");
const Rig = rigs.Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

/// Takes whatever it can get, and gives nothing back.
fn hoard(r: *Rig, vri: u32) void {
    var words: [64]u64 = undefined;
    while (r.side(vri).receive(&words) != 0) {}
    while (r.side(vri).takeEmpty(&words) != 0) {}
}

test "a VRI that hoards slots starves only itself, and its death gives them back" {
    for (balancer.names, 0..) |name, number| for ([_]bool{ false, true }) |by_frame| {
        var r: Rig = undefined;
        try r.init(.{ .spins = 0, .yields = 0 }, true);
        defer r.deinit();
        try r.addVr(0, .{ .balancer = @intCast(number), .by_frame = by_frame });
        try r.addVr(1, .{});
        try r.addVri(0, 0, .{}); // hoards
        try r.addVri(1, 0, .{});
        try r.addVri(2, 1, .{});
        try r.replan();
        var flow: u32 = 0;
        var served: u64 = 0; // by the hoarder's sibling, once the hoarder has all it gets
        var others: u64 = 0;
        const rounds = 200;
        for (0..rounds) |round| {
            for (0..16) |_| {
                r.inject(0, flow);
                r.inject(1, flow);
                flow += 1;
            }
            r.d.flushStaged();
            hoard(&r, 0);
            const count = r.serve(1, 64);
            if (round >= rounds / 2) served += count;
            others += r.serve(2, 64);
            for (0..3) |n| r.vri(@intCast(n)).lend = true; // as housekeeping does
            r.d.pass();
        }
        const hoarder = r.vri(0);
        try expectEqual(128, hoarder.share);
        try expect(hoarder.held() + hoarder.loaned <= 128);
        try expect(hoarder.held() + hoarder.loaned > 100);
        // The other VR notices nothing; the sibling goes on. Balancers that look at the load leave
        // the hoarder alone, the others lose what they give it.
        try expectEqual(16 * rounds, others);
        const whole = 16 * rounds / 2;
        try expect(served >= whole / 3);
        // (A few new flows share a place of the table with one of the hoarder's.)
        if (std.mem.eql(u8, name, "jsq")) try expect(served >= whole - whole / 20);
        const before = r.look();
        try rigs.expectBalance(&before.totals);
        try expectEqual(hoarder.held(), before.vris[0].in_flight_frames);
        try r.bury(0);
        const after = r.look();
        try rigs.expectBalance(&after.totals);
        try expectEqual(0, after.totals.in_flight_frames);
        try expectEqual(256 - r.vri(1).loaned, after.vrs[0].free_slots);
        try expectEqual(256, r.vri(1).share);
    };
}

test "a sole VRI may hold all of its arena" {
    var r: Rig = try .withOne(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    for (0..300) |flow| {
        r.inject(0, @intCast(flow));
        r.d.flushStaged();
        hoard(&r, 0);
    }
    const vri = r.vri(0);
    try expectEqual(256, vri.held() + vri.loaned);
    try expect(vri.loaned > 0);
    try expectEqual(300 - vri.held(), r.look().vrs[0].drops[@intFromEnum(abi.Drop.arena_full)]);
}

test "totals never run backwards while VRIs come, go, break rules and die" {
    var r: Rig = undefined;
    try r.init(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    try r.addVr(0, .{ .slot_count = 512 });
    try r.addVr(1, .{ .by_frame = true });
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    var before: abi.Totals = .{};
    var vrs_before: [2]abi.VrCounters = @splat(.{});
    for (0..3000) |_| {
        const number = random.uintLessThan(u32, 8);
        const of = number % 2;
        const is_there = r.tables.vris[number] != null;
        switch (random.uintLessThan(u32, 12)) {
            0 => if (!is_there) {
                try r.addVri(number, of, .{});
                try r.replan();
            },
            1 => if (is_there and random.uintLessThan(u32, 4) == 0) try r.bury(number),
            2 => if (is_there) { // scale-down begins
                r.states[number] = .draining;
                try r.replan();
            },
            3 => if (is_there and random.uintLessThan(u32, 8) == 0) {
                _ = r.side(number).send(&.{random.int(u64)});
            },
            4, 5 => if (is_there) {
                _ = r.serve(number, random.uintAtMost(usize, 64));
            },
            6 => if (is_there) { // a frame of its own
                var word: [1]u64 = undefined;
                if (r.side(number).takeEmpty(&word) == 0) continue;
                _ = r.side(number).send(&.{Rig.dropping(word[0])});
            },
            7 => if (is_there) { // takes frames and keeps them
                var words: [4]u64 = undefined;
                _ = r.side(number).receive(&words);
            },
            else => {
                for (0..random.uintAtMost(u32, 40)) |_| r.inject(of, random.uintLessThan(u32, 50));
                r.d.flushStaged();
            },
        }
        r.d.pass();
        const now = r.look();
        try rigs.expectBalance(&now.totals);
        try expectForward(abi.Totals, &before, &now.totals);
        for (&vrs_before, now.vrs[0..2]) |*was, *is| try expectForward(abi.VrCounters, was, is);
        before = now.totals;
        @memcpy(&vrs_before, now.vrs[0..2]);
    }
    try expect(before.dropped_frames > 1000 and before.originated_frames > 0);
}

/// Every counter that only counts.
fn expectForward(comptime T: type, before: *const T, now: *const T) !void {
    const gauges = [_][]const u8{
        "in_flight_frames",
        "free_slots",
        "arrival_rate_millifps",
        "arrival_rate_bps",
        "arena_pages",
    };
    inline for (@typeInfo(T).@"struct".fields) |field| {
        const is_gauge = comptime for (gauges) |name| {
            if (std.mem.eql(u8, name, field.name)) break true;
        } else false;
        if (is_gauge) continue;
        const is = @field(now, field.name);
        const was = @field(before, field.name);
        if (field.type == u64) try expect(is >= was) else for (is, was) |a, b| try expect(a >= b);
    }
}

test "the slot that was given last, still in cache, is taken first" {
    var r: Rig = undefined;
    try r.init(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    try r.addVr(0, .{});
    const pool = &r.vr(0).pool;
    var taken: [8]u32 = undefined;
    for (&taken) |*slot| slot.* = pool.take().?;
    for ([_]usize{ 5, 0, 3 }) |i| pool.give(taken[i]);
    for ([_]usize{ 3, 0, 5 }) |i| try expectEqual(taken[i], pool.take().?);
}

test "batches are counted by their size" {
    const sizes = [_]u32{ 1, 2, 3, 4, 63, 64, 127, 128, 4_000_000_000 };
    for (sizes, [_]usize{ 0, 1, 1, 2, 5, 6, 6, 7, 7 }) |size, bucket|
        try expectEqual(bucket, abi.batchBucket(size));
    var r: Rig = try .withOne(.{ .spins = 0, .yields = 0 }, true);
    defer r.deinit();
    for ([_]u32{ 1, 5, 64 }) |count| {
        for (0..count) |flow| r.inject(0, @intCast(flow));
        r.d.flushStaged();
        try expectEqual(count, r.serve(0, 64));
        r.d.pass();
    }
    try std.testing.expectEqualSlices(u64, &.{ 1, 0, 1, 0, 0, 0, 1, 0 }, &r.look().vris[0].batches);
}

test "an arena of huge pages is asked for, and any other will do" {
    const made = try shm.createArena(4 << 20);
    defer shm.detach(made.segment.memory);
    try expectEqual(4 << 20, made.segment.memory.len);
    const other = try shm.attach(made.segment.id, 4 << 20);
    defer shm.detach(other);
    made.segment.memory[3 << 20] = 7;
    try expectEqual(7, other[3 << 20]);
    const odd = try shm.createArena(64 * abi.slot_bytes);
    defer shm.detach(odd.segment.memory);
    try expect(odd.pages != .huge);
}

test "slots that were never taken are known, whatever is taken and given" {
    const gpa = std.testing.allocator;
    var pool = try @import("frame_pool.zig").FramePool.init(gpa, 2048, 200, 10, 0, 1);
    defer pool.deinit(gpa);
    try std.testing.expectEqual(0, pool.touched().len);
    try std.testing.expectEqual(10, pool.residents().len);
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    var taken: std.StaticBitSet(210) = .initEmpty();
    var most: usize = 0;
    for (0..5000) |_| {
        if (random.uintLessThan(u32, 100) < 45 + 20 * @as(u32, @intFromBool(taken.count() < 20))) {
            const slot = pool.take() orelse continue;
            taken.set(slot);
            most = @max(most, taken.count());
        } else if (taken.count() != 0) {
            const slot = taken.findFirstSet().?;
            taken.unset(slot);
            pool.give(@intCast(slot));
        }
        const touched = pool.touched().len;
        try std.testing.expectEqual(most, touched); // no more than it must
        var all = taken.iterator(.{});
        while (all.next()) |slot| try std.testing.expect(slot < touched);
    }
}
