//! The paper's load estimate (II-B, VRI adapter): exponentially weighted average of the length of
//! a VRI's incoming data queue, observed whenever frames are dispatched to it.
//!
//! Unit: frames × 256.
const std = @import("std");

pub const QueueLength = struct {
    load: u32 = 0,
    /// Of a new observation, in 1/256.
    weight: u32,

    /// What one more frame adds until the queue is looked at again.
    pub const frame_load = 256;
    /// A VRI whose queue holds 64 frames is behind.
    pub const overload = 64 << 8;

    pub inline fn observe(e: *QueueLength, queue_frames: u32, dispatched: u32) void {
        _ = dispatched;
        const seen: i64 = @as(i64, queue_frames) << 8;
        e.load = @intCast(e.load + ((seen - e.load) * @as(i64, e.weight) >> 8));
    }

    /// Observed at dispatch only, as in the paper: an idle VRI keeps its estimate.
    pub fn tick(_: *QueueLength, _: u64, _: u64) void {}
};

test "follows a constant length and never leaves its range" {
    inline for (.{ 1, 32, 256 }) |weight| {
        var e: QueueLength = .{ .weight = weight };
        for (0..4000) |_| e.observe(1000, 1);
        // Rounding down leaves it below by less than one step: 256 / weight, in 1/256 of a frame.
        try std.testing.expect(e.load > 1000 * 256 - 257 and e.load <= 1000 * 256);
        for (0..4000) |_| e.observe(0, 1);
        try std.testing.expect(e.load < 256);
    }
}

test "the weight is that of a new observation" {
    var e: QueueLength = .{ .weight = 64 };
    e.observe(100, 1);
    try std.testing.expectEqual(25 * 256, e.load);
    e.observe(100, 1);
    try std.testing.expectEqual((25 * 256 * 3 + 100 * 256) / 4, e.load);
}
