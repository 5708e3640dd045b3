//! Join the shortest queue (the paper, II-B): the VRI with the smallest estimated load; among equal
//! ones the next in turn, so that idle VRIs share evenly.
const std = @import("std");

pub const Jsq = struct {
    turn: u32 = 0,

    /// Index of the VRI to take the next frame. `loads`: frames × 256, at least one.
    pub fn choose(b: *Jsq, loads: []const u32) u32 {
        @setRuntimeSafety(false); // every index is below their number
        const count: u32 = @intCast(loads.len);
        if (b.turn >= count) b.turn = 0;
        var best = b.turn;
        var at = b.turn;
        for (1..count) |_| {
            at = if (at + 1 == count) 0 else at + 1;
            if (loads[at] < loads[best]) best = at;
        }
        b.turn = best + 1;
        return best;
    }
};

test "takes the shortest, and equal ones in turn" {
    var b: Jsq = .{};
    try std.testing.expectEqual(1, b.choose(&.{ 9, 2, 5 }));
    const equal = [_]u32{ 4, 4, 4 };
    try std.testing.expectEqual(2, b.choose(&equal));
    try std.testing.expectEqual(0, b.choose(&equal));
    try std.testing.expectEqual(1, b.choose(&equal));
    try std.testing.expectEqual(0, b.choose(&.{7})); // fewer than before
}
