//! The balancers by name. A new one is one file and one line in `variants`.
//!
//! A balancer declares `choose(*T, loads: []const u32) u32`: which of a VR's running VRIs takes the
//! next frame. It starts as `.{}`.
const std = @import("std");
const Either = @import("../either.zig").Either;

pub const variants = .{
    .jsq = @import("jsq.zig").Jsq,
    .round_robin = @import("round_robin.zig").RoundRobin,
    .random = @import("random.zig").Random,
    .power_of_two = @import("power_of_two.zig").PowerOfTwo,
};

pub const names = std.meta.fieldNames(@TypeOf(variants));

pub const Balancer = Either(variants);

/// Balancer number `balancer` in its first state, null when there is none.
pub fn make(balancer: u32) ?Balancer {
    inline for (names, 0..) |name, i|
        if (balancer == i) return @unionInit(Balancer, name, .{});
    return null;
}

/// One branch per choice, no function pointer.
pub inline fn choose(b: *Balancer, loads: []const u32) u32 {
    return switch (b.*) {
        inline else => |*it| it.choose(loads),
    };
}
