//! Random (the paper, II-B): uniform over the VRIs that run. The generator is seeded alike in every
//! run, so that an experiment can be repeated.

/// One step of SplitMix64 (Steele, Lea, Flood 2014), and a multiply to scale it: no division.
pub fn below(state: *u64, count: u32) u32 {
    state.* +%= 0x9e37_79b9_7f4a_7c15;
    var z = state.*;
    z = (z ^ z >> 30) *% 0xbf58_476d_1ce4_e5b9;
    z = (z ^ z >> 27) *% 0x94d0_49bb_1331_11eb;
    z ^= z >> 31;
    return @intCast((z >> 32) * count >> 32);
}

pub const Random = struct {
    state: u64 = 0x6c76_726d,

    pub fn choose(b: *Random, loads: []const u32) u32 {
        return below(&b.state, @intCast(loads.len));
    }
};
