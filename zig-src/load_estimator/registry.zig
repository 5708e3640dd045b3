//! The load estimators by name. A new one is one file and one line in `variants`; the conformance
//! suite (`conformance.zig`) then runs on it, and `--load-estimator` knows it.
//!
//! An estimator starts as `.{ .weight = w }` and declares `load: u32` (in a unit of its own; the
//! balancer compares only those of one VR), `observe(*T, queue_frames: u32, dispatched: u32)`,
//! called whenever frames were dispatched to the VRI, `tick(*T, elapsed_ns: u64, busy_ns: u64)`,
//! called every 5 ms or later with the VRI's account of its busy time, and the constants
//! `frame_load`, `overload`.
const std = @import("std");
const Either = @import("../either.zig").Either;

pub const ArrivalRate = @import("arrival_rate.zig").ArrivalRate;

pub const variants = .{
    .queue_length = @import("queue_length.zig").QueueLength, // the first is the default
    .busy_fraction = @import("busy_fraction.zig").BusyFraction,
    .arrival_rate = ArrivalRate,
};

pub const names = std.meta.fieldNames(@TypeOf(variants));

const Union = Either(variants);

/// One VRI's estimator: one branch per call, no function pointer.
pub const Estimator = struct {
    it: Union,

    pub inline fn observe(e: *Estimator, queue_frames: u32, dispatched: u32) void {
        switch (e.it) {
            inline else => |*it| it.observe(queue_frames, dispatched),
        }
    }

    pub fn tick(e: *Estimator, elapsed_ns: u64, busy_ns: u64) void {
        switch (e.it) {
            inline else => |*it| it.tick(elapsed_ns, busy_ns),
        }
    }

    pub inline fn load(e: *const Estimator) u32 {
        return switch (e.it) {
            inline else => |*it| it.load,
        };
    }
};

/// What a VR chose: how its VRIs' estimators start, and what must be known of their unit.
pub const Choice = struct {
    first: Estimator,
    /// What one more frame adds to a VRI's load until the next look.
    frame_load: u32,
    /// A VRI with a load above this loses flows that have nothing on the way.
    overload: u32,

    pub fn make(c: *const Choice) Estimator {
        return c.first;
    }
};

/// Null when there is no such estimator or weight. `weight`: of a new observation, 1..256 / 256.
pub fn choice(estimator: u32, weight: u32) ?Choice {
    if (weight < 1 or weight > 256) return null;
    inline for (names, 0..) |name, i| if (estimator == i) {
        const T = @field(variants, name);
        return .{
            .first = .{ .it = @unionInit(Union, name, .{ .weight = weight }) },
            .frame_load = T.frame_load,
            .overload = T.overload,
        };
    };
    return null;
}
