//! Control events between VRIs, over real links: who gets them, in which order, who waits for whom,
//! and what malformed ones do.
const std = @import("std");
const abi = @import("abi.zig");
const Rig = @import("testing_rig.zig").Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const siblings = @intFromEnum(abi.EventKind.siblings);
const sibling = @intFromEnum(abi.EventKind.sibling);

/// VRIs 0, 1, 2 of VR 0 and VRI 3 of VR 1.
fn start(r: *Rig) !void {
    try r.init(.{ .spins = 0, .yields = 0 }, true);
    try r.addVr(0, .{});
    try r.addVr(1, .{});
    for (0..4) |n| try r.addVri(@intCast(n), if (n == 3) 1 else 0, .{});
    try r.replan();
}

const Event = struct { header: abi.EventHeader, payload: [abi.max_event_bytes]u8 };

fn receive(r: *Rig, vri: u32) ?Event {
    var event: Event = undefined;
    return if (r.side(vri).receiveEvent(&event.header, &event.payload)) event else null;
}

fn expectEvent(r: *Rig, vri: u32, source: u32, kind: u16, payload: []const u8) !void {
    const event = receive(r, vri) orelse return error.NoEvent;
    try expectEqual(source, event.header.source);
    try expectEqual(kind, event.header.kind);
    try std.testing.expectEqualSlices(u8, payload, event.payload[0..event.header.bytes]);
}

test "an event reaches one sibling or all, and never another VR" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    try expectEqual(.SUCCESS, r.side(0).sendEvent(siblings, 0, "to all"));
    try expectEqual(.SUCCESS, r.side(0).sendEvent(sibling, 2, "to one"));
    r.d.pass();
    try expectEvent(&r, 1, 0, siblings, "to all");
    try expectEvent(&r, 2, 0, siblings, "to all");
    try expectEvent(&r, 2, 0, sibling, "to one");
    // A VR alone, another VR's number, a number of nobody: lost, and no fault.
    try expectEqual(.SUCCESS, r.side(3).sendEvent(siblings, 0, "alone"));
    try expectEqual(.SUCCESS, r.side(0).sendEvent(sibling, 3, "to a stranger"));
    try expectEqual(.SUCCESS, r.side(0).sendEvent(sibling, 60, "to nobody"));
    r.d.pass();
    for (0..4) |vri| try expect(receive(&r, @intCast(vri)) == null);
    for (0..4) |vri| try expectEqual(.none, r.vri(@intCast(vri)).violation);
    try expectEqual(2, r.look().totals.events_lost);
    // A sibling that is gone.
    try r.bury(2);
    try expectEqual(.SUCCESS, r.side(0).sendEvent(sibling, 2, "too late"));
    r.d.pass();
    try expectEqual(3, r.look().totals.events_lost);
    try expectEqual(.none, r.vri(0).violation);
}

test "a reply about a handler reaches the control thread with its sender's number, whole" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    const reply = @intFromEnum(abi.EventKind.handler_reply);
    const payload: [abi.max_event_bytes]u8 = @splat(7);
    try expectEqual(.SUCCESS, r.side(1).sendEvent(reply, 0, &payload));
    r.d.pass();
    var header: abi.EventHeader = undefined;
    var taken: [abi.max_event_bytes]u8 = undefined;
    const bytes = r.d.events.consumer.peek(&header, &taken) orelse return error.NoEvent;
    try expectEqual(1, header.source);
    try expectEqual(reply, header.kind);
    try std.testing.expectEqualSlices(u8, &payload, bytes);
    try expectEqual(.none, r.vri(1).violation);
    // A request is lvrm's to send: from a VRI it breaks the rules.
    const request = @intFromEnum(abi.EventKind.handler_request);
    try expectEqual(.SUCCESS, r.side(2).sendEvent(request, 0, "hello"));
    r.d.pass();
    try expectEqual(.bad_event, r.vri(2).violation);
}

test "events of up to 4 KiB arrive whole and in order, to one and to all mixed" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    const total = 2000;
    var sent: u32 = 0;
    var expected: [3]std.ArrayList(u32) = @splat(.empty);
    defer for (&expected) |*list| list.deinit(std.testing.allocator);
    var sizes: [total]u16 = undefined;
    var taken: [3]usize = @splat(0);
    while (true) {
        if (sent < total and random.boolean()) {
            const size = random.intRangeAtMost(u16, 4, abi.max_event_bytes);
            var payload: [abi.max_event_bytes]u8 = undefined;
            @memset(payload[0..size], @truncate(sent));
            std.mem.writeInt(u32, payload[0..4], sent, .little);
            const target = random.uintLessThan(u32, 3); // 0: both
            const kind: u16 = if (target == 0) siblings else sibling;
            if (r.side(0).sendEvent(kind, target, payload[0..size]) == .SUCCESS) {
                sizes[sent] = size;
                for (1..3) |vri| if (target == 0 or target == vri)
                    try expected[vri].append(std.testing.allocator, sent);
                sent += 1;
            }
        }
        r.d.pass();
        for (1..3) |vri| if (random.uintLessThan(u32, 3) == 0) {
            const event = receive(&r, @intCast(vri)) orelse continue;
            const number = expected[vri].items[taken[vri]];
            try expectEqual(number, std.mem.readInt(u32, event.payload[0..4], .little));
            try expectEqual(sizes[number], event.header.bytes);
            const fill_byte: u8 = @truncate(number);
            for (event.payload[4..event.header.bytes]) |byte| try expectEqual(fill_byte, byte);
            taken[vri] += 1;
        };
        const left = expected[1].items.len + expected[2].items.len - taken[1] - taken[2];
        if (sent == total and left == 0) break;
    }
}

/// Sends numbered events of 1000 bytes until no more fit anywhere; returns how many.
fn fill(r: *Rig, from: u32, to: u32) !u32 {
    var count: u32 = 0;
    var refusals: u32 = 0;
    while (refusals < 10) {
        var payload: [1000]u8 = @splat(0);
        std.mem.writeInt(u32, payload[0..4], count, .little);
        switch (r.side(from).sendEvent(sibling, to, &payload)) {
            .SUCCESS => count += 1,
            .AGAIN => refusals += 1,
            else => unreachable,
        }
        r.d.pass();
    }
    return count;
}

test "a full queue holds up its sender alone, and loses nothing" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    const count = try fill(&r, 0, 1);
    // Its own queue and its sibling's are full: 8 records of 1008 bytes fit 8 KiB.
    try expectEqual(16, count);
    // Everybody else goes on: siblings to each other, lvrm to all others, frames.
    for (0..20) |_| {
        try expectEqual(.SUCCESS, r.side(1).sendEvent(sibling, 2, "one"));
        try expectEqual(.SUCCESS, r.side(2).sendEvent(sibling, 0, "two"));
        try expect(r.vri(2).outbox.push(.{ .bytes = 0, .kind = 5, .source = ~@as(u32, 0) }, &.{}));
        r.inject(1, 1);
        r.d.flushStaged();
        r.d.pass();
        try expectEvent(&r, 0, 2, sibling, "two");
        try expectEqual(1, r.serve(3, 64));
        var own: u32 = 0;
        var relayed: u32 = 0;
        while (receive(&r, 2)) |event| if (event.header.source == 1) {
            relayed += 1;
        } else {
            own += 1;
        };
        try expectEqual([2]u32{ 1, 1 }, .{ own, relayed });
    }
    for (0..count) |number| {
        const event = receive(&r, 1) orelse return error.Lost;
        try expectEqual(number, std.mem.readInt(u32, event.payload[0..4], .little));
        r.d.pass();
    }
    try expect(receive(&r, 1) == null);
}

test "a dispatcher that waits for room sleeps, until its VRI takes an event" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    _ = try fill(&r, 0, 1);
    const payload: [1000]u8 = @splat(0);
    const header: abi.EventHeader = .{ .bytes = payload.len, .kind = 5, .source = 0 };
    while (r.vri(2).outbox.push(header, &payload)) r.d.pass(); // lvrm's own wait as well
    r.d.config.busy_poll = 0;
    const sleeps = r.d.totals.sleeps;
    const passes = r.d.totals.passes;
    while (r.d.totals.sleeps < sleeps + 3) r.d.pass();
    try expect(r.d.totals.passes < passes + 20);
    // What a sleeping dispatcher would have been woken by: a write to the VRI's eventfd.
    for (1..3) |vri| {
        const monitor = r.vri(@intCast(vri)).monitor;
        try expectEqual(1, monitor.events_wait);
        @atomicStore(u32, &monitor.sleeping, 1, .seq_cst);
        var written: u64 = 0;
        _ = std.os.linux.read(r.vri(@intCast(vri)).wake_fd, std.mem.asBytes(&written), 8);
        try expect(receive(&r, @intCast(vri)) != null);
        const got = std.os.linux.read(r.vri(@intCast(vri)).wake_fd, std.mem.asBytes(&written), 8);
        try expectEqual(8, got);
        @atomicStore(u32, &monitor.sleeping, 0, .seq_cst);
    }
    // Room again: everything moves on, and nobody is asked to wake anybody.
    r.d.config.busy_poll = 1;
    var left: u32 = 0;
    for (0..200) |_| {
        r.d.pass();
        for (1..3) |vri| left += @intFromBool(receive(&r, @intCast(vri)) != null);
    }
    try expect(left > 20);
    r.d.pass();
    for (1..3) |vri| try expectEqual(0, r.vri(@intCast(vri)).monitor.events_wait);
}

test "an event wakes a VRI that sleeps, and leaves others asleep" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    for (1..3) |vri| @atomicStore(u32, &r.vri(@intCast(vri)).link.parking.sleeping, 1, .seq_cst);
    try expectEqual(.SUCCESS, r.side(0).sendEvent(sibling, 2, "wake"));
    r.d.pass();
    try expectEqual(0, r.vri(2).link.parking.sleeping);
    try expectEqual(1, r.vri(1).link.parking.sleeping);
    try expectEqual(.SUCCESS, r.side(0).sendEvent(siblings, 0, "all"));
    r.d.pass();
    try expectEqual(0, r.vri(1).link.parking.sleeping);
}

/// Writes a record as no library would.
fn forge(r: *Rig, vri: u32, bytes: u16, kind: u16, target: u32, published: u32) void {
    const ring = &r.side(vri).control_out.ring;
    const header: abi.EventHeader = .{ .bytes = bytes, .kind = kind, .source = target };
    @memcpy(ring.bytes[0..@sizeOf(abi.EventHeader)], std.mem.asBytes(&header));
    @atomicStore(u32, &ring.shared.tail, published, .release);
}

test "a malformed event quarantines its sender and disturbs nobody" {
    const Case = struct {
        bytes: u16 = 0,
        kind: u16 = siblings,
        target: u32 = 0,
        published: u32 = 8,
    };
    const cases = [_]Case{
        .{ .kind = 0 },
        .{ .kind = @intFromEnum(abi.EventKind.route) },
        .{ .kind = @intFromEnum(abi.EventKind.stop) },
        .{ .kind = 999 },
        .{ .bytes = 4097, .published = 4112 },
        .{ .bytes = 65535 },
        .{ .bytes = 16 }, // more than was published
        .{ .published = 3 },
        .{ .published = 0x8000_0000 },
        .{ .kind = sibling, .target = 0 }, // itself
        .{ .kind = sibling, .target = abi.max_vris },
        .{ .kind = sibling, .target = 0xffff_ffff },
    };
    for (cases) |case| {
        var r: Rig = undefined;
        try start(&r);
        defer r.deinit();
        forge(&r, 0, case.bytes, case.kind, case.target, case.published);
        r.d.pass();
        try expectEqual(.bad_event, r.vri(0).violation);
        for (1..4) |vri| try expect(receive(&r, @intCast(vri)) == null);
        try expectEqual(.SUCCESS, r.side(1).sendEvent(siblings, 0, "still"));
        r.d.pass();
        try expectEvent(&r, 2, 1, siblings, "still");
        for (0..8) |flow| r.inject(0, @intCast(flow));
        r.d.flushStaged();
        try expectEqual(8, r.serve(1, 64) + r.serve(2, 64));
    }
}

test "whatever a VRI writes into its queue, nobody else is harmed" {
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    var quarantined: u32 = 0;
    for (0..64) |_| {
        var r: Rig = undefined;
        try start(&r);
        defer r.deinit();
        const ring = &r.side(0).control_out.ring;
        random.bytes(ring.bytes[0..ring.capacity]);
        // Often what could be right: short events of known kinds, to siblings that are there.
        for (0..random.uintLessThan(u32, 64)) |_| {
            const at = random.uintLessThan(u32, ring.capacity / 8 - 1) * 8;
            const header: abi.EventHeader = .{
                .bytes = random.uintAtMost(u16, 64),
                .kind = if (random.boolean()) siblings else sibling,
                .source = random.uintLessThan(u32, 5),
            };
            @memcpy(ring.bytes[at..][0..@sizeOf(abi.EventHeader)], std.mem.asBytes(&header));
        }
        const published = random.uintAtMost(u32, ring.capacity + 64);
        @atomicStore(u32, &ring.shared.tail, published, .release);
        for (0..8) |_| r.d.pass();
        quarantined += @intFromBool(r.vri(0).violation != .none);
        for (1..4) |vri| try expectEqual(.none, r.vri(@intCast(vri)).violation);
        // Siblings still hear each other, behind what it may have said.
        try expectEqual(.SUCCESS, r.side(1).sendEvent(sibling, 2, "still"));
        r.d.pass();
        var heard = false;
        while (receive(&r, 2)) |event| heard = heard or event.header.source == 1;
        try expect(heard);
        try expect(receive(&r, 3) == null);
    }
    try expect(quarantined > 0);
}

test "who spoils the index of what is sent to it is quarantined, and holds nobody up" {
    for ([_]u16{ siblings, sibling }) |kind| {
        var r: Rig = undefined;
        try start(&r);
        defer r.deinit();
        @atomicStore(u32, &r.side(1).control_in.ring.shared.head, 0x1234_5678, .release);
        try expectEqual(.SUCCESS, r.side(0).sendEvent(kind, 1, "first"));
        try expectEqual(.SUCCESS, r.side(0).sendEvent(siblings, 0, "second"));
        for (0..3) |_| r.d.pass();
        try expectEqual(.bad_index, r.vri(1).violation);
        if (kind == siblings) try expectEvent(&r, 2, 0, siblings, "first");
        try expectEvent(&r, 2, 0, siblings, "second");
        try expectEqual(.none, r.vri(0).violation);
    }
}
