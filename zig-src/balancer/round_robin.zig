//! Round robin (the paper, II-B): each VRI in turn, whatever its load.

pub const RoundRobin = struct {
    turn: u32 = 0,

    pub fn choose(b: *RoundRobin, loads: []const u32) u32 {
        if (b.turn >= loads.len) b.turn = 0;
        defer b.turn += 1;
        return b.turn;
    }
};
