//! Which sizes the frames of a run have: one, the Internet mix, or all from one to another in turn.
const std = @import("std");
const frames = @import("frames.zig");

/// Bytes on the wire of twelve frames of the simple Internet mix: 7 of 40 bytes of IP (as small as
/// Ethernet allows), 4 of 576, 1 of 1500; spread, so that every stretch is much alike.
const imix = [_]u32{ 84, 614, 84, 84, 614, 84, 1538, 84, 614, 84, 84, 614 };

pub const Sizes = union(enum) {
    fixed: u32,
    imix,
    sweep: struct { first: u32, last: u32 },

    /// Bytes on the wire of the frame with this number.
    pub fn wireBytes(s: Sizes, sequence: u64) u32 {
        return switch (s) {
            .fixed => |bytes| bytes,
            .imix => imix[@intCast(sequence % imix.len)],
            .sweep => |it| it.first + @as(u32, @intCast(sequence % (it.last - it.first + 1))),
        };
    }

    /// Bytes of the frame itself, without check sequence.
    pub fn frameBytes(s: Sizes, sequence: u64) u32 {
        return s.wireBytes(sequence) - frames.wire_overhead_bytes;
    }

    pub fn least(s: Sizes) u32 {
        return switch (s) {
            .fixed => |bytes| bytes,
            .imix => std.mem.min(u32, &imix),
            .sweep => |it| it.first,
        };
    }

    pub fn most(s: Sizes) u32 {
        return switch (s) {
            .fixed => |bytes| bytes,
            .imix => std.mem.max(u32, &imix),
            .sweep => |it| it.last,
        };
    }

    /// `N`, `imix` or `FIRST-LAST`; null when it is none of these.
    pub fn parse(text: []const u8) ?Sizes {
        if (std.mem.eql(u8, text, "imix")) return .imix;
        const at = std.mem.indexOfScalar(u8, text, '-') orelse
            return .{ .fixed = std.fmt.parseInt(u32, text, 10) catch return null };
        const first = std.fmt.parseInt(u32, text[0..at], 10) catch return null;
        const last = std.fmt.parseInt(u32, text[at + 1 ..], 10) catch return null;
        return if (first > last) null else .{ .sweep = .{ .first = first, .last = last } };
    }
};

test "one size, the mix, and a sweep that begins again" {
    try std.testing.expectEqual(60, Sizes.parse("84").?.frameBytes(7));
    const mix = Sizes.parse("imix").?;
    var count = [_]u32{ 0, 0, 0 };
    for (0..120) |i| switch (mix.wireBytes(i)) {
        84 => count[0] += 1,
        614 => count[1] += 1,
        1538 => count[2] += 1,
        else => unreachable,
    };
    try std.testing.expectEqual([_]u32{ 70, 40, 10 }, count);
    const sweep = Sizes.parse("84-86").?;
    const wanted = [_]u32{ 84, 85, 86, 84 };
    for (wanted, 0..) |bytes, i| try std.testing.expectEqual(bytes, sweep.wireBytes(i));
    try std.testing.expectEqual(84, sweep.least());
    try std.testing.expectEqual(86, sweep.most());
    for ([_][]const u8{ "", "x", "-", "9-", "-9", "9-8", "1-2-3" }) |bad|
        try std.testing.expectEqual(null, Sizes.parse(bad));
}
