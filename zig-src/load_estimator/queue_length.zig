//! The paper's load estimate (II-B, VRI adapter): exponentially weighted average of the length of
//! a VRI's incoming data queue, observed whenever frames are dispatched to it.
const std = @import("std");

pub const QueueLength = struct {
    /// Frames × 256.
    load: u32 = 0,

    /// Weight of a new observation: 1/8.
    const shift = 3;

    pub fn observe(e: *QueueLength, queue_frames: u32) void {
        const seen: i64 = @as(i64, queue_frames) << 8;
        e.load = @intCast(e.load + ((seen - e.load) >> shift));
    }
};

test "follows a constant length and never leaves its range" {
    var e: QueueLength = .{};
    for (0..200) |_| e.observe(1000);
    try std.testing.expect(e.load > 1000 * 256 - 256 and e.load <= 1000 * 256);
    for (0..200) |_| e.observe(0);
    try std.testing.expect(e.load < 256);
}
