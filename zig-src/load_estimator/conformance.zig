//! One suite for every load estimator in the registry: a new one is tested unasked.
const std = @import("std");
const registry = @import("registry.zig");
const expect = std.testing.expect;
const ms = std.time.ns_per_ms;

fn make(index: usize, weight: u32) registry.Estimator {
    return registry.choice(@intCast(index), weight).?.make();
}

/// A second in the life of a VRI that is given `batches` batches of 64 frames per 5 ms, has `queue`
/// frames waiting, and is busy for `busy_share` of the time.
fn live(e: *registry.Estimator, busy_ns: *u64, batches: u32, queue: u32, busy_share: f64) void {
    for (0..200) |_| {
        for (0..batches) |_| e.observe(queue, 64);
        busy_ns.* +%= @intFromFloat(busy_share * 5 * ms);
        e.tick(5 * ms, busy_ns.*);
    }
}

test "a VRI with more to do has the greater load" {
    for (registry.names, 0..) |_, i| for ([_]u32{ 8, 32, 256 }) |weight| {
        var little = make(i, weight);
        var much = make(i, weight);
        var busy: [2]u64 = @splat(0);
        live(&little, &busy[0], 1, 5, 0.1);
        live(&much, &busy[1], 100, 500, 0.9);
        try expect(little.load() > 0);
        try expect(much.load() > little.load() * 5);
    };
}

test "the load comes down when there is less to do" {
    for (registry.names, 0..) |_, i| {
        var e = make(i, 32);
        var busy: u64 = 0;
        live(&e, &busy, 100, 500, 0.9);
        const before = e.load();
        live(&e, &busy, 1, 1, 0.01);
        try expect(e.load() < before / 20);
    }
}

test "whatever is observed, nothing overflows and the load stays a load" {
    for (registry.names, 0..) |_, i| for ([_]u32{ 1, 32, 256 }) |weight| {
        var e = make(i, weight);
        var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
        const random = state.random();
        for (0..20_000) |_| {
            // Queues hold 2^20 at most; busy time is a VRI's word for it, so anything.
            e.observe(random.uintAtMost(u32, 1 << 20), random.uintAtMost(u32, 64));
            if (random.boolean()) e.tick(random.int(u64) >> random.int(u6), random.int(u64));
            _ = e.load();
        }
    };
}

test "a weight of all forgets the past at once" {
    for (registry.names, 0..) |_, i| {
        var a = make(i, 256);
        var b = make(i, 256);
        for ([_]*registry.Estimator{ &a, &b }, 1..) |e, k| e.observe(@intCast(k * 1000), 64);
        a.tick(5 * ms, 0);
        b.tick(5 * ms, 0);
        for ([_]*registry.Estimator{ &a, &b }) |e| {
            e.observe(7, 64);
            e.tick(5 * ms, 2 * ms);
        }
        try std.testing.expectEqual(a.load(), b.load());
    }
}

test "numbers and weights that are none are refused" {
    try expect(registry.choice(registry.names.len, 32) == null);
    try expect(registry.choice(0, 0) == null);
    try expect(registry.choice(0, 257) == null);
}
