//! Guests after a silence, and what holds for all guests.
const std = @import("std");
const linux = std.os.linux;
const affinity = @import("affinity.zig");
const guest = @import("guest.zig");
const pairs = @import("guest_test_pair.zig");
const rigs = @import("testing_rig.zig");
const Pair = pairs.Pair;
const expectEqual = std.testing.expectEqual;

test "after a silence it serves here, and goes home when more comes" {
    var p: Pair = try .start();
    defer p.deinit();
    for (0..3) |_| {
        try p.silence();
        p.send(1);
        try expectEqual(p.here, try p.childCore());
        try expectEqual(@as(i32, @intCast(p.home)), p.vri().visit.home);
        for (0..pairs.patience_ms) |_| { // a frame comes in each pass
            p.r.d.pass();
            if (p.vri().visit.home == guest.at_home) break;
            p.send(1);
        }
        try expectEqual(guest.at_home, p.vri().visit.home);
        try expectEqual(p.home, try p.childCore());
    }
    try p.silence();
    try rigs.expectBalance(&p.r.look().totals);
    try expectEqual(0, p.r.look().totals.in_flight_frames);
}

test "it stays from one silence to the next" {
    var p: Pair = try .start();
    defer p.deinit();
    for (0..3) |_| {
        try p.silence();
        p.send(1);
        try expectEqual(p.here, try p.childCore());
    }
    try expectEqual(1, p.r.d.sleeper.guests.count);
}

test "what is too much for a guest is served at home" {
    var p: Pair = try .start();
    defer p.deinit();
    try p.silence();
    p.send(40);
    try expectEqual(p.home, try p.childCore());
}

test "who was moved meanwhile stays where it was moved to" {
    var p: Pair = try .start();
    defer p.deinit();
    try p.silence();
    p.send(1);
    try expectEqual(p.here, try p.childCore());
    try expectEqual(linux.E.SUCCESS, affinity.move(.{ .child = p.child }, p.home));
    p.vri().visit.home = @intCast(p.here); // were it sent to where it was, it would be seen
    p.r.d.sleeper.guests.dismiss(.all);
    try expectEqual(p.home, try p.childCore());
}

test "a plan sends guests home" {
    var p: Pair = try .start();
    defer p.deinit();
    try p.silence();
    p.send(1);
    try p.r.replan();
    try expectEqual(p.home, try p.childCore());
}

test "not invited: who has ended, and whoever's dispatcher may run anywhere" {
    var p: Pair = try .start();
    defer p.deinit();
    try p.silence();
    linux.sched_setaffinity(0, &p.before) catch {};
    p.send(1);
    try expectEqual(p.home, try p.childCore());
    try expectEqual(linux.E.SUCCESS, affinity.move(pairs.thisThread(), p.here));
    try p.silence();
    p.end();
    p.send(1);
    try expectEqual(guest.at_home, p.vri().visit.home);
}
