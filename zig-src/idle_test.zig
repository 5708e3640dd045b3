//! Dispatcher and two VRIs, three processes, all on one core: they must make way for each other.
//! Two that spun would each burn a whole time slice per batch, some ten thousand looks; so looks in
//! vain are counted, not time.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const rigs = @import("testing_rig.zig");
const Rig = rigs.Rig;
const expect = std.testing.expect;

const frames_wanted = 200_000;
const window = 256;

/// Shared with the children.
const Board = struct { stop: u32 = 0, looks: [2]u64 = @splat(0) };

fn shareBoard() !*Board {
    const flags: linux.MAP = .{ .TYPE = .SHARED, .ANONYMOUS = true };
    const at = linux.mmap(null, 4096, .{ .READ = true, .WRITE = true }, flags, -1, 0);
    if (linux.errno(at) != .SUCCESS) return error.NoMemory;
    const board: *Board = @ptrFromInt(at);
    board.* = .{};
    return board;
}

/// A VRI's loop, as docs/writing-a-vr.md has it, in a process of its own.
fn runVri(r: *Rig, number: u32, board: *Board) noreturn {
    const side = r.side(number);
    side.parent = linux.getppid();
    while (@atomicLoad(u32, &board.stop, .acquire) == 0 and side.alive()) {
        if (r.serve(number, 64) != 0) continue;
        board.looks[number] += 1;
        side.wait(100);
    }
    linux.exit_group(0);
}

/// Looks in vain per batch of 64, of the one that looks most.
fn looksPerBatch(idle: abi.Idle, busy_poll: bool) !u64 {
    var before: linux.cpu_set_t = undefined;
    _ = linux.sched_getaffinity(0, @sizeOf(linux.cpu_set_t), &before);
    defer linux.sched_setaffinity(0, &before) catch {};
    var one: linux.cpu_set_t = @splat(0);
    for (before, 0..) |word, i| if (word != 0) {
        one[i] = @as(usize, 1) << @intCast(@ctz(word));
        break;
    };
    try linux.sched_setaffinity(0, &one);

    var r: Rig = undefined;
    try r.init(idle, busy_poll);
    defer r.deinit();
    const board = try shareBoard();
    defer _ = linux.munmap(@ptrCast(board), 4096);
    for (0..2) |n| {
        try r.addVr(@intCast(n), .{ .slot_count = 1024 });
        try r.addVri(@intCast(n), @intCast(n), .{});
    }
    try r.replan();
    var children: [2]linux.pid_t = undefined;
    for (&children, 0..) |*child, n| {
        const pid = linux.fork();
        if (linux.errno(pid) != .SUCCESS) return error.NoProcess;
        if (pid == 0) runVri(&r, @intCast(n), board);
        child.* = @intCast(pid);
    }
    defer for (children) |child| {
        _ = linux.kill(child, .KILL);
        var status: u32 = 0;
        _ = linux.waitpid(child, &status, 0);
    };
    const looks = try feed(&r);
    @atomicStore(u32, &board.stop, 1, .release);
    var most = looks;
    for (board.looks) |count| most = @max(most, count);
    return most / (frames_wanted / 64);
}

/// Sends frames to both until enough came back; returns the dispatcher's looks in vain.
fn feed(r: *Rig) !u64 {
    const start_ns = dispatch.monotonicNs();
    var looks: u64 = 0;
    while (true) {
        const done = r.d.totals.dropped_frames;
        if (done >= 2 * frames_wanted) break;
        if (dispatch.monotonicNs() - start_ns > 60 * std.time.ns_per_s) return error.NoProgress;
        for (0..2) |n| {
            const number: u32 = @intCast(n);
            const counters = &r.vr(number).counters;
            const out = counters.received_frames - counters.dropped_frames;
            for (0..@min(window - out, 64)) |flow| r.inject(number, @intCast(flow));
        }
        r.d.flushStaged();
        r.d.pass();
        looks += @intFromBool(r.d.totals.dropped_frames == done);
    }
    for (0..2) |n| try expect(r.vr(@intCast(n)).counters.dropped_frames > frames_wanted / 4);
    return looks;
}

test "three processes on one core make way for each other" {
    try expect(try looksPerBatch(.{ .spins = 20, .yields = 2 }, false) < 50);
}

test "also when they never sleep" {
    try expect(try looksPerBatch(.{ .spins = 20, .yields = 2 }, true) < 50);
}

test "and the count tells: those that spin for long look in vain for long" {
    try expect(try looksPerBatch(.{ .spins = 20_000, .yields = 2 }, true) > 50);
}
