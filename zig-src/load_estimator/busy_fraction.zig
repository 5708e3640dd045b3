//! The share of time that a VRI spends with frames, by its own account (`VriWords.busy_ns`): a
//! moving average over intervals of 5 ms. It sees what queue lengths don't: how long a frame takes.
//!
//! Unit: 1/65536 of the time. A VRI can lie in it, and then gets more or fewer of its own VR's
//! frames; no lie leaves the range.
const std = @import("std");
const ewma = @import("ewma.zig");

pub const BusyFraction = struct {
    load: u32 = 0,
    /// Of 5 ms, in 1/256.
    weight: u32,
    busy_ns: u64 = 0, // as last seen

    const whole = 1 << 16;

    /// What one more frame adds until the next interval ends: a frame's work, had it all of 1 ms.
    pub const frame_load = 1;
    /// A VRI with frames 95 % of the time is behind.
    pub const overload = whole / 100 * 95;

    pub inline fn observe(_: *BusyFraction, _: u32, _: u32) void {}

    pub fn tick(e: *BusyFraction, elapsed_ns: u64, busy_ns: u64) void {
        if (elapsed_ns == 0) return;
        const busy = @min(busy_ns -% e.busy_ns, elapsed_ns);
        e.busy_ns = busy_ns;
        const seen = @as(f64, @floatFromInt(busy)) / @as(f64, @floatFromInt(elapsed_ns)) * whole;
        const before: f64 = @floatFromInt(e.load);
        const weight = ewma.weightOver(e.weight, elapsed_ns);
        e.load = @intFromFloat(@round(before + (seen - before) * weight));
    }
};

test "half the time busy is a load of a half; idle time brings it down" {
    var e: BusyFraction = .{ .weight = 32 };
    var busy_ns: u64 = 0;
    for (0..400) |_| {
        busy_ns += 2_500_000;
        e.tick(5_000_000, busy_ns);
    }
    try std.testing.expect(@abs(@as(i64, e.load) - 32768) < 16);
    e.tick(10 * std.time.ns_per_s, busy_ns); // one long sleep
    try std.testing.expectEqual(0, e.load);
}
