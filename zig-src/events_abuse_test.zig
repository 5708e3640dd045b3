//! Control events where a VRI makes too much of them, or spoils their queue without using it.
const std = @import("std");
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const events = @import("events.zig");
const Rig = @import("testing_rig.zig").Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

/// VRIs 0, 1, 2 of VR 0 and VRI 3 of VR 1.
fn start(r: *Rig) !void {
    try r.init(.{ .spins = 0, .yields = 0 }, true);
    try r.addVr(0, .{});
    try r.addVr(1, .{});
    for (0..4) |n| try r.addVri(@intCast(n), if (n == 3) 1 else 0, .{});
    try r.replan();
}

const need = @intFromEnum(abi.EventKind.need_neighbour);

/// Takes the events that wait for the control thread; how many are from each VRI.
fn takeAsked(r: *Rig, most: u32) [4]u32 {
    var counts: [4]u32 = @splat(0);
    var header: abi.EventHeader = undefined;
    var payload: [abi.max_event_bytes]u8 = undefined;
    for (0..most) |_| {
        _ = r.d.events.consumer.peek(&header, &payload) orelse break;
        r.d.events.consumer.take(header.bytes);
        counts[header.source] += 1;
    }
    return counts;
}

test "who asks lvrm without end waits, and others are heard at once" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    var sent: u32 = 0;
    var heard: u32 = 0;
    const start_ns = dispatch.monotonicNs();
    for (0..4) |_| {
        while (r.vri(0).asked < events.asks_per_tick) {
            while (r.side(0).sendEvent(need, 0, "who has") == .SUCCESS) sent += 1;
            r.d.pass();
            heard += takeAsked(&r, std.math.maxInt(u32))[0];
        }
        try expectEqual(.SUCCESS, r.side(3).sendEvent(need, 0, "who has"));
        r.d.pass();
        const counts = takeAsked(&r, std.math.maxInt(u32));
        try expectEqual(1, counts[3]);
        heard += counts[0];
        while (r.vri(0).asked == events.asks_per_tick) {
            r.d.pass(); // it asks again once housekeeping was there
            heard += takeAsked(&r, std.math.maxInt(u32))[0];
        }
    }
    const ticks = (dispatch.monotonicNs() - start_ns) / (4 * std.time.ns_per_ms);
    try expect(heard >= 4 * events.asks_per_tick);
    try expect(heard <= (ticks + 2) * events.asks_per_tick);
    for (0..4) |vri| try expectEqual(.none, r.vri(@intCast(vri)).violation);
    // None of its own is lost by waiting.
    while (heard < sent) {
        r.d.pass();
        heard += takeAsked(&r, std.math.maxInt(u32))[0];
    }
}

test "where the queue to lvrm is full, each gets its turn" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    const payload: [4000]u8 = @splat(0);
    const header: abi.EventHeader = .{ .bytes = payload.len, .kind = need, .source = 1 };
    while (r.d.events.producer.push(header, &payload)) {}
    var counts: [4]u32 = @splat(0);
    for (0..100) |_| {
        for ([_]u32{ 0, 2, 3 }) |vri| _ = r.side(vri).sendEvent(need, 0, &payload);
        const took = takeAsked(&r, 1); // room for one more
        for (&counts, took) |*count, more| count.* += more;
        r.d.pass();
    }
    for ([_]u32{ 0, 2, 3 }) |vri| try expect(counts[vri] >= 10);
}

test "a spoilt index of events is found though none is sent" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    r.side(1).control_in.ring.shared.head +%= 0x4000_0004;
    r.d.housekept_ns = 0;
    for (0..64) |_| r.d.pass();
    try expectEqual(.bad_index, r.vri(1).violation);
    for ([_]u32{ 0, 2, 3 }) |vri| try expectEqual(.none, r.vri(vri).violation);
}
