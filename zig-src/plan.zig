//! A plan: which ports, VRs and VRIs are in use, and who serves what. Built whole by the control
//! thread from the bytes that TypeScript wrote, then handed to the dispatcher, which never changes
//! its memory but for the VRs' lists of running VRIs.
const std = @import("std");
const abi = @import("abi.zig");
const classifier = @import("classifier.zig");
const mailbox = @import("mailbox.zig");
const Port = @import("port.zig").Port;
const Reason = @import("reason.zig").Reason;
const Vr = @import("vr.zig").Vr;
const Vri = @import("vri_adapter.zig").Vri;

pub const VrEntry = struct {
    vr: *Vr,
    permitted: [4]u64,
    running: []*Vri,
    loads: []u32,
    /// Room for all VRIs of the VR; `running` and `loads` are the beginning of it.
    all: []*Vri,
    all_loads: []u32,
    leaving: bool,
    watch: classifier.Watch,
};
pub const VriEntry = struct {
    vri: *Vri,
    state: abi.VriState,
    idle: abi.Idle,
    share: u32,
    decided_ns: u64,
    pid: i32,
};

/// Who serves what, of one plan or of several after each other: its tables are a megabyte that need
/// not be filled anew where only VRIs change. Used by the control thread only.
const Territory = struct {
    memory: std.heap.ArenaAllocator,
    plans: u32 = 1, // that hold it
    /// The bytes that it was made of.
    vrs: []const u32,
    served: []const abi.PlanPrefix,
    local: []const abi.PlanPrefix,
    checked_served: []const abi.PlanPrefix, // with `vr` as an index into `vrs`
    checked_local: []const abi.PlanPrefix,
    classifier: classifier.Classifier,

    fn make(gpa: std.mem.Allocator, input: *const Input, reason: *Reason) Error!*Territory {
        const t = try gpa.create(Territory);
        errdefer gpa.destroy(t);
        t.* = .{
            .memory = .init(gpa),
            .vrs = undefined,
            .served = undefined,
            .local = undefined,
            .checked_served = undefined,
            .checked_local = undefined,
            .classifier = undefined,
        };
        errdefer t.memory.deinit();
        const memory = t.memory.allocator();
        const vrs = try memory.alloc(u32, input.vrs.len);
        for (vrs, input.vrs) |*number, *vr| number.* = vr.vr;
        t.vrs = vrs;
        t.served = try copied(memory, input.served);
        t.local = try copied(memory, input.local);
        t.checked_served = try checkedPrefixes(memory, input.served, input.vrs, reason);
        t.checked_local = try checkedPrefixes(memory, input.local, null, reason);
        t.classifier = try .build(memory, t.checked_served, t.checked_local, &.{});
        return t;
    }

    fn copied(
        memory: std.mem.Allocator,
        prefixes: []align(1) const abi.PlanPrefix,
    ) ![]abi.PlanPrefix {
        const copy = try memory.alloc(abi.PlanPrefix, prefixes.len);
        for (copy, prefixes) |*to, *from| to.* = from.*;
        return copy;
    }

    fn fits(t: *const Territory, input: *const Input) bool {
        if (t.vrs.len != input.vrs.len) return false;
        for (t.vrs, input.vrs) |number, *vr| if (number != vr.vr) return false;
        return same(t.served, input.served) and same(t.local, input.local);
    }

    fn same(a: []const abi.PlanPrefix, b: []align(1) const abi.PlanPrefix) bool {
        return std.mem.eql(u8, std.mem.sliceAsBytes(a), std.mem.sliceAsBytes(b));
    }

    fn letGo(t: *Territory) void {
        t.plans -= 1;
        if (t.plans != 0) return;
        const gpa = t.memory.child_allocator;
        t.memory.deinit();
        gpa.destroy(t);
    }
};

pub const Plan = struct {
    generation: u64 = 0,
    memory: std.heap.ArenaAllocator,
    territory: ?*Territory = null,
    ports: []*Port = &.{},
    by_number: [256]?*Port = @splat(null),
    vrs: []VrEntry = &.{},
    vris: []VriEntry = &.{},
    vri_by_number: []?*Vri = &.{},
    classifier: classifier.Classifier = undefined,
    served: classifier.Served = .{},

    pub fn destroy(p: *Plan) void {
        if (p.territory) |t| t.letGo();
        const gpa = p.memory.child_allocator;
        p.memory.deinit();
        gpa.destroy(p);
    }
};

/// What exists, by number: the control thread's tables.
pub const Tables = struct {
    ports: [abi.max_ports]?*Port = @splat(null),
    vrs: [abi.max_vrs]?*Vr = @splat(null),
    vris: [abi.max_vris]?*Vri = @splat(null),
};

const Input = struct {
    header: *align(1) const abi.PlanHeader,
    ports: []align(1) const abi.PlanPort,
    vrs: []align(1) const abi.PlanVr,
    vris: []align(1) const abi.PlanVri,
    served: []align(1) const abi.PlanPrefix,
    local: []align(1) const abi.PlanPrefix,
};

fn parse(bytes: []const u8, reason: *Reason) error{Failed}!Input {
    const short = "plan: its size doesn't match its header";
    if (bytes.len < @sizeOf(abi.PlanHeader)) return reason.fail(.INVAL, short, .{});
    const header: *align(1) const abi.PlanHeader = @ptrCast(bytes.ptr);
    var rest = bytes[@sizeOf(abi.PlanHeader)..];
    const input: Input = .{
        .header = header,
        .ports = slice(
            abi.PlanPort,
            &rest,
            header.ports,
        ) orelse return reason.fail(.INVAL, short, .{}),
        .vrs = slice(abi.PlanVr, &rest, header.vrs) orelse return reason.fail(.INVAL, short, .{}),
        .vris = slice(
            abi.PlanVri,
            &rest,
            header.vris,
        ) orelse return reason.fail(.INVAL, short, .{}),
        .served = slice(
            abi.PlanPrefix,
            &rest,
            header.served,
        ) orelse return reason.fail(.INVAL, short, .{}),
        .local = slice(
            abi.PlanPrefix,
            &rest,
            header.local,
        ) orelse return reason.fail(.INVAL, short, .{}),
    };
    if (rest.len != 0) return reason.fail(.INVAL, short, .{});
    return input;
}

fn slice(comptime T: type, rest: *[]const u8, count: u32) ?[]align(1) const T {
    const bytes = @as(usize, count) * @sizeOf(T);
    if (bytes > rest.len) return null;
    defer rest.* = rest.*[bytes..];
    return std.mem.bytesAsSlice(T, rest.*[0..bytes]);
}

pub const Error = error{ Failed, OutOfMemory };

/// What is announced: a standby runs, or one that runs leaves.
pub fn isAnnounced(from: abi.VriState, to: abi.VriState) bool {
    return (from == .attaching and to == .running) or (from == .running and to == .draining);
}

/// Which VRIs change between standby, running and leaving by these bytes, for the dispatcher to
/// know before the plan is built (`announced.zig`). Null where that is too many, or nothing.
pub fn changes(
    bytes: []const u8,
    tables: *const Tables,
    into: *[mailbox.changes_max]mailbox.Change,
    reason: *Reason,
) error{Failed}!?[]const mailbox.Change {
    const input = try parse(bytes, reason);
    var count: usize = 0;
    for (input.vris) |p| {
        const vri = (if (p.vri < abi.max_vris) tables.vris[p.vri] else null) orelse continue;
        const state = std.enums.fromInt(abi.VriState, p.state) orelse continue; // refused later
        if (!isAnnounced(vri.told, state)) continue;
        if (count == into.len) return null;
        into[count] = .{ .vri = p.vri, .state = state, .decided_ns = p.decided_ns };
        count += 1;
    }
    return if (count == 0) null else into[0..count];
}

/// Builds a plan, to follow `last`; the reason says what is wrong with its bytes.
pub fn build(
    gpa: std.mem.Allocator,
    bytes: []const u8,
    tables: *const Tables,
    last: ?*const Plan,
    reason: *Reason,
) Error!*Plan {
    const input = try parse(bytes, reason);
    const plan = try gpa.create(Plan);
    plan.* = .{ .memory = .init(gpa) };
    errdefer plan.destroy();
    const memory = plan.memory.allocator();
    try buildPorts(plan, memory, input.ports, tables, reason);
    try buildVrs(plan, memory, input, tables, reason);
    plan.vris = try memory.alloc(VriEntry, input.vris.len);
    const shared_by = sharers(input.vris, tables);
    for (plan.vris, input.vris) |*entry, p| {
        const vri = tables.vris[p.vri].?; // checked by buildVrs
        const state: abi.VriState = @enumFromInt(p.state);
        if (state == .running and vri.told == .attaching) vri.rouse();
        vri.told = state;
        entry.* = .{
            .vri = vri,
            .state = state,
            .idle = p.idle,
            .share = vri.vr.pool.shareOf(shared_by[vri.vr.number]),
            .decided_ns = p.decided_ns,
            .pid = p.pid,
        };
    }
    plan.vri_by_number = try memory.alloc(?*Vri, abi.max_vris);
    @memset(plan.vri_by_number, null);
    for (plan.vris) |*entry| plan.vri_by_number[entry.vri.number] = entry.vri;
    const watches = try memory.alloc(classifier.Watch, plan.vrs.len);
    for (watches, plan.vrs) |*watch, vr| watch.* = vr.watch;
    const known = if (last) |it| it.territory else null;
    if (known != null and known.?.fits(&input)) {
        known.?.plans += 1;
        plan.territory = known;
    } else plan.territory = try .make(gpa, &input, reason);
    plan.classifier = plan.territory.?.classifier.watchedBy(watches);
    const promiscuous = try memory.alloc([4]u64, watches.len);
    for (promiscuous, watches) |*ports, watch|
        ports.* = if (watch.wants & abi.wants_promiscuous != 0) watch.ports else @splat(0);
    plan.served = .{
        .served = plan.territory.?.checked_served,
        .local = plan.territory.?.checked_local,
        .watches = promiscuous,
    };
    return plan;
}

/// VRIs of each VR that may hold frames: among them its slots are shared. One that waits for its
/// first plan as `running` holds none.
fn sharers(vris: []align(1) const abi.PlanVri, tables: *const Tables) [abi.max_vrs]u16 {
    var counts: [abi.max_vrs]u16 = @splat(0);
    for (vris) |p| switch (@as(abi.VriState, @enumFromInt(p.state))) {
        .running, .draining => counts[tables.vris[p.vri].?.vr.number] += 1,
        .attaching, .dead => {},
    };
    return counts;
}

fn buildPorts(
    plan: *Plan,
    memory: std.mem.Allocator,
    ports: []align(1) const abi.PlanPort,
    tables: *const Tables,
    reason: *Reason,
) Error!void {
    plan.ports = try memory.alloc(*Port, ports.len);
    for (plan.ports, ports) |*into, p| {
        const port = if (p.port < abi.max_ports) tables.ports[p.port] else null;
        into.* = port orelse return reason.fail(.INVAL, "plan: port {d} is not open", .{p.port});
        plan.by_number[p.port] = into.*;
    }
    for (plan.ports, ports) |port, p| {
        port.setPromiscuous(p.promiscuous != 0);
        var tags: [abi.max_ports]u16 = undefined;
        var count: usize = 0;
        for (plan.ports) |other| if (other.config.ifindex == port.config.ifindex and
            other.config.vlan != abi.no_vlan)
        {
            tags[count] = other.config.vlan;
            count += 1;
        };
        port.setForeignTags(tags[0..count]);
    }
}

/// How many VRIs a VR has in the plan, whatever they do.
fn countOf(vris: []align(1) const abi.PlanVri, tables: *const Tables, vr: u32) usize {
    var count: usize = 0;
    for (vris) |v| if (v.vri < abi.max_vris) if (tables.vris[v.vri]) |known| {
        if (known.vr.number == vr) count += 1;
    };
    return count;
}

fn buildVrs(
    plan: *Plan,
    memory: std.mem.Allocator,
    input: Input,
    tables: *const Tables,
    reason: *Reason,
) Error!void {
    plan.vrs = try memory.alloc(VrEntry, input.vrs.len);
    for (plan.vrs, input.vrs) |*into, p| {
        const vr = if (p.vr < abi.max_vrs) tables.vrs[p.vr] else null;
        const all = try memory.alloc(*Vri, countOf(input.vris, tables, p.vr));
        const all_loads = try memory.alloc(u32, all.len);
        var running: std.ArrayList(*Vri) = .initBuffer(all);
        var leaving = false;
        for (input.vris) |v| {
            const vri = if (v.vri < abi.max_vris) tables.vris[v.vri] else null;
            const known = vri orelse return reason.fail(
                .INVAL,
                "plan: VRI {d} does not exist",
                .{v.vri},
            );
            if (v.state > @intFromEnum(abi.VriState.dead))
                return reason.fail(
                    .INVAL,
                    "plan: VRI {d} has no such state: {d}",
                    .{ v.vri, v.state },
                );
            if (known.vr.number != p.vr) continue;
            switch (@as(abi.VriState, @enumFromInt(v.state))) {
                .running => running.appendAssumeCapacity(known),
                .draining => leaving = true,
                .attaching, .dead => {},
            }
        }
        into.* = .{
            .vr = vr orelse return reason.fail(.INVAL, "plan: VR {d} does not exist", .{p.vr}),
            .permitted = p.permitted_ports,
            .running = running.items,
            .loads = all_loads[0..running.items.len],
            .all = all,
            .all_loads = all_loads,
            .leaving = leaving,
            .watch = .{ .wants = p.wants, .ports = p.wanted_ports },
        };
    }
    for (input.vris) |v| {
        const vri = tables.vris[v.vri] orelse return reason.fail(
            .INVAL,
            "plan: VRI {d} does not exist",
            .{v.vri},
        );
        for (input.vrs) |p| {
            if (p.vr == vri.vr.number) break;
        } else return reason.fail(
            .INVAL,
            "plan: VRI {d} without its VR {d}",
            .{ v.vri, vri.vr.number },
        );
    }
}

/// The prefixes with `vr` as an index into the plan's VRs (`vrs` null: not looked at).
fn checkedPrefixes(
    memory: std.mem.Allocator,
    prefixes: []align(1) const abi.PlanPrefix,
    vrs: ?[]align(1) const abi.PlanVr,
    reason: *Reason,
) Error![]abi.PlanPrefix {
    const out = try memory.alloc(abi.PlanPrefix, prefixes.len);
    for (out, prefixes) |*into, p| {
        into.* = p;
        const bits: u8 = if (p.family == 4) 32 else 128;
        if ((p.family != 4 and p.family != 6) or p.length > bits)
            return reason.fail(
                .INVAL,
                "plan: a prefix of family {d} and length {d}",
                .{ p.family, p.length },
            );
        into.vr = 0;
        const list = vrs orelse continue;
        for (list, 0..) |vr, i| {
            if (vr.vr == p.vr) {
                into.vr = @intCast(i);
                break;
            }
        } else return reason.fail(.INVAL, "plan: a prefix of VR {d}, which is not in it", .{p.vr});
    }
    return out;
}
