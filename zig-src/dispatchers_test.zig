//! Two dispatchers that share VRIs, stepped by hand: order, conservation, deaths, and a VRI that
//! gives one dispatcher what is the other's.
const std = @import("std");
const abi = @import("abi.zig");
const testing_rig = @import("testing_rig.zig");
const vri_adapter = @import("vri_adapter.zig");
const Rig = testing_rig.Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const slots_each = 256;

const Pair = struct {
    rigs: [2]Rig = undefined,

    fn init(p: *Pair, vris: u32) !void {
        for (&p.rigs) |*rig| try rig.init(.{ .spins = 0, .yields = 0 }, true);
        const first = &p.rigs[0];
        try first.addVr(0, .{ .slot_count = slots_each, .dispatchers = 2 });
        try p.rigs[1].joinVr(first, 0, .{ .slot_count = slots_each, .dispatchers = 2 });
        for (0..vris) |i| try p.add(@intCast(i));
        try p.replan();
    }

    fn add(p: *Pair, vri: u32) !void {
        try p.rigs[0].addVri(vri, 0, .{});
        try p.rigs[1].joinVri(&p.rigs[0], vri, 0, .{});
    }

    /// Who joined goes first.
    fn deinit(p: *Pair) void {
        p.rigs[1].deinit();
        p.rigs[0].deinit();
    }

    fn replan(p: *Pair) !void {
        for (&p.rigs) |*rig| try rig.replan();
    }

    fn pass(p: *Pair) void {
        for (&p.rigs) |*rig| rig.d.pass();
    }

    /// Frames of a flow, by the dispatcher that the flow has.
    fn inject(p: *Pair, flow: u32, frames: u32) void {
        const rig = &p.rigs[flow % 2];
        for (0..frames) |_| rig.inject(0, flow);
        rig.d.flushStaged();
    }

    /// The flow of a frame that a VRI got, as `Rig.inject` wrote it.
    fn flowOf(p: *Pair, word: u64) u32 {
        const slot = @as(abi.Descriptor, @bitCast(word)).slot;
        const bytes = p.rigs[0].vr(0).pool.bytes(slot)[abi.headroom_bytes..];
        return std.mem.readInt(u32, bytes[26..30], .big);
    }

    fn bury(p: *Pair, vri: u32) !void {
        p.rigs[0].detach(vri);
        for ([_]?abi.VriState{ .dead, null }) |state| {
            for (&p.rigs) |*rig| rig.states[vri] = state;
            try p.replan();
        }
        for ([_]usize{ 1, 0 }) |i| {
            vri_adapter.destroy(std.testing.allocator, p.rigs[i].vri(vri));
            p.rigs[i].tables.vris[vri] = null;
        }
    }

    /// Holds for each by itself, and so for both together.
    fn expectBalance(p: *Pair) !void {
        for (&p.rigs) |*rig| try testing_rig.expectBalance(&rig.look().totals);
    }

    fn expectAllFree(p: *Pair) !void {
        for (&p.rigs) |*rig| {
            try expectEqual(0, rig.look().totals.in_flight_frames);
            var loaned: u32 = 0;
            for (rig.tables.vris) |entry| if (entry) |vri| {
                loaned += vri.loaned;
            };
            try expectEqual(slots_each, rig.vr(0).pool.free_count + loaned);
        }
    }
};

test "frames go back to the dispatcher that they came from, however a VRI mixes them" {
    var p: Pair = .{};
    try p.init(1);
    defer p.deinit();
    for (0..20) |flow| p.inject(@intCast(flow), 5);
    var words: [128]u64 = undefined;
    var count: usize = 0;
    const side = p.rigs[0].side(0);
    while (true) {
        const got = side.receive(words[count..][0..7]);
        if (got == 0) break;
        count += got;
    }
    try expectEqual(100, count);
    // In turn: neither waits until the other has nothing more.
    try expect(p.flowOf(words[0]) % 2 != p.flowOf(words[7]) % 2);
    for (words[0..count]) |*word| word.* = Rig.dropping(word.*);
    var random: std.Random.DefaultPrng = .init(std.testing.random_seed);
    random.random().shuffle(u64, words[0..count]);
    try expectEqual(count, side.send(words[0..count]));
    p.pass();
    for (&p.rigs) |*rig| {
        try expectEqual(.none, rig.vri(0).violation);
        try expectEqual(50, rig.d.totals.dropped_frames);
    }
    try p.expectBalance();
    try p.expectAllFree();
}

test "of either dispatcher's flows the frames stay in order while VRIs come and die" {
    var p: Pair = .{};
    try p.init(2);
    defer p.deinit();
    var random: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const flows = 16;
    var last: [flows]u64 = @splat(0); // number of the newest frame that came out, by flow
    var sent: u64 = 0;
    for (0..200) |round| {
        for (0..4) |_| {
            const flow = random.random().uintLessThan(u32, flows);
            const rig = &p.rigs[flow % 2];
            const free = rig.vr(0).pool.free_count;
            if (free == 0) continue;
            // The number goes where the payload would be, of the slot that the frame will get.
            const slot = rig.vr(0).pool.free[free - 1];
            sent += 1;
            p.inject(flow, 1);
            const bytes = rig.vr(0).pool.bytes(slot)[abi.headroom_bytes..];
            std.mem.writeInt(u64, bytes[44..52], sent, .big);
        }
        for (0..2) |vri| {
            var words: [8]u64 = undefined;
            const most = random.random().uintLessThan(usize, words.len + 1);
            const side = p.rigs[0].side(@intCast(vri));
            const count = side.receive(words[0..most]);
            for (words[0..count]) |*word| {
                const slot = @as(abi.Descriptor, @bitCast(word.*)).slot;
                const bytes = p.rigs[0].vr(0).pool.bytes(slot)[abi.headroom_bytes..];
                const number = std.mem.readInt(u64, bytes[44..52], .big);
                const flow = p.flowOf(word.*);
                try expect(number > last[flow]);
                last[flow] = number;
                word.* = Rig.dropping(word.*);
            }
            _ = side.send(words[0..count]);
        }
        p.pass();
        if (round % 40 == 39) {
            const vri: u32 = @intCast(round / 40 % 2);
            try p.bury(vri);
            try p.add(vri);
            try p.replan();
        }
        try p.expectBalance();
    }
    for (0..2) |vri| while (p.rigs[0].serve(@intCast(vri), 64) != 0) p.pass();
    p.pass();
    p.pass();
    for (0..2) |vri| while (p.rigs[0].serve(@intCast(vri), 64) != 0) p.pass();
    var died: u64 = 0;
    for (&p.rigs) |*rig| died += rig.d.totals.drops[@intFromEnum(abi.Drop.vri_died)];
    try expectEqual(0, died); // what it held was given back at once, or never taken
    try p.expectBalance();
    try p.expectAllFree();
}

test "a VRI that dies with frames of both in hand costs those alone" {
    var p: Pair = .{};
    try p.init(2);
    defer p.deinit();
    for (0..40) |flow| p.inject(@intCast(flow), 2);
    var words: [64]u64 = undefined;
    const taken = p.rigs[0].side(0).receive(words[0..3]) + p.rigs[0].side(0).receive(words[3..5]);
    try expectEqual(5, taken);
    try p.bury(0);
    try p.expectBalance();
    var died: u64 = 0;
    for (&p.rigs) |*rig| died += rig.d.totals.drops[@intFromEnum(abi.Drop.vri_died)];
    try expectEqual(5, died);
    var rest: usize = 0;
    for (0..10) |_| {
        rest += p.rigs[0].serve(1, 64);
        p.pass();
    }
    try expectEqual(75, rest);
    try p.expectBalance();
    try p.expectAllFree();
}

test "what is one dispatcher's can't be given to the other" {
    var p: Pair = .{};
    try p.init(1);
    defer p.deinit();
    p.inject(0, 3);
    p.inject(1, 3);
    const side = p.rigs[0].side(0);
    var words: [6]u64 = undefined;
    try expectEqual(6, side.receive(words[0..3]) + side.receive(words[3..6]));
    const foreign = if (p.flowOf(words[0]) % 2 == 1) words[0] else words[3];
    const dropped = [_]u64{Rig.dropping(foreign)};
    switch (side.lanes[0].data_out) {
        inline else => |*q| {
            _ = q.push(&dropped);
            q.publish();
        },
    }
    p.pass();
    try expectEqual(.not_owner, p.rigs[0].vri(0).violation);
    try expectEqual(.none, p.rigs[1].vri(0).violation);
    try p.expectBalance();
    try expectEqual(3, p.rigs[1].look().totals.in_flight_frames);
}

test "empty slots are those of the dispatcher whose batch came last" {
    var p: Pair = .{};
    try p.init(1);
    defer p.deinit();
    p.pass();
    const side = p.rigs[0].side(0);
    for ([_]u32{ 1, 0, 1 }) |number| {
        p.inject(number, 1);
        var words: [2]u64 = undefined;
        try expectEqual(1, side.receive(words[0..1]));
        try expectEqual(1, side.takeEmpty(words[1..2]));
        const slot = @as(abi.Descriptor, @bitCast(words[1])).slot;
        try expectEqual(number, slot / slots_each);
        for (&words) |*word| word.* = Rig.dropping(word.*);
        try expectEqual(2, side.send(&words));
        p.pass();
        try expectEqual(.none, p.rigs[number].vri(0).violation);
    }
    try expectEqual(1, p.rigs[0].d.totals.originated_frames);
    try expectEqual(2, p.rigs[1].d.totals.originated_frames);
    try p.expectBalance();
}

test "an announced VRI gets the share of each dispatcher's slots that its plan gives it" {
    var p: Pair = .{};
    try p.init(1);
    defer p.deinit();
    try p.add(1);
    for (&p.rigs) |*rig| rig.states[1] = .attaching;
    try p.replan();
    for (&p.rigs) |*rig| {
        try expectEqual(slots_each, rig.vri(0).share);
        try expect(rig.d.mail.announce(&.{.{ .vri = 1, .state = .running, .decided_ns = 1 }}));
    }
    for ([_]bool{ false, true }) |planned| {
        if (planned) {
            for (&p.rigs) |*rig| rig.states[1] = .running;
            try p.replan();
        } else p.pass();
        for (&p.rigs) |*rig| for (0..2) |vri|
            try expectEqual(slots_each / 2, rig.vri(@intCast(vri)).share);
    }
}

test "each dispatcher is woken by what is its own, and events by the first alone" {
    var p: Pair = .{};
    try p.init(1);
    defer p.deinit();
    p.inject(1, 1);
    const side = p.rigs[0].side(0);
    var words: [1]u64 = undefined;
    try expectEqual(1, side.receive(&words));
    for (&p.rigs) |*rig| @atomicStore(u32, &rig.vri(0).monitor.sleeping, 1, .seq_cst);
    words[0] = Rig.dropping(words[0]);
    try expectEqual(1, side.send(&words));
    try expectEqual([2]bool{ false, true }, woken(&p));
    try expectEqual(.SUCCESS, side.sendEvent(@intFromEnum(abi.EventKind.siblings), 0, "hello"));
    try expectEqual([2]bool{ true, false }, woken(&p));
}

/// Whether somebody has written to the eventfd of each.
fn woken(p: *Pair) [2]bool {
    var is: [2]bool = undefined;
    for (&p.rigs, &is) |*rig, *it| {
        var count: u64 = 0;
        const rc = std.os.linux.read(rig.vri(0).wake_fd, std.mem.asBytes(&count), 8);
        it.* = std.os.linux.errno(rc) == .SUCCESS;
    }
    return is;
}
