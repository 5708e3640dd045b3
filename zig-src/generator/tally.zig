//! What a sink makes of the numbers it sees: which came, which came twice, which came late.
const std = @import("std");
const Payload = @import("payload.zig").Payload;

/// Numbers up to here are told apart; higher ones count as received only.
pub const sequences_max = 1 << 28;

/// Zero pages until they are touched, so the bound costs nothing.
var seen: [sequences_max / 64]u64 = @splat(0);
var next_expected: [65536]u64 = @splat(0);

pub const Tally = struct {
    received_frames: u64 = 0, // duplicates too
    received_bytes: u64 = 0, // whole frames, without check sequence
    different_frames: u64 = 0,
    duplicate_frames: u64 = 0,
    /// Arrived after a later one of the same flow (RFC 4737 3.4).
    reordered_frames: u64 = 0,
    highest_sequence: u64 = 0,
    lost_frames: u64 = 0, // below the highest number seen
    other_frames: u64 = 0, // of another run, or no generator's

    pub fn add(t: *Tally, payload: Payload, frame_bytes: u32) void {
        t.received_frames += 1;
        t.received_bytes += frame_bytes;
        const sequence = payload.sequence;
        if (sequence >= sequences_max) return;
        const bit = @as(u64, 1) << @truncate(sequence % 64);
        const word = &seen[sequence / 64];
        if (word.* & bit != 0) {
            t.duplicate_frames += 1;
            return;
        }
        word.* |= bit;
        t.different_frames += 1;
        const expected = &next_expected[payload.flow];
        if (sequence < expected.*) {
            t.reordered_frames += 1;
        } else expected.* = sequence + 1;
        t.highest_sequence = @max(t.highest_sequence, sequence);
    }

    pub fn finish(t: *Tally) void {
        if (t.different_frames > 0) t.lost_frames = t.highest_sequence + 1 - t.different_frames;
    }
};

test "loss, duplicates and reordering are told apart, per flow" {
    var tally: Tally = .{};
    const arrivals = [_][2]u16{
        .{ 0, 0 }, .{ 1, 1 }, .{ 0, 4 }, .{ 0, 2 }, .{ 1, 3 }, .{ 1, 3 }, .{ 0, 6 },
    };
    for (arrivals) |it| tally.add(.{ .run = 1, .flow = it[0], .sequence = it[1] }, 60);
    tally.finish();
    try std.testing.expectEqual(7, tally.received_frames);
    try std.testing.expectEqual(1, tally.duplicate_frames);
    try std.testing.expectEqual(1, tally.reordered_frames); // 2 after 4; flow 1 was in order
    try std.testing.expectEqual(1, tally.lost_frames); // 5
}
