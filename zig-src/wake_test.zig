//! Two VRIs in processes of their own send an event back and forth through the dispatcher, and all
//! three sleep between two of them: the sleep-and-wake protocol (`idle_model_test.zig`) in the real
//! kernel, both kinds of wake-up. A lost one would show as a sleep that lasts its full time while
//! something waits.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const Rig = @import("testing_rig.zig").Rig;
const expect = std.testing.expect;

const rounds = 1000;
const sibling = @intFromEnum(abi.EventKind.sibling);
/// A sleep that lasts this long was ended by its timeout.
const timeout_ns = 80 * std.time.ns_per_ms;

const Board = struct { done: [2]u32 = @splat(0), late: [2]u32 = @splat(0), stop: u32 = 0 };

/// Returns each event to its sender; number 0 begins.
fn runVri(r: *Rig, number: u32, board: *Board) noreturn {
    const side = r.side(number);
    side.parent = linux.getppid();
    var header: abi.EventHeader = undefined;
    var payload: [abi.max_event_bytes]u8 = undefined;
    if (number == 0) _ = side.sendEvent(sibling, 1, payload[0..64]);
    var slept_ns: u64 = 0;
    while (@atomicLoad(u32, &board.stop, .acquire) == 0 and side.alive()) {
        if (side.receiveEvent(&header, &payload)) {
            if (slept_ns > timeout_ns) board.late[number] += 1;
            slept_ns = 0;
            _ = @atomicRmw(u32, &board.done[number], .Add, 1, .acq_rel);
            _ = side.sendEvent(sibling, header.source, payload[0..header.bytes]);
            continue;
        }
        const before_ns = dispatch.monotonicNs();
        side.wait(1000);
        slept_ns = dispatch.monotonicNs() - before_ns;
    }
    linux.exit_group(0);
}

test "an event between sleeping processes, through a sleeping dispatcher, is never late" {
    var r: Rig = undefined;
    try r.init(.{ .spins = 0, .yields = 0 }, false);
    defer r.deinit();
    const flags: linux.MAP = .{ .TYPE = .SHARED, .ANONYMOUS = true };
    const at = linux.mmap(null, 4096, .{ .READ = true, .WRITE = true }, flags, -1, 0);
    try expect(linux.errno(at) == .SUCCESS);
    const board: *Board = @ptrFromInt(at);
    defer _ = linux.munmap(@ptrCast(board), 4096);
    board.* = .{};
    try r.addVr(0, .{});
    for (0..2) |n| try r.addVri(@intCast(n), 0, .{});
    try r.replan();
    var children: [2]linux.pid_t = undefined;
    for (&children, 0..) |*child, n| {
        const pid = linux.fork();
        try expect(linux.errno(pid) == .SUCCESS);
        if (pid == 0) runVri(&r, @intCast(n), board);
        child.* = @intCast(pid);
    }
    defer for (children) |child| {
        _ = linux.kill(child, .KILL);
        var status: u32 = 0;
        _ = linux.waitpid(child, &status, 0);
    };
    const start_ns = dispatch.monotonicNs();
    var late: u32 = 0; // passes whose sleep timed out with an event on its way
    while (@atomicLoad(u32, &board.done[0], .acquire) < rounds) {
        const before_ns = dispatch.monotonicNs();
        const sleeps = r.d.totals.sleeps;
        r.d.pass();
        const lasted_ns = dispatch.monotonicNs() - before_ns;
        if (r.d.totals.sleeps != sleeps and lasted_ns > timeout_ns) late += 1;
        if (dispatch.monotonicNs() - start_ns > 60 * std.time.ns_per_s) return error.NoProgress;
    }
    // Who is quick finds the answer there before it sleeps; mostly somebody does sleep.
    const vri_sleeps = r.side(0).header.vri_words.sleeps + r.side(1).header.vri_words.sleeps;
    try expect(r.d.totals.sleeps + vri_sleeps > rounds / 10);
    // Another process may keep the core for that long, once in a while; a lost wake-up is regular.
    try expect(late + board.late[0] + board.late[1] <= rounds / 100);
}

test "a VRI that may not yield sleeps at once, also when it was roused" {
    var r: Rig = undefined;
    try r.init(.{ .spins = 0, .yields = 0 }, false);
    defer r.deinit();
    try r.addVr(0, .{});
    try r.addVri(0, 0, .{});
    const words = &r.side(0).header.vri_words;
    const idle = &r.vri(0).monitor.idle;
    for ([_]u32{ 100, 0 }) |yields| {
        idle.yields = yields;
        r.vri(0).rouse();
        const before = words.sleeps;
        r.side(0).wait(1);
        try std.testing.expectEqual(@intFromBool(yields == 0), words.sleeps - before);
    }
}
