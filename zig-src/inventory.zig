//! Ports, VRs and VRIs: made, looked at and unmade by the control thread, one for each dispatcher
//! and all or none. What a plan names can't be unmade.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const adapters = @import("socket_adapter/registry.zig");
const balancer = @import("balancer/registry.zig");
const link = @import("link.zig");
const load_estimator = @import("load_estimator/registry.zig");
const plans = @import("plan.zig");
const vri_adapter = @import("vri_adapter.zig");
const vrs = @import("vr.zig");
const units = @import("units.zig");
const Port = @import("port.zig").Port;

const gpa = units.gpa;
const refuse = units.refuse;

/// Ports first: they may have slots of an arena.
pub fn empty(tables: *plans.Tables) void {
    for (0..tables.ports.len) |number| closePort(tables, number);
    for (&tables.vris) |*entry| if (entry.*) |v| {
        vri_adapter.destroy(gpa, v);
        entry.* = null;
    };
    for (&tables.vrs) |*entry| if (entry.*) |v| {
        vrs.destroy(gpa, v);
        entry.* = null;
    };
}

fn closePort(tables: *plans.Tables, number: usize) void {
    const port = tables.ports[number] orelse return;
    port.deinit();
    gpa.destroy(port);
    tables.ports[number] = null;
}

pub fn portOpen(config: *const abi.PortConfig) i32 {
    if (config.port >= abi.max_ports or units.list[0].tables.ports[config.port] != null)
        return refuse(.INVAL, "port {d} is in use or out of range", .{config.port});
    var own = config.*;
    own.dispatchers = units.count;
    own.fanout = 0;
    for (units.all(), 0..) |*unit, i| {
        own.dispatcher = @intCast(i);
        openPort(unit, &own) catch {
            for (units.list[0..i]) |*before| closePort(&before.tables, config.port);
            return units.failed();
        };
        if (i == 0) own.fanout = unit.tables.ports[config.port].?.fanout();
    }
    // All at once, when each frame has one dispatcher that will take it.
    for (units.all()) |*unit| unit.tables.ports[config.port].?.begin();
    return 0;
}

fn openPort(unit: *units.Unit, config: *const abi.PortConfig) error{Failed}!void {
    var adapter = try adapters.open(config, arenaOffer(unit), &units.reason);
    const port = gpa.create(Port) catch {
        switch (adapter) {
            inline else => |*a| a.deinit(),
        }
        return units.reason.fail(.NOMEM, "no memory for port {d}", .{config.port});
    };
    port.* = .{ .number = @intCast(config.port), .config = config.*, .adapter = adapter };
    port.settleIn();
    unit.tables.ports[config.port] = port;
}

/// Where an adapter may let the kernel put its frames: only what one VR alone serves can't be seen
/// by another. VRs are made before ports, and none comes later.
fn arenaOffer(unit: *const units.Unit) adapters.Offer {
    if (units.count > 1) return .{ .none = "there are several dispatchers" };
    var offer: adapters.Offer = .{ .none = "there is no VR" };
    for (unit.tables.vrs) |entry| if (entry) |vr| {
        if (offer == .arena) return .{ .none = "there are several VRs" };
        offer = .{ .arena = &vr.pool };
    };
    return offer;
}

/// Whether some port lets the kernel put frames into an arena.
fn isArenaLent() bool {
    for (units.list[0].tables.ports) |entry| if (entry) |port| if (port.arena != null) return true;
    return false;
}

pub fn portClose(number: u32) i32 {
    if (number >= abi.max_ports) return refuse(.INVAL, "port {d} is out of range", .{number});
    if (units.list[0].tables.ports[number] == null) return 0;
    if (units.inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (units.list[0].newest) |p| if (p.by_number[number] != null)
        return refuse(.BUSY, "port {d} is in the plan", .{number});
    units.settle();
    for (units.all()) |*unit| closePort(&unit.tables, number);
    return 0;
}

/// What the port's adapter tells of itself; returns how many bytes.
pub fn portDescribe(number: u32, into: []u8) i32 {
    const port = (if (number < abi.max_ports) units.list[0].tables.ports[number] else null) orelse
        return refuse(.INVAL, "port {d} is not open", .{number});
    var writer: std.Io.Writer = .fixed(into);
    port.describe(&writer) catch {}; // too long: its beginning will do
    return @intCast(writer.end);
}

pub fn adapterAvailable(adapter: u32) i32 {
    return if (adapters.available(adapter, &units.reason)) 0 else units.failed();
}

pub fn vrCreate(config: *const abi.VrConfig) i32 {
    if (config.vr >= abi.max_vrs or units.list[0].tables.vrs[config.vr] != null)
        return refuse(.INVAL, "VR {d} is in use or out of range", .{config.vr});
    if (config.slot_bytes != abi.slot_bytes and config.slot_bytes != abi.jumbo_slot_bytes)
        return refuse(
            .INVAL,
            "a slot has {d} or {d} bytes, not {d}",
            .{ abi.slot_bytes, abi.jumbo_slot_bytes, config.slot_bytes },
        );
    const each = @as(u64, config.slot_count) + config.kernel_count;
    const slots = each * units.count + config.resident_count;
    if (config.slot_count < 64 or slots > abi.max_slots)
        return refuse(.INVAL, "an arena has 64 to {d} slots, not {d}", .{ abi.max_slots, slots });
    if (isArenaLent())
        return refuse(.BUSY, "a port's frames come into the arena of the only VR: there can be " ++
            "no other while it is open", .{});
    if (config.resident_count != 0 and units.count > 1)
        return refuse(.INVAL, "frames lie in an arena for one dispatcher alone", .{});
    if (balancer.make(config.balancer) == null)
        return refuse(.INVAL, "no balancer has number {d}", .{config.balancer});
    if (load_estimator.choice(config.load_estimator, config.load_weight) == null)
        return refuse(
            .INVAL,
            "no load estimator has number {d}, or no weight is {d}/256",
            .{ config.load_estimator, config.load_weight },
        );
    const flows = config.flow_count;
    if (!std.math.isPowerOfTwo(flows) or flows < 16 or flows > 1 << 22)
        return refuse(.INVAL, "a flow table has a power of two from 16 to 4194304 places", .{});
    if (config.flow_idle_ms == 0 or config.flow_idle_ms > 3_600_000)
        return refuse(.INVAL, "flows are silent for 1 ms to 1 h before they move", .{});
    for (units.all(), 0..) |*unit, i| {
        const first = if (i == 0) null else units.list[0].tables.vrs[config.vr];
        const number: u32 = @intCast(i);
        const made = vrs.createFor(gpa, config, number, units.count, first);
        unit.tables.vrs[config.vr] = made catch |e| {
            forget("vrs", vrs.destroy, config.vr);
            return refuse(
                if (e == error.NoSpace) .NOSPC else .NOMEM,
                "cannot make the arena of a VR ({d} slots of {d} bytes): {t}. See `ipcs -l` " ++
                    "for the limits of shared memory",
                .{ slots, config.slot_bytes, e },
            );
        };
    }
    return 0;
}

/// A VR or VRI of all dispatchers. The first one's goes last: it holds the memory.
fn forget(comptime table: []const u8, comptime destroy: anytype, number: u32) void {
    var i = units.count;
    while (i > 0) {
        i -= 1;
        const entry = &@field(units.list[i].tables, table)[number];
        if (entry.*) |it| destroy(gpa, it);
        entry.* = null;
    }
}

pub fn vrDestroy(number: u32) i32 {
    if (number >= abi.max_vrs) return refuse(.INVAL, "VR {d} is out of range", .{number});
    const vr = units.list[0].tables.vrs[number] orelse return 0;
    if (units.inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (units.list[0].newest) |p| for (p.vrs) |*entry| if (entry.vr == vr)
        return refuse(.BUSY, "VR {d} is in the plan", .{number});
    for (units.list[0].tables.vris) |entry| if (entry) |v| if (v.vr == vr)
        return refuse(.BUSY, "VR {d} still has VRIs", .{number});
    if (isArenaLent()) return refuse(.BUSY, "a port uses the arena of VR {d}", .{number});
    units.settle();
    forget("vrs", vrs.destroy, number);
    return 0;
}

pub fn vriCreate(config: *const abi.VriConfig, created: *abi.VriCreated) i32 {
    if (config.vri >= abi.max_vris or units.list[0].tables.vris[config.vri] != null)
        return refuse(.INVAL, "VRI {d} is in use or out of range", .{config.vri});
    if (config.vr >= abi.max_vrs or units.list[0].tables.vrs[config.vr] == null)
        return refuse(.INVAL, "VR {d} does not exist", .{config.vr});
    if (link.refuse(config)) |why| return refuse(.INVAL, "{s}", .{why});
    created.* = .{ .link_shmid = -1, .wake_fds = @splat(-1) };
    for (units.all(), 0..) |*unit, i| {
        const vr = unit.tables.vrs[config.vr].?; // all have it, or none
        const made = if (i == 0)
            vri_adapter.create(gpa, config, vr)
        else
            vri_adapter.join(gpa, config, vr, units.list[0].tables.vris[config.vri].?);
        const vri = made catch |e| {
            forget("vris", vri_adapter.destroy, config.vri);
            return refuse(
                if (e == error.NoSpace) .NOSPC else .NOMEM,
                "cannot make the link of a VRI: {t}. See `ipcs -l` and `ulimit -n`",
                .{e},
            );
        };
        unit.tables.vris[config.vri] = vri;
        created.wake_fds[i] = vri.wake_fd;
        created.link_shmid = vri.segment.id;
    }
    return 0;
}

pub fn vriDestroy(number: u32) i32 {
    if (number >= abi.max_vris) return refuse(.INVAL, "VRI {d} is out of range", .{number});
    const vri = units.list[0].tables.vris[number] orelse return 0;
    if (units.inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (units.list[0].newest) |p| for (p.vris) |*entry| if (entry.vri == vri)
        return refuse(.BUSY, "VRI {d} is in the plan", .{number});
    units.settle();
    forget("vris", vri_adapter.destroy, number);
    return 0;
}

pub fn vriInherit(number: u32, inherit: bool) i32 {
    if (number >= abi.max_vris or units.list[0].tables.vris[number] == null)
        return refuse(.INVAL, "VRI {d} does not exist", .{number});
    for (units.all()) |*unit| {
        const fd = unit.tables.vris[number].?.wake_fd;
        _ = linux.fcntl(fd, linux.F.SETFD, if (inherit) 0 else linux.FD_CLOEXEC);
    }
    return 0;
}
