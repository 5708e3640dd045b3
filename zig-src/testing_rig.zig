//! For tests: a dispatcher that is stepped by hand, and both sides of real links, in one process.
//! Frames are put in as `ingest.zig` would; VRIs end them by dropping, or by sending them to a port
//! that throws them away (adapter `memory`).
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const control = @import("ipc_queue/control.zig");
const dispatch = @import("dispatch.zig");
const ingest = @import("ingest.zig");
const plans = @import("plan.zig");
const Port = @import("port.zig").Port;
const adapters = @import("socket_adapter/registry.zig");
const traces = @import("trace.zig");
const shm = @import("shm.zig");
const sleeper = @import("sleeper.zig");
const vr_link = @import("vr_link.zig");
const vri_adapter = @import("vri_adapter.zig");
const vrs = @import("vr.zig");
const Reason = @import("reason.zig").Reason;

const gpa = std.testing.allocator;
const events_capacity = 1 << 16;

pub const VrOptions = struct {
    slot_count: u32 = 256,
    resident_count: u32 = 0,
    balancer: u32 = 0,
    by_frame: bool = false,
    dispatchers: u32 = 1,
};

pub const VriOptions = struct {
    queue: u32 = 0,
    queue_capacity: u32 = 256,
    control_capacity: u32 = 8192,
};

pub const Rig = struct {
    d: *dispatch.Dispatcher,
    tables: plans.Tables = .{},
    states: [64]?abi.VriState = @splat(null),
    pids: [64]linux.pid_t = @splat(0),
    links: [64]?*vr_link.VrLink = @splat(null),
    events_memory: []align(abi.cache_line_bytes) u8,
    snapshot: *abi.Snapshot,
    idle: abi.Idle,
    trace: ?u32 = null,
    /// Of all sources, where ports receive.
    served: ?abi.PlanPrefix = null,
    decided_ns: u64 = 1,

    /// `idle` is for dispatcher and VRIs. Never sleeps where `busy_poll`, as all must that step
    /// more than one side on one thread.
    pub fn init(r: *Rig, idle: abi.Idle, busy_poll: bool) !void {
        const bytes = control.bytesFor(events_capacity);
        const memory = try gpa.alignedAlloc(u8, .fromByteUnits(abi.cache_line_bytes), bytes);
        @memset(memory[0..@sizeOf(control.Shared)], 0);
        const empty = try gpa.create(plans.Plan);
        empty.* = .{ .memory = .init(gpa) };
        empty.classifier = try .build(empty.memory.allocator(), &.{}, &.{}, &.{});
        const snapshot = try std.heap.page_allocator.create(abi.Snapshot);
        snapshot.* = std.mem.zeroes(abi.Snapshot);
        const idler = sleeper.Sleeper.init() orelse return error.Descriptor;
        const d = try gpa.create(dispatch.Dispatcher);
        d.* = .{
            .config = .{ .cores = @splat(-1), .idle = idle, .busy_poll = @intFromBool(busy_poll) },
            .sleeper = idler,
            .events = .{
                .producer = .init(memory.ptr, events_capacity),
                .consumer = .init(memory.ptr, events_capacity),
                .notify_fd = idler.wake_fd,
            },
            .snapshots = .{ .memory = snapshot },
            .plan = empty,
        };
        r.* = .{ .d = d, .events_memory = memory, .snapshot = snapshot, .idle = idle };
    }

    /// With one VR, whose one VRI runs.
    pub fn withOne(idle: abi.Idle, busy_poll: bool) !Rig {
        var r: Rig = undefined;
        try r.init(idle, busy_poll);
        errdefer r.deinit();
        try r.addVr(0, .{});
        try r.addVri(0, 0, .{});
        try r.replan();
        return r;
    }

    pub fn deinit(r: *Rig) void {
        for (&r.links, 0..) |l, n| if (l != null) r.detach(@intCast(n));
        for (&r.tables.vris) |entry| if (entry) |v| vri_adapter.destroy(gpa, v);
        for (&r.tables.vrs) |entry| if (entry) |v| vrs.destroy(gpa, v);
        r.d.plan.destroy();
        for (&r.tables.ports) |entry| if (entry) |port| {
            port.deinit();
            gpa.destroy(port);
        };
        var reason: Reason = .{};
        // No port uses it any more.
        if (r.trace) |trace| traces.destroy(gpa, trace, &reason) catch unreachable;
        r.d.sleeper.deinit();
        gpa.destroy(r.d);
        gpa.free(r.events_memory);
        std.heap.page_allocator.destroy(r.snapshot);
    }

    pub fn addVr(r: *Rig, number: u32, options: VrOptions) !void {
        const config = vrConfig(number, options);
        r.tables.vrs[number] = try vrs.createFor(gpa, &config, 0, options.dispatchers, null);
    }

    /// A VR as the second dispatcher has it. This rig is unmade before `first`.
    pub fn joinVr(r: *Rig, first: *Rig, number: u32, options: VrOptions) !void {
        const config = vrConfig(number, options);
        const it = first.vr(number);
        r.tables.vrs[number] = try vrs.createFor(gpa, &config, 1, options.dispatchers, it);
    }

    /// A VRI as the second dispatcher has it.
    pub fn joinVri(r: *Rig, first: *Rig, number: u32, of: u32, options: VriOptions) !void {
        const config = vriConfig(number, of, options);
        const it = first.vri(number);
        r.tables.vris[number] = try vri_adapter.join(gpa, &config, r.vr(of), it);
        r.states[number] = .running;
    }

    fn vrConfig(number: u32, options: VrOptions) abi.VrConfig {
        return .{
            .vr = number,
            .slot_bytes = abi.slot_bytes,
            .slot_count = options.slot_count,
            .resident_count = options.resident_count,
            .balancer = options.balancer,
            .by_frame = @intFromBool(options.by_frame),
            .flow_count = 4096,
            .flow_idle_ms = 500,
            .load_estimator = 0,
            .load_weight = 32,
        };
    }

    fn vriConfig(number: u32, of: u32, options: VriOptions) abi.VriConfig {
        return .{
            .vri = number,
            .vr = of,
            .queue = options.queue,
            .queue_capacity = options.queue_capacity,
            .free_capacity = 64,
            .control_capacity = options.control_capacity,
        };
    }

    /// A port that counts and throws away what is sent by it.
    pub fn addPort(r: *Rig, number: u32) !void {
        var reason: Reason = .{};
        if (r.trace == null) {
            var spec: abi.TraceSpec = std.mem.zeroes(abi.TraceSpec);
            spec.frames = 1;
            spec.size_count = 1;
            spec.sizes[0] = 60;
            spec.flows = 1;
            spec.family = 4;
            spec.sources = 1;
            spec.source_length = 24;
            spec.destinations = 1;
            spec.destination_length = 24;
            r.trace = try traces.create(gpa, &spec, &reason);
        }
        try r.addReplay(number, 0, 0);
    }

    /// A port of the rig's trace, with `trace_flags`, that ends after so many frames.
    pub fn addReplay(r: *Rig, number: u32, flags: u32, frame_limit: u64) !void {
        var reason: Reason = .{};
        var config: abi.PortConfig = std.mem.zeroes(abi.PortConfig);
        config.dispatchers = 1;
        config.port = number;
        config.trace_flags = flags;
        config.frame_limit = frame_limit;
        config.window_frames = 100;
        inline for (adapters.names, 0..) |name, i|
            if (comptime std.mem.eql(u8, name, "memory")) {
                config.adapter = i;
            };
        config.ifindex = number + 1;
        config.vlan = abi.no_vlan;
        config.trace = r.trace.? + 1;
        const port = try gpa.create(Port);
        errdefer gpa.destroy(port);
        const adapter = try adapters.open(&config, .{ .none = "a test" }, &reason);
        port.* = .{ .number = @intCast(number), .config = config, .adapter = adapter };
        r.tables.ports[number] = port;
    }

    pub fn vr(r: *Rig, number: u32) *vrs.Vr {
        return r.tables.vrs[number].?;
    }

    pub fn vri(r: *Rig, number: u32) *vri_adapter.Vri {
        return r.tables.vris[number].?;
    }

    /// The VRI's own side.
    pub fn side(r: *Rig, number: u32) *vr_link.State {
        return r.links[number].?.state();
    }

    /// A VRI that runs once `replan` was called.
    pub fn addVri(r: *Rig, number: u32, of: u32, options: VriOptions) !void {
        const made = try vri_adapter.create(gpa, &vriConfig(number, of, options), r.vr(of));
        r.tables.vris[number] = made;
        r.states[number] = .running;
        var text: [16:0]u8 = undefined;
        _ = try std.fmt.bufPrintZ(&text, "{d}", .{made.segment.id});
        r.links[number] = try vr_link.attach(gpa, &text);
    }

    pub fn detach(r: *Rig, number: u32) void {
        const l = r.links[number].?;
        const header: [*]align(4096) u8 = @ptrCast(@alignCast(l.state().header));
        const arena: [*]align(4096) u8 = @alignCast(l.arena);
        shm.detach(header[0..@sizeOf(abi.Link)]);
        shm.detach(arena[0..4096]);
        vr_link.destroy(gpa, l);
        r.links[number] = null;
    }

    /// What the control plane does with a VRI whose process was reaped.
    pub fn bury(r: *Rig, number: u32) !void {
        r.detach(number);
        r.states[number] = .dead;
        try r.replan();
        r.states[number] = null;
        try r.replan();
        vri_adapter.destroy(gpa, r.vri(number));
        r.tables.vris[number] = null;
    }

    /// Puts the states in force.
    pub fn replan(r: *Rig) !void {
        var bytes: std.ArrayList(u8) = .empty;
        defer bytes.deinit(gpa);
        var header: abi.PlanHeader = .{ .ports = 0, .vrs = 0, .vris = 0, .served = 0, .local = 0 };
        for (r.tables.ports) |entry| header.ports += @intFromBool(entry != null);
        for (r.tables.vrs) |entry| header.vrs += @intFromBool(entry != null);
        for (r.states) |state| header.vris += @intFromBool(state != null);
        header.served = @intFromBool(r.served != null);
        try bytes.appendSlice(gpa, std.mem.asBytes(&header));
        var permitted: [4]u64 = @splat(0);
        for (r.tables.ports, 0..) |entry, number| if (entry != null) {
            permitted[number >> 6] |= @as(u64, 1) << @intCast(number & 63);
            const port: abi.PlanPort = .{ .port = @intCast(number), .promiscuous = 0 };
            try bytes.appendSlice(gpa, std.mem.asBytes(&port));
        };
        for (r.tables.vrs) |entry| if (entry) |it| {
            const plan_vr: abi.PlanVr = .{
                .vr = it.number,
                .wants = 0,
                .wanted_ports = @splat(0),
                .permitted_ports = permitted,
            };
            try bytes.appendSlice(gpa, std.mem.asBytes(&plan_vr));
        };
        for (r.states, 0..) |state, number| if (state) |it| {
            const plan_vri: abi.PlanVri = .{
                .vri = @intCast(number),
                .state = @intFromEnum(it),
                .idle = r.idle,
                .decided_ns = r.decided_ns,
                .pid = r.pids[number],
            };
            try bytes.appendSlice(gpa, std.mem.asBytes(&plan_vri));
        };
        if (r.served) |it| try bytes.appendSlice(gpa, std.mem.asBytes(&it));
        var reason: Reason = .{};
        const plan = try plans.build(gpa, bytes.items, &r.tables, r.d.plan, &reason);
        for (plan.ports) |port| try port.reside(gpa, plan);
        const old = r.d.plan;
        std.debug.assert(r.d.mail.put(plan));
        r.d.pass();
        old.destroy();
    }

    /// A frame for a VR, as if a port had received it: of UDP flow `flow`, 60 bytes.
    pub fn inject(r: *Rig, of: u32, flow: u32) void {
        const it = r.vr(of);
        const d = r.d;
        var bytes: [60]u8 = @splat(0);
        bytes[12] = 8;
        bytes[14] = 0x45;
        bytes[23] = 17;
        std.mem.writeInt(u32, bytes[26..30], flow, .big);
        d.totals.received_frames += 1;
        it.counters.received_frames += 1;
        if (it.running.len == 0) return d.drop(it, .no_vri);
        const slot = it.pool.take() orelse return d.drop(it, .arena_full);
        @memcpy(it.pool.bytes(slot)[abi.headroom_bytes..][0..60], &bytes);
        const word: abi.Descriptor = .{
            .slot = @intCast(slot),
            .length = 60,
            .offset = abi.headroom_bytes / 2,
            .input_port = 0,
            .output = abi.no_port,
        };
        ingest.assign(d, it, word, &bytes, .newest);
    }

    /// Lets a VRI drop up to `most` of the frames that wait for it; returns how many.
    pub fn serve(r: *Rig, number: u32, most: usize) usize {
        var words: [64]u64 = undefined;
        const count = r.side(number).receive(words[0..@min(most, words.len)]);
        for (words[0..count]) |*word| word.* = dropping(word.*);
        _ = r.side(number).send(words[0..count]);
        return count;
    }

    pub fn dropping(word: u64) u64 {
        var it: abi.Descriptor = @bitCast(word);
        it.dropped = true;
        it.output = @intFromEnum(abi.Drop.policy);
        return @bitCast(it);
    }

    /// Counters of this moment.
    pub fn look(r: *Rig) *const abi.Snapshot {
        const number = r.d.snapshots.ask();
        r.d.pass();
        std.debug.assert(r.snapshot.sequence == number);
        return r.snapshot;
    }
};

/// received + originated + replicated = sent + dropped + kept + in flight.
pub fn expectBalance(t: *const abi.Totals) !void {
    try std.testing.expectEqual(
        t.received_frames + t.originated_frames + t.replicated_frames,
        t.sent_frames + t.dropped_frames + t.kept_frames + t.in_flight_frames,
    );
}
