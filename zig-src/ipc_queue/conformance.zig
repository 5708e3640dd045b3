//! One suite for every IPC queue in the registry: a new variant is tested unasked.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const registry = @import("registry.zig");
const shm = @import("../shm.zig");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const Memory = [*]align(abi.cache_line_bytes) u8;

fn allocate(bytes: usize) ![]align(abi.cache_line_bytes) u8 {
    const memory = try std.testing.allocator.alignedAlloc(
        u8,
        .fromByteUnits(abi.cache_line_bytes),
        bytes,
    );
    @memset(memory, 0);
    return memory;
}

/// What a queue must do, in the plainest form: what was pushed, what was published, what was taken.
const Model = struct {
    pushed: u64 = 0,
    published: u64 = 0,
    taken: u64 = 0,
};

const Operation = enum { push_1, push_3, publish, pop_1, pop_3 };
const operations = std.enums.values(Operation);

fn apply(
    comptime V: type,
    p: *V.Producer,
    c: *V.Consumer,
    m: *Model,
    capacity: u32,
    op: Operation,
) !void {
    switch (op) {
        .push_1, .push_3 => {
            var items: [3]u64 = undefined;
            const want: u32 = if (op == .push_1) 1 else 3;
            for (items[0..want], 0..) |*item, i| item.* = m.pushed + i + 1; // never zero
            const room = capacity - @as(u32, @intCast(m.pushed - m.taken));
            const count = p.push(items[0..want]);
            try expectEqual(@min(want, room), count);
            m.pushed += count;
        },
        .publish => {
            p.publish();
            m.published = m.pushed;
        },
        .pop_1, .pop_3 => {
            var items: [3]u64 = undefined;
            const want: u32 = if (op == .pop_1) 1 else 3;
            const count = c.pop(items[0..want]);
            // At least what was published; a variant may let entries be seen before `publish`.
            try expect(count >= @min(want, m.published - m.taken));
            try expect(count <= m.pushed - m.taken);
            for (items[0..count], 0..) |item, i| try expectEqual(m.taken + i + 1, item);
            m.taken += count;
            m.published = @max(m.published, m.taken);
        },
    }
}

fn exhaustive(comptime V: type) !void {
    const longest = 7;
    for ([_]u32{ 2, 4 }) |capacity| for ([_]u32{ 0, std.math.maxInt(u32) - 2 }) |start| {
        const memory = try allocate(V.bytesFor(capacity));
        defer std.testing.allocator.free(memory);
        var sequence: [longest]u8 = @splat(0);
        while (true) {
            @memset(memory, 0);
            V.startAt(memory.ptr, start);
            var p: V.Producer = .init(memory.ptr, capacity);
            var c: V.Consumer = .init(memory.ptr, capacity);
            var m: Model = .{};
            for (sequence) |op| {
                try apply(V, &p, &c, &m, capacity, operations[op]);
                try expect(!p.bad and !c.bad);
                try expectEqual(m.pushed - m.taken, p.length());
            }
            if (!next(&sequence)) break;
        }
    };
}

/// The next sequence in counting order; false after the last.
fn next(sequence: []u8) bool {
    for (sequence) |*digit| {
        digit.* += 1;
        if (digit.* < operations.len) return true;
        digit.* = 0;
    }
    return false;
}

fn untaken(comptime V: type) !void {
    const memory = try allocate(V.bytesFor(8));
    defer std.testing.allocator.free(memory);
    V.startAt(memory.ptr, std.math.maxInt(u32) - 3);
    var p: V.Producer = .init(memory.ptr, 8);
    var c: V.Consumer = .init(memory.ptr, 8);
    _ = p.push(&.{ 1, 2, 3, 4, 5, 6, 7 });
    p.publish();
    var two: [2]u64 = undefined;
    try expectEqual(2, c.pop(&two));
    var left: [8]u64 = undefined;
    const count = p.untaken(&left);
    try std.testing.expectEqualSlices(u64, &.{ 3, 4, 5, 6, 7 }, left[0..count]);
}

fn garbage(comptime V: type) !void {
    const memory = try allocate(V.bytesFor(4));
    defer std.testing.allocator.free(memory);
    var out: [4]u64 = undefined;
    for ([_]u32{ 5, 1 << 31, std.math.maxInt(u32) - 7 }) |value| {
        V.startAt(memory.ptr, 0);
        var p: V.Producer = .init(memory.ptr, 4);
        V.corruptPeer(memory.ptr, V.Producer, value);
        // A copy of the index may serve once more; it is looked at with every batch.
        try expect(p.push(&.{ 1, 2 }) <= 4);
        try expectEqual(4, p.length());
        try expect(p.bad);
        try expectEqual(0, p.untaken(&out));
        V.startAt(memory.ptr, 0);
        var c: V.Consumer = .init(memory.ptr, 4);
        V.corruptPeer(memory.ptr, V.Consumer, value);
        try expectEqual(0, c.pop(&out));
        try expect(c.bad);
    }
}

/// A child process pushes numbered words, this one takes and checks them. `same_core`: both on one.
fn twoProcesses(comptime V: type, same_core: bool) !void {
    const capacity = 64;
    const words = 200_000;
    const segment = try shm.create(V.bytesFor(capacity));
    defer shm.detach(segment.memory);
    const memory: Memory = segment.memory.ptr;
    V.startAt(memory, std.math.maxInt(u32) - 1000);
    const child = linux.fork();
    if (linux.errno(child) != .SUCCESS) return error.Fork;
    if (child == 0) {
        if (same_core) pin();
        produce(V, memory, capacity, words);
        linux.exit_group(0);
    }
    if (same_core) pin();
    const result = consume(V, memory, capacity, words);
    var status: u32 = 0;
    if (result) |_| {} else |_| _ = linux.kill(@intCast(child), .KILL);
    _ = linux.wait4(@intCast(child), &status, 0, null);
    try result;
    try expectEqual(0, status);
}

fn produce(comptime V: type, memory: Memory, capacity: u32, words: u64) void {
    var p: V.Producer = .init(memory, capacity);
    var items: [17]u64 = undefined;
    var sent: u64 = 0;
    var size: usize = 1;
    while (sent < words) {
        size = size % items.len + 1;
        const want = @min(size, words - sent);
        for (items[0..want], 1..) |*item, i| item.* = sent + i;
        const count = p.push(items[0..want]);
        p.publish();
        sent += count;
        if (count < want) _ = linux.sched_yield();
    }
}

fn consume(comptime V: type, memory: Memory, capacity: u32, words: u64) !void {
    var c: V.Consumer = .init(memory, capacity);
    var items: [23]u64 = undefined;
    var taken: u64 = 0;
    var idle: u64 = 0;
    while (taken < words) {
        const count = c.pop(&items);
        for (items[0..count]) |item| {
            taken += 1;
            try expectEqual(taken, item);
        }
        idle = if (count == 0) idle + 1 else 0;
        if (count == 0) _ = linux.sched_yield();
        if (idle > 50_000_000) return error.Stuck;
    }
    try expect(!c.bad);
}

fn pin() void {
    var set: linux.cpu_set_t = undefined;
    _ = linux.sched_getaffinity(0, @sizeOf(linux.cpu_set_t), &set);
    for (&set, 0..) |*word, i| {
        if (word.* == 0) continue;
        var one: linux.cpu_set_t = @splat(0);
        one[i] = word.* & (~word.* + 1);
        return linux.sched_setaffinity(0, &one) catch {};
    }
}

/// One end's process is killed at some instant, many times: what the other end then finds is whole,
/// in order, and without a gap.
fn killed(comptime V: type, comptime victim: enum { producer, consumer }) !void {
    const capacity = 64;
    const page = 4096;
    const segment = try shm.create(V.bytesFor(capacity) + 2 * page);
    defer shm.detach(segment.memory);
    const memory: Memory = segment.memory.ptr;
    const at = std.mem.alignForward(usize, V.bytesFor(capacity), page);
    const noted: *u64 = @ptrCast(@alignCast(segment.memory.ptr + at));
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    for (0..30) |_| {
        @memset(segment.memory, 0);
        V.startAt(memory, std.math.maxInt(u32) - 100);
        const child = linux.fork();
        if (linux.errno(child) != .SUCCESS) return error.Fork;
        if (child == 0) switch (victim) {
            .producer => produce(V, memory, capacity, std.math.maxInt(u64)),
            .consumer => consumeAndNote(V, memory, capacity, noted),
        };
        const until_ns = nowNs() + state.random().uintLessThan(u64, 2 * std.time.ns_per_ms);
        const result = switch (victim) {
            .producer => takeUntilDead(V, memory, capacity, @intCast(child), until_ns),
            .consumer => pushUntilDead(V, memory, capacity, @intCast(child), until_ns, noted),
        };
        if (result) |_| {} else |e| return e;
    }
}

fn kill(child: linux.pid_t) void {
    var status: u32 = 0;
    _ = linux.kill(child, .KILL);
    _ = linux.wait4(child, &status, 0, null);
}

fn takeUntilDead(
    comptime V: type,
    memory: Memory,
    capacity: u32,
    child: linux.pid_t,
    until_ns: u64,
) !void {
    var c: V.Consumer = .init(memory, capacity);
    var items: [23]u64 = undefined;
    var taken: u64 = 0;
    var alive = true;
    defer if (alive) kill(child);
    while (true) {
        if (alive and nowNs() > until_ns) {
            kill(child);
            alive = false;
        }
        const count = c.pop(&items);
        for (items[0..count]) |item| {
            taken += 1;
            try expectEqual(taken, item);
        }
        if (count == 0 and !alive) break;
        if (count == 0) _ = linux.sched_yield();
    }
    try expect(!c.bad);
}

/// Notes what it took before it takes more.
fn consumeAndNote(comptime V: type, memory: Memory, capacity: u32, noted: *u64) noreturn {
    var c: V.Consumer = .init(memory, capacity);
    var items: [23]u64 = undefined;
    while (true) {
        const count = c.pop(&items);
        if (count == 0) _ = linux.sched_yield();
        if (count != 0) @atomicStore(u64, noted, items[count - 1], .release);
    }
}

fn pushUntilDead(
    comptime V: type,
    memory: Memory,
    capacity: u32,
    child: linux.pid_t,
    until_ns: u64,
    noted: *u64,
) !void {
    var p: V.Producer = .init(memory, capacity);
    var pushed: u64 = 0;
    while (nowNs() < until_ns) {
        var items: [17]u64 = undefined;
        for (&items, 1..) |*item, i| item.* = pushed + i;
        pushed += p.push(&items);
        p.publish();
    }
    kill(child);
    var left: [64]u64 = undefined;
    // One that dies with a lock in its hands leaves it to whoever asks for it next.
    const more = p.push(&.{pushed + 1});
    pushed += more;
    p.publish();
    const count = p.untaken(&left);
    try expect(!p.bad);
    for (left[0..count], 0..) |item, i| try expectEqual(pushed - count + 1 + i, item);
    // What is not there it took: all that it noted, and its last batch at most.
    const taken = pushed - count;
    const known = @atomicLoad(u64, noted, .acquire);
    try expect(taken >= known and taken - known <= 23);
}

fn nowNs() u64 {
    return @import("../monotonic.zig").ns();
}

/// The suite for one variant: its tests bear the variant's name.
fn Suite(comptime V: type) type {
    return struct {
        test "every sequence of 7 operations at capacity 2 and 4 agrees with the model" {
            try exhaustive(V);
        }

        test "what a dead consumer left is found in order" {
            try untaken(V);
        }

        test "an impossible index of the peer is noticed, never followed" {
            // Without a shared index there is none to spoil.
            if (@hasDecl(V, "shares_indices") and !V.shares_indices) return error.SkipZigTest;
            try garbage(V);
        }

        test "two processes: every word arrives once and in order" {
            try twoProcesses(V, false);
        }

        test "two processes on one core make progress" {
            var before: linux.cpu_set_t = undefined;
            _ = linux.sched_getaffinity(0, @sizeOf(linux.cpu_set_t), &before);
            defer linux.sched_setaffinity(0, &before) catch {};
            try twoProcesses(V, true);
        }

        test "a producer that is killed at any instant leaves whole words in order" {
            try killed(V, .producer);
        }

        test "a consumer that is killed at any instant leaves all that it had not taken" {
            try killed(V, .consumer);
        }
    };
}

test {
    inline for (registry.names) |name| _ = Suite(@field(registry.variants, name));
}
