//! Frames that the kernel put into an arena, stepped by hand: the test plays the kernel.
const std = @import("std");
const abi = @import("abi.zig");
const in_place = @import("in_place.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const partial_checksum = @import("partial_checksum.zig");
const rigs = @import("testing_rig.zig");
const Rig = rigs.Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const borrower = 7;
const slots = 256;

const Stage = struct {
    rig: Rig = undefined,
    frames: [64]Frame = undefined,
    count: usize = 0,

    fn init(s: *Stage, vris: u32) !void {
        s.* = .{};
        try s.rig.init(.{ .spins = 0, .yields = 0 }, true);
        try s.rig.addVr(0, .{ .slot_count = slots });
        try s.rig.addPort(0);
        const port = s.rig.tables.ports[0].?;
        port.arena = &s.rig.vr(0).pool;
        port.borrower = borrower;
        for (0..vris) |i| try s.rig.addVri(@intCast(i), 0, .{});
        try s.rig.replan();
    }

    /// The kernel receives a frame of 60 bytes at this offset of a slot that it was lent.
    fn fill(s: *Stage, offset: u32, flow: u8) void {
        const pool = &s.rig.vr(0).pool;
        const slot = pool.lend(borrower, 1)[0];
        const bytes = pool.bytes(slot)[offset..][0..60];
        @memset(bytes, 0);
        bytes[12] = 8;
        bytes[14] = 0x45;
        bytes[23] = 17;
        bytes[29] = flow;
        bytes[59] = flow ^ 0xff;
        s.frames[s.count] = .{ .bytes = bytes, .tag = 5, .to = .host, .offload = .{} };
        s.count += 1;
    }

    fn serve(s: *Stage) void {
        const it = s.rig.vr(0);
        defer s.count = 0;
        in_place.serve(s.rig.d, it, s.rig.tables.ports[0].?, &it.pool, s.frames[0..s.count]);
        s.rig.d.flushStaged();
    }

    /// Every slot is free, lent to the kernel, on loan, or holds a frame.
    fn expectAll(s: *Stage) !void {
        const look = s.rig.look();
        try rigs.expectBalance(&look.totals);
        var loaned: u64 = 0;
        for (s.rig.tables.vris) |entry| if (entry) |vri| {
            loaned += vri.loaned;
        };
        const vr = &look.vrs[0];
        try expectEqual(
            slots,
            vr.free_slots + vr.kernel_slots + vr.in_flight_frames + loaned,
        );
    }
};

test "a frame is handed on in the slot that the kernel put it into, at an even offset" {
    for ([_]u32{ 1, 2 }) |vris| {
        var s: Stage = undefined;
        try s.init(vris);
        defer s.rig.deinit();
        for ([_]u32{ 258, 262, 0, 257, 1000, 510, 512 }, 0..) |offset, i|
            s.fill(offset, @intCast(i));
        try expectEqual(7, s.rig.vr(0).pool.lent_count);
        s.serve();
        try expectEqual(0, s.rig.vr(0).pool.lent_count);
        try expectEqual(7, s.rig.tables.ports[0].?.counters.uncopied_frames);
        var seen: u32 = 0;
        var words: [64]u64 = undefined;
        for (0..vris) |vri| {
            const count = s.rig.side(@intCast(vri)).receive(&words);
            for (words[0..count]) |*raw| {
                const word: abi.Descriptor = @bitCast(raw.*);
                const at = @as(u32, word.offset) * 2;
                const bytes = s.rig.vr(0).pool.bytes(word.slot)[at..][0..word.length];
                try expectEqual(60, bytes.len);
                try expectEqual(bytes[29] ^ 0xff, bytes[59]);
                seen |= @as(u32, 1) << @intCast(bytes[29]);
                raw.* = Rig.dropping(raw.*);
            }
            try expectEqual(count, s.rig.side(@intCast(vri)).send(words[0..count]));
        }
        try expectEqual(0x7f, seen);
        try s.expectAll();
        try expectEqual(0, s.rig.look().totals.in_flight_frames);
    }
}

test "what goes no further gives its slot back: no VRI, the kernel's, a wrong offload" {
    var s: Stage = undefined;
    try s.init(0);
    defer s.rig.deinit();
    for (0..3) |i| s.fill(258, @intCast(i));
    s.serve();
    try expectEqual(3, s.rig.look().totals.drops[@intFromEnum(abi.Drop.no_vri)]);
    for (0..3) |i| s.fill(258, @intCast(i));
    in_place.dismiss(&s.rig.vr(0).pool, s.frames[0..3]);
    in_place.dismiss(&s.rig.vr(0).pool, s.frames[0..3]); // once more changes nothing
    s.count = 0;
    s.fill(258, 1);
    s.frames[0].offload = .{ .flags = 1, .checksum_start = 59, .checksum_offset = 6 };
    s.serve();
    try expectEqual(1, s.rig.look().totals.drops[@intFromEnum(abi.Drop.bad_segment)]);
    try s.expectAll();
    try expectEqual(slots, s.rig.vr(0).pool.free_count);
}

test "a partial checksum is completed where the frame lies" {
    var s: Stage = undefined;
    try s.init(1);
    defer s.rig.deinit();
    s.fill(258, 1);
    const bytes: []u8 = @constCast(s.frames[0].bytes);
    std.mem.writeInt(u16, bytes[16..18], 46, .big);
    std.mem.writeInt(u16, bytes[38..40], 26, .big); // UDP: length, then the pseudo-header's sum
    std.mem.writeInt(u16, bytes[40..42], 1 + 17 + 26, .big);
    s.frames[0].offload = partial_checksum.find(bytes);
    try expect(s.frames[0].offload.flags != 0);
    const partial = std.mem.readInt(u16, bytes[40..42], .big);
    s.serve();
    try expect(std.mem.readInt(u16, bytes[40..42], .big) != partial);
    try expectEqual(0, partial_checksum.find(bytes).flags);
    var words: [64]u64 = undefined;
    try expectEqual(1, s.rig.side(0).receive(&words));
    _ = s.rig.side(0).send(words[0..0]);
}

test "a dead VRI's slots come back, the kernel's stay until their borrower is gone" {
    var s: Stage = undefined;
    try s.init(1);
    defer s.rig.deinit();
    const pool = &s.rig.vr(0).pool;
    for (0..20) |i| s.fill(258, @intCast(i));
    s.serve();
    try expectEqual(30, pool.lend(borrower, 30).len);
    try expectEqual(10, pool.lend(borrower + 1, 10).len);
    var words: [64]u64 = undefined;
    try expectEqual(20, s.rig.side(0).receive(&words)); // and keeps them
    try s.expectAll();
    try s.rig.bury(0);
    try s.expectAll();
    try expectEqual(20, s.rig.look().totals.drops[@intFromEnum(abi.Drop.vri_died)]);
    try expectEqual(slots - 40, pool.free_count);
    pool.lending.disown(borrower);
    pool.collectDisowned();
    try expectEqual(10, pool.lent_count);
    pool.collectDisowned();
    pool.lending.disown(borrower); // never again its: nothing to take
    pool.lending.disown(borrower + 1);
    pool.collectDisowned();
    try expectEqual(slots, pool.free_count);
    try s.expectAll();
}

test "a VRI can give back nothing of the kernel's" {
    var s: Stage = undefined;
    try s.init(1);
    defer s.rig.deinit();
    const slot = s.rig.vr(0).pool.lend(borrower, 1)[0];
    const word: abi.Descriptor = .{
        .slot = @intCast(slot),
        .length = 60,
        .offset = 129,
        .input_port = 0,
        .output = 0,
    };
    _ = s.rig.side(0).send(&.{@bitCast(word)});
    s.rig.d.pass();
    try expectEqual(.not_owner, s.rig.vri(0).violation);
    try expectEqual(1, s.rig.vr(0).pool.lent_count);
    try s.expectAll();
}
