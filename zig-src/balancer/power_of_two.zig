//! Power of two choices (Mitzenmacher 2001): of two VRIs drawn at random the less loaded one.
//! Nearly as even as looking at all of them, at a cost that doesn't grow with their number.
const below = @import("random.zig").below;

pub const PowerOfTwo = struct {
    state: u64 = 0x6c76_726d,

    pub fn choose(b: *PowerOfTwo, loads: []const u32) u32 {
        const count: u32 = @intCast(loads.len);
        if (count == 1) return 0;
        const first = below(&b.state, count);
        // Another than the first: one of the rest, moved past it.
        var second = below(&b.state, count - 1);
        if (second >= first) second += 1;
        return if (loads[second] < loads[first]) second else first;
    }
};
