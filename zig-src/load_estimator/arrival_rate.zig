//! Frames that arrive per second: a moving average over intervals of 5 ms, or over as long as the
//! dispatcher slept. Right also when nothing arrives: each interval counts, and an empty one brings
//! the rate down. One per VRI where it drives the balancer, and always one per VR
//! (`VrCounters.arrival_rate_millifps`), which core allocation goes by.
//!
//! Unit: frames per second.
const std = @import("std");
const ewma = @import("ewma.zig");

pub const ArrivalRate = struct {
    load: u32 = 0,
    /// Of 5 ms, in 1/256.
    weight: u32,
    rate_fps: f64 = 0,
    arrived: u64 = 0, // since the last interval's end

    /// What one more frame adds until the next interval ends.
    pub const frame_load = 1;
    /// A rate says nothing of who is behind.
    pub const overload = std.math.maxInt(u32);

    pub inline fn observe(e: *ArrivalRate, queue_frames: u32, dispatched: u32) void {
        _ = queue_frames;
        e.arrived += dispatched;
    }

    pub fn tick(e: *ArrivalRate, elapsed_ns: u64, busy_ns: u64) void {
        _ = busy_ns;
        if (elapsed_ns == 0) return;
        const seconds = @as(f64, @floatFromInt(elapsed_ns)) / std.time.ns_per_s;
        const seen = @as(f64, @floatFromInt(e.arrived)) / seconds;
        e.arrived = 0;
        e.rate_fps += (seen - e.rate_fps) * ewma.weightOver(e.weight, elapsed_ns);
        e.load = @intFromFloat(@min(e.rate_fps, std.math.maxInt(u32)));
    }
};

test "a steady rate, whatever the intervals; silence brings it to nothing" {
    var e: ArrivalRate = .{ .weight = 4 };
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    for (0..5000) |_| {
        const ms = state.random().intRangeAtMost(u32, 5, 50);
        e.observe(0, ms * 100);
        e.tick(@as(u64, ms) * std.time.ns_per_ms, 0);
    }
    try std.testing.expectApproxEqRel(100_000, e.rate_fps, 1e-6);
    e.tick(320 * std.time.ns_per_ms, 0); // 64 intervals of 1/64: about 1/e is left
    try std.testing.expect(e.rate_fps > 35_000 and e.rate_fps < 38_000);
    for (0..100) |_| e.tick(50 * std.time.ns_per_ms, 0);
    try std.testing.expectEqual(0, e.load);
}
