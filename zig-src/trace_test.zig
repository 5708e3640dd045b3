//! Traces and the adapter that replays them.
const std = @import("std");
const abi = @import("abi.zig");
const traces = @import("trace.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const Memory = @import("socket_adapter/memory.zig").Memory;
const Outgoing = @import("socket_adapter/frame.zig").Outgoing;
const Reason = @import("reason.zig").Reason;

const gpa = std.testing.allocator;
const testing = std.testing;

fn specOf(frames: u32) abi.TraceSpec {
    var spec = std.mem.zeroes(abi.TraceSpec);
    spec.frames = frames;
    spec.size_count = 2;
    spec.sizes[0..2].* = .{ 60, 1514 };
    spec.flows = 7;
    spec.family = 4;
    spec.sources = 3;
    spec.source_length = 24;
    spec.destinations = 10;
    spec.destination_length = 24;
    return spec;
}

fn open(trace: u32, change: fn (*abi.PortConfig) void) !Memory {
    var config = std.mem.zeroes(abi.PortConfig);
    config.dispatchers = 1;
    config.trace = trace + 1;
    config.trace_flags = abi.trace_replay;
    change(&config);
    var reason: Reason = .{};
    return Memory.init(&config, &reason);
}

fn unchanged(_: *abi.PortConfig) void {}

test "frames of a generated trace have the sizes in turn, and lie on cache lines" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &specOf(100), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // nobody uses it
    const trace = traces.find(number).?;
    try testing.expectEqual(100, trace.frames.len);
    for (trace.frames, 0..) |*frame, i| {
        try testing.expectEqual(@as(usize, if (i % 2 == 0) 60 else 1514), frame.bytes.len);
        try testing.expectEqual(0, @intFromPtr(frame.bytes.ptr) % 64);
    }
}

test "what makes no sense is refused in one line" {
    var reason: Reason = .{};
    for (0..6) |i| {
        var spec = specOf(10);
        switch (i) {
            0 => spec.family = 5,
            1 => spec.flows = 0,
            2 => spec.size_count = 17,
            3 => spec.sizes[1] = 59,
            4 => spec.source_length = 33,
            else => spec.size_count = 0,
        }
        try testing.expectError(error.Failed, traces.create(gpa, &spec, &reason));
        try testing.expect(std.mem.indexOfScalar(u8, reason.message(), '\n') == null);
    }
    try testing.expectError(error.Failed, traces.append(9, &(.{0} ** 60), 60, 0, &reason));
}

test "a replay goes round, in order, up to its limit" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &specOf(100), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // closed below, before this runs
    var memory = try open(number, struct {
        fn limited(c: *abi.PortConfig) void {
            c.frame_limit = 1000;
        }
    }.limited);
    defer memory.deinit();
    try testing.expectError(error.Failed, traces.destroy(gpa, number, &reason));
    const trace = traces.find(number).?;
    var total: usize = 0;
    while (true) {
        const frames = memory.borrow(64);
        if (frames.len == 0) break;
        for (frames) |*frame| {
            try testing.expectEqual(trace.frames[total % 100].bytes.ptr, frame.bytes.ptr);
            total += 1;
        }
    }
    try testing.expectEqual(1000, total);
}

test "captured frames are replayed as they are; cut ones are faulty" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &std.mem.zeroes(abi.TraceSpec), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // closed below, before this runs
    try traces.append(number, "fourteen bytes", 14, 0, &reason);
    try traces.append(number, "fifteen bytes..", 99, 0, &reason);
    try testing.expectError(error.Failed, traces.append(number, "thirteen byte", 13, 0, &reason));
    var memory = try open(number, unchanged);
    defer memory.deinit();
    const frames = memory.borrow(64);
    try testing.expectEqual(2, frames.len);
    try testing.expectEqualStrings("fourteen bytes", frames[0].bytes);
    try testing.expectEqual(Frame.Fault.none, frames[0].fault);
    try testing.expectEqual(Frame.Fault.truncated, frames[1].fault);
}

test "a window of one hands out the next frame after the last is through, with its latency" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &specOf(100), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // closed below, before this runs
    var source = try open(number, struct {
        fn change(c: *abi.PortConfig) void {
            c.window_frames = 1;
            c.trace_flags = abi.trace_replay | abi.trace_stamp;
        }
    }.change);
    defer source.deinit();
    var sink = try open(number, struct {
        fn change(c: *abi.PortConfig) void {
            c.trace_flags = abi.trace_record;
        }
    }.change);
    defer sink.deinit();
    var totals: abi.Totals = .{};
    traces.totals[0] = &totals;
    defer traces.totals[0] = null;
    for (0..50) |i| {
        const frames = source.borrow(64);
        try testing.expectEqual(1, frames.len);
        totals.received_frames += 1;
        try testing.expectEqual(0, source.borrow(64).len);
        if (i % 5 == 4) { // a frame that ended otherwise is through as well
            totals.dropped_frames += 1;
            continue;
        }
        const out: [1]Outgoing = .{.{ .bytes = frames[0].bytes, .tag = 0 }};
        try testing.expectEqual(1, sink.send(&out).frames);
        totals.sent_frames += 1;
    }
    var own: [60]u8 = @splat(0xff); // of a VR's own making
    _ = sink.send(&.{.{ .bytes = &own, .tag = 0 }});
    var report: abi.LatencyReport = .{};
    try traces.report(number, &report, false, &reason);
    try testing.expectEqual(40, report.frames);
    try testing.expect(report.p50_ps > 0 and report.p50_ps <= report.max_ps);
}

test "a rate is kept" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &specOf(100), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // closed below, before this runs
    var memory = try open(number, struct {
        fn change(c: *abi.PortConfig) void {
            c.rate_fps = 100_000;
        }
    }.change);
    defer memory.deinit();
    const latency = @import("latency.zig");
    const clock = latency.clock();
    const start = latency.ticks();
    const span: u64 = @intFromFloat(clock.ticksOf(20e6));
    var total: u64 = memory.borrow(64).len; // starts the clock
    const begun = latency.ticks();
    while (latency.ticks() -% start < span) total += memory.borrow(64).len;
    const least = latency.ticks() -% begun;
    while (true) { // however long the machine paused: all that is due comes
        const count = memory.borrow(64).len;
        if (count == 0) break;
        total += count;
    }
    const most = latency.ticks() -% start;
    const per_tick = 100_000 * clock.picoseconds * 1e-12;
    const found: f64 = @floatFromInt(total);
    try testing.expect(found >= @as(f64, @floatFromInt(least)) * per_tick - 1);
    try testing.expect(found <= @as(f64, @floatFromInt(most)) * per_tick + 1);
}

test "several dispatchers replay the same frames as one, each flow by one of them" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &specOf(100), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // closed below, before this runs
    const trace = traces.find(number).?;
    for ([_]u64{ 0, 99, 1000, 1037 }) |limit| {
        var counts: [100]u32 = @splat(0);
        var owners: [100]?u32 = @splat(null);
        for (0..3) |dispatcher| {
            var config = std.mem.zeroes(abi.PortConfig);
            config.trace = number + 1;
            config.trace_flags = abi.trace_replay;
            config.frame_limit = limit;
            config.dispatcher = @intCast(dispatcher);
            config.dispatchers = 3;
            var memory: Memory = try .init(&config, &reason);
            defer memory.deinit();
            for (0..200) |_| for (memory.borrow(64)) |*frame| {
                const at = for (trace.frames, 0..) |*it, i| {
                    if (it.bytes.ptr == frame.bytes.ptr) break i;
                } else unreachable;
                if (owners[at]) |it| try testing.expectEqual(it, dispatcher);
                owners[at] = @intCast(dispatcher);
                counts[at] += 1;
            };
        }
        if (limit == 0) continue;
        var total: u64 = 0;
        for (counts, 0..) |count, at| {
            try testing.expectEqual(limit / 100 + @intFromBool(at < limit % 100), count);
            total += count;
        }
        try testing.expectEqual(limit, total);
    }
}

test "what dispatchers can't do together is refused in one line" {
    var reason: Reason = .{};
    const number = try traces.create(gpa, &specOf(100), &reason);
    defer traces.destroy(gpa, number, &reason) catch unreachable; // nobody uses it
    for (0..4) |wrong| {
        var config = std.mem.zeroes(abi.PortConfig);
        config.trace = number + 1;
        config.dispatchers = 2;
        config.trace_flags = abi.trace_replay;
        switch (wrong) {
            0 => config.trace_flags |= abi.trace_stamp,
            1 => config.trace_flags |= abi.trace_record,
            2 => config.trace_flags |= abi.trace_zero_copy,
            else => config.window_frames = 1,
        }
        try testing.expectError(error.Failed, Memory.init(&config, &reason));
        try testing.expect(std.mem.indexOfScalar(u8, reason.message(), '\n') == null);
    }
}
