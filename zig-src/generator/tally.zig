//! What a sink makes of the numbers it sees: which came, which came twice, which came late.
const std = @import("std");
const linux = std.os.linux;
const socket = @import("socket.zig");
const Payload = @import("payload.zig").Payload;

/// Numbers below this are told apart: all that a payload can hold but the last.
const sequences_max = std.math.maxInt(u32);

var next_expected: [65536]u64 = @splat(0);

pub const Tally = struct {
    /// A bit for each number: zero pages until they are touched, so the bound costs nothing.
    seen: [*]u64,
    received_frames: u64 = 0, // duplicates too
    received_bytes: u64 = 0, // whole frames, without check sequence
    different_frames: u64 = 0,
    duplicate_frames: u64 = 0,
    /// Arrived after a later one of the same flow (RFC 4737 3.4).
    reordered_frames: u64 = 0,
    highest_sequence: u64 = 0,
    lost_frames: u64 = 0, // below the highest number seen
    other_frames: u64 = 0, // of another run, or no generator's

    pub fn init() socket.Error!Tally {
        const bytes = (sequences_max + 1) / 8;
        const map: linux.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .NORESERVE = true };
        const prot: linux.PROT = .{ .READ = true, .WRITE = true };
        const at = try socket.must(linux.mmap(null, bytes, prot, map, -1, 0), "mmap");
        return .{ .seen = @ptrFromInt(at) };
    }

    pub fn add(t: *Tally, payload: Payload, frame_bytes: u32) void {
        t.received_frames += 1;
        t.received_bytes += frame_bytes;
        const sequence = payload.sequence;
        if (sequence >= sequences_max) return;
        const bit = @as(u64, 1) << @truncate(sequence % 64);
        const word = &t.seen[sequence / 64];
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

    pub fn lostSoFar(t: *const Tally) u64 {
        return if (t.different_frames == 0) 0 else t.highest_sequence + 1 - t.different_frames;
    }

    pub fn finish(t: *Tally) void {
        t.lost_frames = t.lostSoFar();
    }
};

test "loss, duplicates and reordering are told apart, per flow" {
    var tally: Tally = try .init();
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
