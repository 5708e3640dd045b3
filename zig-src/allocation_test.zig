//! VRIs that come and go by plan: the standby, the time that an allocation and a deallocation take,
//! and a drained VRI that waits as standby again. On a dispatcher that is stepped by hand.
const std = @import("std");
const abi = @import("abi.zig");
const Change = @import("mailbox.zig").Change;
const rigs = @import("testing_rig.zig");
const Rig = rigs.Rig;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const never_sleeping: abi.Idle = .{ .spins = 0, .yields = 0 };

/// A VR of 256 slots, balanced by frames in turn: VRI 0 runs, VRI 1 is its standby.
fn start(r: *Rig) !void {
    try r.init(never_sleeping, true);
    try r.addVr(0, .{ .balancer = 1, .by_frame = true });
    try r.addVri(0, 0, .{});
    try r.addVri(1, 0, .{});
    r.states[1] = .attaching;
    try r.replan();
}

fn inject(r: *Rig, frames: u32) void {
    for (0..frames) |flow| r.inject(0, @intCast(flow));
    r.d.flushStaged();
}

fn serveAll(r: *Rig) void {
    for (0..2) |n| while (r.serve(@intCast(n), 64) != 0) {};
    r.d.pass();
}

test "a standby holds no slot and takes no share; it gets both when it runs" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    for (0..3) |_| r.d.pass();
    try expectEqual(256, r.vri(0).share);
    try expect(r.vri(0).loaned != 0);
    try expectEqual(0, r.vri(1).loaned);
    inject(&r, 10);
    try expectEqual(10, r.vri(0).waitingFrames());
    r.states[1] = .running;
    try r.replan();
    r.d.pass();
    try expectEqual(128, r.vri(0).share);
    try expectEqual(128, r.vri(1).share);
    try expect(r.vri(1).loaned != 0);
    inject(&r, 10);
    try expectEqual(5, r.vri(1).waitingFrames());
}

test "an allocation is timed from the decision to the first frame that comes back" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    try expectEqual(0, r.look().vris[1].decided_ns);
    r.decided_ns = @import("monotonic.zig").ns();
    r.states[1] = .running;
    try r.replan();
    var seen = r.look().vris[1];
    try expectEqual(r.decided_ns, seen.decided_ns);
    try expect(seen.unparked_ns >= seen.decided_ns);
    try expectEqual(0, seen.first_frame_ns);
    inject(&r, 2);
    try expectEqual(0, r.look().vris[1].first_frame_ns);
    serveAll(&r);
    seen = r.look().vris[1];
    try expect(seen.first_frame_ns >= seen.unparked_ns);
    // Later plans and frames change nothing of it.
    const first_ns = seen.first_frame_ns;
    r.decided_ns += 1;
    try r.replan();
    inject(&r, 2);
    serveAll(&r);
    seen = r.look().vris[1];
    try expectEqual(r.decided_ns - 1, seen.decided_ns);
    try expectEqual(first_ns, seen.first_frame_ns);
}

test "a deallocation is timed until nothing is left in the VRI's hands" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    r.states[1] = .running;
    try r.replan();
    inject(&r, 8);
    r.states[1] = .draining;
    r.decided_ns = 77;
    try r.replan();
    inject(&r, 3);
    try expectEqual(4, r.vri(1).waitingFrames());
    _ = r.serve(1, 3);
    try expectEqual(0, r.look().vris[1].emptied_ns);
    _ = r.serve(1, 1);
    r.d.pass();
    const seen = r.look().vris[1];
    try expectEqual(77, seen.decided_ns);
    try expect(seen.emptied_ns >= seen.unparked_ns and seen.emptied_ns != 0);
    // One that holds nothing is empty as soon as the plan is in force.
    serveAll(&r);
    r.states[1] = .running;
    try r.replan();
    try expectEqual(0, r.look().vris[1].emptied_ns);
    r.states[1] = .draining;
    try r.replan();
    try expect(r.look().vris[1].emptied_ns != 0);
}

test "a drained VRI that waits as standby again is not found by flows that it had" {
    var r: Rig = undefined;
    try r.init(never_sleeping, true);
    defer r.deinit();
    try r.addVr(0, .{ .slot_count = 1024 });
    try r.addVri(0, 0, .{});
    try r.addVri(1, 0, .{});
    try r.replan();
    for (0..20) |_| {
        inject(&r, 50);
        serveAll(&r);
    }
    try expect(r.vri(1).counters.received_frames != 0);
    for ([_]abi.VriState{ .draining, .attaching }) |state| {
        r.states[1] = state;
        try r.replan();
    }
    const before = r.vri(1).counters.received_frames;
    inject(&r, 50);
    try expectEqual(before, r.vri(1).counters.received_frames);
    try expectEqual(50, r.vri(0).waitingFrames());
    r.states[1] = .running;
    try r.replan();
    inject(&r, 50);
    // Every flow still has frames at VRI 0: none of them may move.
    try expectEqual(before, r.vri(1).counters.received_frames);
    serveAll(&r);
    try expectEqual(0, r.look().totals.in_flight_frames);
    try rigs.expectBalance(&r.snapshot.totals);
}

test "plans that differ in VRIs only share the tables of who serves what" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    const before = r.d.plan.territory.?;
    r.states[1] = .running;
    try r.replan();
    try expectEqual(before, r.d.plan.territory.?);
    try r.addVr(1, .{});
    try r.replan();
    try expect(before != r.d.plan.territory.?);
}

test "a standby is woken as soon as a plan lets it run, and does not sleep again at once" {
    var r: Rig = undefined;
    try r.init(.{ .spins = 1 << 20, .yields = 0 }, false);
    defer r.deinit();
    try r.addVr(0, .{});
    try r.addVri(0, 0, .{});
    r.states[0] = .attaching;
    try r.replan();
    const side = r.side(0);
    const Sleeper = struct {
        fn run(it: *@TypeOf(side.*), over: *std.atomic.Value(bool)) void {
            // It has learned nothing: it sleeps at once, or once the plan's word is too old.
            const before = it.header.vri_words.sleeps;
            while (it.header.vri_words.sleeps == before) it.wait(80);
            over.store(true, .release);
        }
    };
    const flag = &side.header.parking.sleeping;
    // The sleep may end by its time before it is woken, on a busy machine: then once more.
    for (0..100) |_| {
        var over: std.atomic.Value(bool) = .init(false);
        const thread = try std.Thread.spawn(.{}, Sleeper.run, .{ side, &over });
        while (@atomicLoad(u32, flag, .acquire) == 0 and !over.load(.acquire))
            std.Thread.yield() catch {};
        for ([_]abi.VriState{ .attaching, .running }) |state| {
            // The dispatcher, which the rig steps, must not sleep itself meanwhile.
            r.d.sleeper.patience = .{ .learned_ns = std.math.maxInt(u64) };
            r.states[0] = state;
            try r.replan();
        }
        thread.join();
        if (side.patience.learned_ns != 0) break;
    }
    const sleeps = side.header.vri_words.sleeps;
    try expect(side.patience.learned_ns != 0);
    side.wait(80);
    try expectEqual(sleeps, side.header.vri_words.sleeps);
}

fn announce(r: *Rig, state: abi.VriState, decided_ns: u64) void {
    const change: Change = .{ .vri = 1, .state = state, .decided_ns = decided_ns };
    std.debug.assert(r.d.mail.announce(&.{change}));
    r.d.pass();
}

test "what is announced is done before its plan comes, and that changes nothing of it" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    announce(&r, .running, 77);
    var seen = r.look().vris[1];
    try expectEqual(77, seen.decided_ns);
    try expect(seen.unparked_ns != 0);
    try expectEqual(128, r.vri(0).share);
    inject(&r, 10);
    try expectEqual(5, r.vri(1).waitingFrames());
    r.states[1] = .running;
    r.decided_ns = 78;
    try r.replan();
    try expectEqual(seen.unparked_ns, r.look().vris[1].unparked_ns);
    try expectEqual(77, r.look().vris[1].decided_ns);
    inject(&r, 10);
    try expectEqual(10, r.vri(1).waitingFrames());
    // The way back: it keeps what it has, and gets nothing more.
    announce(&r, .draining, 99);
    inject(&r, 10);
    try expectEqual(10, r.vri(1).waitingFrames());
    try expectEqual(20, r.vri(0).waitingFrames());
    try expectEqual(128, r.vri(0).share); // what it holds is its own yet
    serveAll(&r);
    seen = r.look().vris[1];
    try expectEqual(99, seen.decided_ns);
    try expect(seen.emptied_ns != 0);
    r.states[1] = .draining;
    try r.replan();
    r.states[1] = .attaching;
    try r.replan();
    try expectEqual(256, r.vri(0).share);
    try expectEqual(0, r.look().totals.in_flight_frames);
    try rigs.expectBalance(&r.snapshot.totals);
}

test "an announcement that makes no sense is left alone" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    const of = struct {
        fn change(vri: u32, state: abi.VriState) Change {
            return .{ .vri = vri, .state = state, .decided_ns = 5 };
        }
    };
    const changes = .{
        of.change(0, .running), // it runs
        of.change(1, .draining), // it doesn't
        of.change(1, .dead),
        of.change(900, .running), // there is none
    };
    try expect(r.d.mail.announce(&changes));
    try expect(!r.d.mail.announce(&changes)); // the last ones are not done yet
    r.d.pass();
    for (0..2) |n| try expect(r.look().vris[n].decided_ns != 5);
    inject(&r, 4);
    try expectEqual(4, r.vri(0).waitingFrames());
}

test "a plan that says otherwise goes before what was announced ahead of it" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    // The dispatcher was away, and finds both.
    for ([_]abi.VriState{ .attaching, .running }) |state| {
        r.states[1] = state;
        try r.replan();
        const other: abi.VriState = if (state == .running) .draining else .running;
        const change: Change = .{ .vri = 1, .state = other, .decided_ns = 5 };
        try expect(r.d.mail.announce(&.{change}));
        try r.replan();
        try expect(!r.d.mail.announces());
        try expectEqual(state, r.vri(1).state);
        try expect(r.look().vris[1].decided_ns != 5);
    }
}

test "flows stay in order when a VRI is announced and its flows may not move" {
    var r: Rig = undefined;
    try r.init(never_sleeping, true);
    defer r.deinit();
    try r.addVr(0, .{ .slot_count = 1024 });
    try r.addVri(0, 0, .{});
    try r.addVri(1, 0, .{});
    r.states[1] = .attaching;
    try r.replan();
    inject(&r, 50);
    announce(&r, .running, 1);
    inject(&r, 50);
    // Any of them may have frames at VRI 0, which was alone: none may move.
    try expectEqual(0, r.vri(1).counters.received_frames);
    announce(&r, .draining, 2);
    serveAll(&r);
    inject(&r, 50);
    try expectEqual(50, r.vri(0).waitingFrames());
}

test "a look at the sockets that was held up is no measure of what arrives" {
    var r: Rig = undefined;
    try start(&r);
    defer r.deinit();
    const ms = std.time.ns_per_ms;
    r.d.looked_ns = @import("monotonic.zig").ns();
    r.d.measured_ns = r.d.looked_ns - 10 * ms;
    const before = r.d.measured_ns;
    r.d.looked_ns -= ms; // a millisecond ago
    r.d.measure(0);
    try expectEqual(before, r.d.measured_ns);
    r.d.looked_ns = @import("monotonic.zig").ns();
    r.d.measure(512); // more wait
    try expectEqual(before, r.d.measured_ns);
    r.vr(0).counters.received_frames += 1000;
    for (0..20) |_| { // one of them isn't held up
        r.d.looked_ns = @import("monotonic.zig").ns();
        r.d.measure(0);
        if (before != r.d.measured_ns) break;
    }
    try expectEqual(r.d.looked_ns, r.d.measured_ns);
    try expect(r.vr(0).rate.rate_fps > 0);
    for (0..20) |_| {
        r.d.looked_ns = @import("monotonic.zig").ns();
        r.d.measured_ns = r.d.looked_ns - 60 * ms;
        r.d.measure(512); // no better one for a while
        if (r.d.looked_ns == r.d.measured_ns) break;
    } else return error.TestUnexpectedResult;
}
