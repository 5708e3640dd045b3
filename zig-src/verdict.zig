//! What becomes of a word that a VRI gave back: every field is judged by what the dispatcher itself
//! knows, before it is followed.
const abi = @import("abi.zig");
const Vri = @import("vri_adapter.zig").Vri;

pub const Verdict = union(enum) { send: u8, drop: abi.Drop, refuse: abi.Violation };

/// A port that its VR may send to is for the caller to find.
pub fn judge(v: *const Vri, d: abi.Descriptor) Verdict {
    const pool = &v.vr.pool;
    if (!d.present or d.reserved != 0) return .{ .refuse = .bad_flags };
    if (d.slot >= pool.slot_count) return .{ .refuse = .bad_slot };
    const owner = pool.slots[d.slot].owner;
    if (owner.vri_plus_1 != v.number + 1) return .{ .refuse = .not_owner };
    if (d.dropped) {
        if (abi.dropName(d.output) == null) return .{ .refuse = .bad_reason };
        return .{ .drop = @enumFromInt(d.output) };
    }
    if (d.length < 14 or @as(u32, d.offset) * 2 + d.length > pool.slot_bytes)
        return .{ .refuse = .bad_length };
    if (d.output == abi.no_port or v.vr.permitted[d.output >> 6] >> @intCast(
        d.output & 63,
    ) & 1 == 0)
        return .{ .refuse = .bad_port };
    return .{ .send = d.output };
}
