//! Frames that lie in the arena: what a VRI gets is the trace's frame each time, whatever it did to
//! the one before.
const std = @import("std");
const abi = @import("abi.zig");
const testing_rig = @import("testing_rig.zig");
const traces = @import("trace.zig");
const residence = @import("residence.zig");
const Rig = testing_rig.Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const idle: abi.Idle = .{ .spins = 0, .yields = 0 };
const trace_frames = 200;

/// A VRI that edits each frame's headers, as a router does, and gives all back to port 1; checks
/// first that they are the trace's. Returns how many.
fn edit(r: *Rig, number: u32, next: *usize) !usize {
    var words: [64]u64 = undefined;
    const count = r.side(number).receive(&words);
    const frames = traces.find(r.trace.?).?.frames;
    for (words[0..count]) |*word| {
        var d: abi.Descriptor = @bitCast(word.*);
        const bytes = r.vr(0).pool.bytes(d.slot)[@as(usize, d.offset) * 2 ..][0..d.length];
        try std.testing.expectEqualSlices(u8, frames[next.* % trace_frames].bytes, bytes);
        next.* += 1;
        @memset(bytes[0..@min(34, bytes.len)], 0xee);
        d.output = 1;
        word.* = @bitCast(d);
    }
    _ = r.side(number).send(words[0..count]);
    return count;
}

fn makeTrace(r: *Rig) !void {
    var spec = std.mem.zeroes(abi.TraceSpec);
    spec.frames = trace_frames;
    spec.size_count = 3;
    spec.sizes[0..3].* = .{ 60, 62, 1514 };
    spec.flows = trace_frames;
    spec.family = 4;
    spec.source[0..4].* = .{ 10, 0, 0, 0 };
    spec.sources = 1;
    spec.source_length = 24;
    spec.destinations = 1;
    spec.destination_length = 24;
    var reason: @import("reason.zig").Reason = .{};
    r.trace = try traces.create(std.testing.allocator, &spec, &reason);
}

fn start(r: *Rig, resident: u32, vris: u32) !void {
    try r.init(idle, true);
    errdefer r.deinit();
    try makeTrace(r);
    try r.addVr(0, .{ .resident_count = resident });
    r.served = .{ .address = @splat(0), .family = 4, .length = 0, .vr = 0 };
    try r.addReplay(0, abi.trace_replay | abi.trace_zero_copy, 5 * trace_frames);
    try r.addPort(1);
    for (0..vris) |i| try r.addVri(@intCast(i), 0, .{});
    traces.totals[0] = &r.d.totals;
    try r.replan();
}

/// Runs to the end of the input; every frame must come back.
fn runAll(r: *Rig, uncopied: u64) !void {
    var next: usize = 0;
    var idle_passes: u32 = 0;
    while (idle_passes < 3) {
        r.d.pass();
        idle_passes = if (try edit(r, 0, &next) == 0) idle_passes + 1 else 0;
    }
    const s = r.look();
    try expectEqual(5 * trace_frames, s.totals.received_frames);
    try expectEqual(5 * trace_frames, s.totals.sent_frames);
    try expectEqual(uncopied, s.ports[0].uncopied_frames);
    try expectEqual(1, s.ports[0].ended);
    try testing_rig.expectBalance(&s.totals);
    try expectEqual(r.vr(0).pool.resident_from, r.vr(0).pool.free_count + r.vri(0).loaned);
}

test "each replay has the trace's frames, and none is copied where all have a place" {
    var r: Rig = undefined;
    try start(&r, trace_frames, 1);
    defer r.deinit();
    defer traces.totals[0] = null;
    try runAll(&r, 5 * trace_frames);
}

test "frames without a place are copied, in their turn" {
    var r: Rig = undefined;
    try start(&r, trace_frames / 2, 1);
    defer r.deinit();
    defer traces.totals[0] = null;
    try runAll(&r, 5 * trace_frames / 2);
}

test "a frame that comes again while it is on its way is copied, and the other stays as it is" {
    var r: Rig = undefined;
    try start(&r, 4, 1);
    defer r.deinit();
    defer traces.totals[0] = null;
    // The VRI holds the first frames while the trace goes round.
    var held: [8]u64 = undefined;
    r.d.pass();
    try expectEqual(8, r.side(0).receive(&held));
    var later: [64]u64 = undefined;
    for (0..100) |_| {
        r.d.pass();
        const count = r.side(0).receive(&later);
        for (later[0..count]) |*word| word.* = Rig.dropping(word.*);
        _ = r.side(0).send(later[0..count]);
    }
    const frames = traces.find(r.trace.?).?.frames;
    for (held, frames[0..8]) |word, *frame| {
        const d: abi.Descriptor = @bitCast(word);
        const bytes = r.vr(0).pool.bytes(d.slot)[@as(usize, d.offset) * 2 ..][0..d.length];
        try std.testing.expectEqualSlices(u8, frame.bytes, bytes);
    }
    try expect(r.look().ports[0].uncopied_frames == 4);
    for (&held) |*word| word.* = Rig.dropping(word.*);
    _ = r.side(0).send(&held);
    r.d.pass();
    try testing_rig.expectBalance(&r.look().totals);
    try expectEqual(0, r.look().totals.in_flight_frames);
}

test "flows go to their VRIs without a copy too, and a dead VRI's places are free again" {
    var r: Rig = undefined;
    try start(&r, trace_frames, 2);
    defer r.deinit();
    defer traces.totals[0] = null;
    for (0..4) |_| r.d.pass();
    try expect(r.vri(0).held() > 0 and r.vri(1).held() > 0);
    try r.bury(1);
    for (0..400) |_| {
        r.d.pass();
        _ = r.serve(0, 64);
    }
    const s = r.look();
    try testing_rig.expectBalance(&s.totals);
    try expectEqual(5 * trace_frames, s.totals.received_frames);
    try expectEqual(0, s.totals.in_flight_frames);
    try expect(s.ports[0].uncopied_frames > 0);
    for (r.vr(0).pool.slots) |slot| try expect(slot.owner.is(.nobody) or slot.owner.empty);
}

test "what is restored is the rest of the first cache line" {
    try expectEqual(62, residence.restored_bytes);
}
