//! A VR as the dispatcher knows it: its arena, its VRIs that run, its counters, and which of the
//! VRIs a frame goes to. Each dispatcher has one of its own; only the arena's memory is shared.
//!
//! Flow-based balancing (the default) keeps frames of one flow in order, also while VRIs come and
//! go: a flow changes its VRI only when none of its frames is on the way. While its VRI leaves, the
//! flow's new frames are parked until the earlier ones are back. A VR with one VRI needs none of
//! this and doesn't look at flows at all; when a second one comes, flows that may still have frames
//! at the first stay there until those are back.
const std = @import("std");
const abi = @import("abi.zig");
const balancer = @import("balancer/registry.zig");
const flow = @import("flow.zig");
const frame_pool = @import("frame_pool.zig");
const load_estimator = @import("load_estimator/registry.zig");
const FramePool = frame_pool.FramePool;
const Vri = @import("vri_adapter.zig").Vri;

pub const parked_max = 4096;
/// Of the VR's arrival rates: 20 ms after a change 1/e of it is left, after 100 ms less than 1 %:
/// a decision goes by what arrives now.
const rate_weight = 57;
/// Where a frame goes.
pub const Target = union(enum) { vri: *Vri, park, none };

pub const Vr = struct {
    number: u32,
    serial: u32, // of no other VR of this process, ever
    dispatcher: u32, // whose view this is
    dispatchers: u32,
    pool: FramePool,
    balancer: balancer.Balancer,
    by_frame: bool,
    flows: flow.Table,
    counters: abi.VrCounters = .{},
    estimators: load_estimator.Choice,
    rate: load_estimator.ArrivalRate = .{ .weight = rate_weight },
    rate_bytes: load_estimator.ArrivalRate = .{ .weight = rate_weight },
    rated_frames: u64 = 0, // received frames that `rate` has seen
    rated_bytes: u64 = 0,
    permitted: [4]u64 = @splat(0),
    /// VRIs that take frames, and their loads; memory of the plan in force.
    running: []*Vri = &.{},
    loads: []u32 = &.{},
    stale_loads: bool = false,
    /// VRIs of the plan in force, by number.
    by_number: []const ?*Vri = &.{},
    tracking: bool = false, // flows are looked at
    must_track: bool = false, // more than one VRI, or one that leaves
    /// The only VRI before tracking began, while it holds frames from then.
    legacy: ?*Vri = null,
    parked: []u64, // words of parked frames: a ring
    parked_head: u32 = 0,
    parked_count: u32 = 0,

    /// Puts the plan's VRIs in force.
    pub fn adopt(
        vr: *Vr,
        running: []*Vri,
        loads: []u32,
        by_number: []const ?*Vri,
        leaving: bool,
    ) void {
        const before: ?*Vri = if (vr.running.len == 1) vr.running[0] else null;
        vr.running = running;
        vr.loads = loads;
        vr.by_number = by_number;
        for (running, 0..) |vri, i| vri.position = @intCast(i);
        vr.must_track = !vr.by_frame and (running.len > 1 or leaving);
        if (vr.must_track and !vr.tracking) {
            vr.tracking = true;
            vr.legacy = before;
        }
        vr.refreshLoads();
    }

    /// The VRI for a frame of a VR that doesn't look at flows; null when none runs.
    pub fn choose(vr: *Vr) ?*Vri {
        @setRuntimeSafety(false); // balancers choose among the loads they are given
        switch (vr.running.len) {
            0 => return null,
            1 => return vr.running[0],
            else => {
                const index = balancer.choose(&vr.balancer, vr.loads);
                vr.loads[index] +|= vr.estimators.frame_load; // until the next look
                return vr.running[index];
            },
        }
    }

    /// The place of a frame's flow in the table.
    pub fn flowOf(vr: *Vr, bytes: []const u8, now_ms: u32) u32 {
        const before = vr.flows.shared_flows;
        defer vr.counters.shared_flows += vr.flows.shared_flows - before;
        return vr.flows.find(flow.hash(bytes), now_ms);
    }

    /// Where the next frame of flow `index` goes. `unparking`: it is older than those that are
    /// parked.
    pub fn targetOf(vr: *Vr, index: u32, now_ms: u32, unparking: bool) Target {
        @setRuntimeSafety(false); // `index` is the table's own
        const entry = &vr.flows.entries[index];
        if (vr.running.len == 0) return .none;
        if (entry.parked != 0 and !unparking) return .park;
        // Whatever the table says: any flow may have frames at `legacy` that it doesn't know of.
        if (entry.in_flight == 0) if (vr.legacy) |vri| {
            if (vri.untracked == 0 or vri.reclaimed) {
                vr.legacy = null;
            } else if (vri.runs()) {
                return vr.assign(entry, vri, now_ms);
            } else return .park;
        };
        if (vr.knownOf(entry)) |vri| {
            if (vri.runs()) {
                if (!vr.mayMove(entry, vri, now_ms)) return vr.assign(entry, vri, now_ms);
            } else if (entry.in_flight != 0 and !vri.reclaimed) return .park;
        }
        return vr.assign(entry, vr.choose().?, now_ms); // one runs, as seen above
    }

    /// The VRI that the entry names, if it is still one of this VR: numbers are used again.
    fn knownOf(vr: *const Vr, entry: *const flow.Entry) ?*Vri {
        if (entry.vri_plus_1 == 0) return null;
        const vri = vr.by_number[entry.vri_plus_1 - 1] orelse return null;
        return if (vri.vr == vr) vri else null;
    }

    fn mayMove(vr: *const Vr, entry: *const flow.Entry, vri: *const Vri, now_ms: u32) bool {
        if (entry.in_flight != 0) return false;
        const is_behind = vr.loads[vri.position] > vr.estimators.overload;
        return is_behind or vr.flows.isSilent(entry, now_ms);
    }

    fn assign(_: *Vr, entry: *flow.Entry, vri: *Vri, now_ms: u32) Target {
        @setRuntimeSafety(false);
        entry.vri_plus_1 = @intCast(vri.number + 1);
        entry.seen_ms = now_ms;
        return .{ .vri = vri };
    }

    /// Counts a frame as on its way.
    pub fn depart(vr: *Vr, slot: u32, index: u32) void {
        @setRuntimeSafety(false); // both are the dispatcher's own
        vr.pool.slots[slot].flow = index + frame_pool.first_flow;
        vr.flows.entries[index].in_flight += 1;
    }

    /// A VRI has given a frame back.
    pub inline fn arrive(vr: *Vr, vri: *Vri, slot: u32) void {
        const known = vr.pool.slots[slot].flow;
        if (known == frame_pool.no_flow) return;
        vr.pool.slots[slot].flow = frame_pool.no_flow;
        if (known == frame_pool.untracked) {
            vri.untracked -= 1;
        } else {
            vr.flows.entries[known - frame_pool.first_flow].in_flight -= 1;
        }
    }

    /// Parks a frame; false when too many are.
    pub fn park(vr: *Vr, word: abi.Descriptor, index: u32) bool {
        if (vr.parked_count == parked_max) return false;
        vr.parked[(vr.parked_head +% vr.parked_count) & (parked_max - 1)] = @bitCast(word);
        vr.parked_count += 1;
        vr.pool.slots[word.slot].owner = .parked;
        vr.pool.slots[word.slot].flow = index + frame_pool.first_flow;
        vr.flows.entries[index].parked += 1;
        return true;
    }

    /// The oldest parked frame, still parked.
    pub fn oldestParked(vr: *const Vr) ?abi.Descriptor {
        if (vr.parked_count == 0) return null;
        return @bitCast(vr.parked[vr.parked_head & (parked_max - 1)]);
    }

    pub fn unpark(vr: *Vr, word: abi.Descriptor) void {
        vr.parked_head +%= 1;
        vr.parked_count -= 1;
        vr.flows.entries[vr.parkedFlow(word)].parked -= 1;
        vr.pool.slots[word.slot].flow = frame_pool.no_flow;
    }

    /// The flow of a parked frame.
    pub fn parkedFlow(vr: *const Vr, word: abi.Descriptor) u32 {
        return vr.pool.slots[word.slot].flow - frame_pool.first_flow;
    }

    /// Now and then: stops looking at flows when one VRI holds all that is on the way.
    pub fn rest(vr: *Vr) void {
        vr.pool.collectDisowned();
        if (vr.tracking and !vr.must_track and vr.parked_count == 0) {
            vr.tracking = false;
            vr.legacy = null;
        }
    }

    /// Takes the loads from the VRIs' estimates.
    pub fn refreshLoads(vr: *Vr) void {
        for (vr.loads, vr.running) |*load, vri|
            load.* = if (vri.room() == 0) std.math.maxInt(u32) else vri.estimator.load();
    }

    /// Every few milliseconds: `elapsed_ns` since the last time.
    pub fn tick(vr: *Vr, elapsed_ns: u64) void {
        vr.rate.observe(0, @truncate(vr.counters.received_frames - vr.rated_frames));
        vr.rated_frames = vr.counters.received_frames;
        vr.rate.tick(elapsed_ns, 0);
        vr.counters.arrival_rate_millifps = @intFromFloat(vr.rate.rate_fps * 1000);
        vr.rate_bytes.observe(0, @truncate(vr.counters.received_bytes - vr.rated_bytes));
        vr.rated_bytes = vr.counters.received_bytes;
        vr.rate_bytes.tick(elapsed_ns, 0);
        vr.counters.arrival_rate_bps = @intFromFloat(vr.rate_bytes.rate_fps);
    }

    /// Looks at the loads, after something was handed over. One VRI alone needs no look: there is
    /// nothing to compare.
    pub fn sortOut(vr: *Vr) void {
        if (!vr.stale_loads) return;
        vr.stale_loads = false;
        if (vr.running.len < 2) return;
        for (vr.running) |vri| {
            if (!vri.observed) vri.observe(0);
            vri.observed = false;
        }
        vr.refreshLoads();
    }

    /// Takes a VRI out of those that run, because it broke the rules.
    pub fn withdraw(vr: *Vr, vri: *Vri) void {
        const index = std.mem.indexOfScalar(*Vri, vr.running, vri) orelse return;
        if (!vr.by_frame) { // what it holds must not be overtaken
            if (!vr.tracking) vr.legacy = vri;
            vr.tracking = true;
            vr.must_track = true;
        }
        const last = vr.running.len - 1;
        vr.running[index] = vr.running[last];
        vr.running[index].position = @intCast(index);
        vr.running = vr.running[0..last];
        vr.loads = vr.loads[0..last];
        vr.refreshLoads();
    }
};

var next_serial: u32 = 1; // the control thread's

pub fn create(gpa: std.mem.Allocator, config: *const abi.VrConfig) !*Vr {
    return createFor(gpa, config, 0, 1, null);
}

/// The VR as dispatcher `number` of `dispatchers` knows it; `first`: as the first one does.
pub fn createFor(
    gpa: std.mem.Allocator,
    config: *const abi.VrConfig,
    number: u32,
    dispatchers: u32,
    first: ?*const Vr,
) !*Vr {
    const vr = try gpa.create(Vr);
    errdefer gpa.destroy(vr);
    var flows: flow.Table = try .init(gpa, config.flow_count, config.flow_idle_ms);
    errdefer flows.deinit(gpa);
    const parked = try gpa.alloc(u64, parked_max);
    errdefer gpa.free(parked);
    vr.* = .{
        .number = config.vr,
        .serial = next_serial,
        .dispatcher = number,
        .dispatchers = dispatchers,
        .pool = if (first) |it| try .join(gpa, &it.pool, number) else try .init(
            gpa,
            config.slot_bytes,
            config.slot_count + config.kernel_count,
            config.resident_count,
            config.kernel_count,
            dispatchers,
        ),
        .balancer = balancer.make(config.balancer).?, // checked by the caller
        .by_frame = config.by_frame != 0,
        .flows = flows,
        .estimators = load_estimator.choice(config.load_estimator, config.load_weight).?, // as well
        .parked = parked,
    };
    next_serial += 1;
    vr.counters.arena_pages = @intFromEnum(vr.pool.pages);
    return vr;
}

pub fn destroy(gpa: std.mem.Allocator, vr: *Vr) void {
    vr.pool.deinit(gpa);
    vr.flows.deinit(gpa);
    gpa.free(vr.parked);
    gpa.destroy(vr);
}
