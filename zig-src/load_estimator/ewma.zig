//! What the estimators that look at intervals have in common.
const std = @import("std");

/// The interval for which a weight is meant: that of the dispatcher's housekeeping.
pub const interval_ns = 5 * std.time.ns_per_ms;

/// Weight of what was seen over `elapsed_ns`, where an interval's worth weighs `weight`/256: a long
/// interval (the dispatcher slept) counts as the many short ones that it stands for.
pub fn weightOver(weight: u32, elapsed_ns: u64) f64 {
    const kept = 1 - @as(f64, @floatFromInt(weight)) / 256;
    const intervals = @as(f64, @floatFromInt(elapsed_ns)) / interval_ns;
    return 1 - std.math.pow(f64, kept, intervals);
}

test "many short intervals weigh what one long one does" {
    const once = 1 - weightOver(32, 10 * interval_ns);
    var kept: f64 = 1;
    for (0..10) |_| kept *= 1 - weightOver(32, interval_ns);
    try std.testing.expectApproxEqAbs(once, kept, 1e-12);
    try std.testing.expectEqual(1, weightOver(256, interval_ns));
    try std.testing.expectEqual(0, weightOver(32, 0));
}
