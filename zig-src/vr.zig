//! A VR as the dispatcher knows it: its arena, its balancer, its VRIs that run, its counters.
const std = @import("std");
const abi = @import("abi.zig");
const balancer = @import("balancer/registry.zig");
const FramePool = @import("frame_pool.zig").FramePool;
const Vri = @import("vri_adapter.zig").Vri;

pub const Vr = struct {
    number: u32,
    pool: FramePool,
    balancer: balancer.Balancer,
    counters: abi.VrCounters = .{},
    permitted: [4]u64 = @splat(0),
    /// VRIs that take frames, and their loads; memory of the plan in force.
    running: []*Vri = &.{},
    loads: []u32 = &.{},

    /// The VRI for the next frame, null when none runs.
    pub fn choose(vr: *Vr) ?*Vri {
        switch (vr.running.len) {
            0 => return null,
            1 => return vr.running[0],
            else => {
                const index = balancer.choose(&vr.balancer, vr.loads);
                vr.loads[index] += 256; // until the queue is looked at again
                return vr.running[index];
            },
        }
    }

    /// Takes the loads from the VRIs' estimates.
    pub fn refreshLoads(vr: *Vr) void {
        for (vr.loads, vr.running) |*load, vri| load.* = vri.estimator.load;
    }

    /// Takes a VRI out of those that run, because it broke the rules.
    pub fn withdraw(vr: *Vr, vri: *Vri) void {
        const index = std.mem.indexOfScalar(*Vri, vr.running, vri) orelse return;
        const last = vr.running.len - 1;
        vr.running[index] = vr.running[last];
        vr.running = vr.running[0..last];
        vr.loads = vr.loads[0..last];
    }
};

pub fn create(gpa: std.mem.Allocator, config: *const abi.VrConfig) !*Vr {
    const vr = try gpa.create(Vr);
    errdefer gpa.destroy(vr);
    vr.* = .{
        .number = config.vr,
        .pool = try .init(gpa, config.slot_bytes, config.slot_count),
        .balancer = balancer.make(config.balancer).?, // checked by the caller
    };
    return vr;
}

pub fn destroy(gpa: std.mem.Allocator, vr: *Vr) void {
    vr.pool.deinit(gpa);
    gpa.destroy(vr);
}
