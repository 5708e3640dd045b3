//! What the control thread hands over to the dispatchers: whole plans, and ahead of them who runs
//! or leaves from now on.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const affinity = @import("affinity.zig");
const mailbox = @import("mailbox.zig");
const plans = @import("plan.zig");
const units = @import("units.zig");
const vri_adapter = @import("vri_adapter.zig");
const Plan = plans.Plan;

const refuse = units.refuse;

pub fn plan(bytes: []const u8) i32 {
    if (!units.running) return refuse(.INVAL, "the dispatcher does not run", .{});
    if (units.inUse()) return refuse(.AGAIN, "the last plan is not yet adopted", .{});
    announceNews(bytes) catch return units.failed();
    // Each has taken `newest`, so the pass in which it took `previous` is over: no need to wait for
    // it, which would cost an allocation more time than all else.
    for (units.all()) |*unit| {
        if (unit.retired) |p| p.destroy();
        unit.retired = null;
    }
    var made: [abi.max_dispatchers]*Plan = undefined;
    for (units.all(), 0..) |*unit, i| made[i] = unit.build(bytes) catch |e| {
        for (made[0..i]) |before| before.destroy();
        if (e == error.OutOfMemory) return refuse(.NOMEM, "no memory for the plan", .{});
        return units.failed();
    };
    narrow(made[0]) catch {
        for (made[0..units.count]) |it| it.destroy();
        return units.failed();
    };
    units.generation += 1;
    for (units.all(), made[0..units.count]) |*unit, it| unit.hand(it);
    for (units.all()) |*unit| unit.d.sleeper.wake();
    widen(made[0]);
    return @intCast(units.generation & 0x7fff_ffff);
}

/// Who runs from now on, or leaves, ahead of the plan that says so: that takes longer to build than
/// all else of an allocation.
pub fn announce(given: []const abi.Announcement) i32 {
    if (!units.running) return refuse(.INVAL, "the dispatcher does not run", .{});
    if (given.len == 0) return 0;
    if (given.len > mailbox.changes_max)
        return refuse(.MSGSIZE, "{d} changes at once are too many", .{given.len});
    // An older plan must not come after it.
    if (units.inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    for (units.all()) |*unit| if (unit.d.mail.announces())
        return refuse(.AGAIN, "the last changes are not yet made", .{});
    var memory: [mailbox.changes_max]mailbox.Change = undefined;
    const changes = memory[0..given.len];
    for (changes, given) |*change, it| {
        const vri = (if (it.vri < abi.max_vris) units.list[0].tables.vris[it.vri] else null) orelse
            return refuse(.INVAL, "VRI {d} does not exist", .{it.vri});
        const state = std.enums.fromInt(abi.VriState, it.state) orelse .dead;
        if (state != .running and state != .draining)
            return refuse(.INVAL, "VRI {d}: state {d} is not announced", .{ it.vri, it.state });
        // Its state may have changed since, in a plan that couldn't be handed over yet.
        if (!plans.isAnnounced(vri.told, state))
            return refuse(.AGAIN, "VRI {d} is {t} by the last plan", .{ it.vri, vri.told });
        change.* = .{ .vri = it.vri, .state = state, .decided_ns = it.decided_ns };
    }
    var in_the_way = false;
    for (units.all(), 0..) |*unit, i| in_the_way = tell(unit, i, changes) or in_the_way;
    giveWay(in_the_way);
    return 0;
}

/// What of it is new in a plan: it was not announced by itself.
fn announceNews(bytes: []const u8) error{Failed}!void {
    var memory: [mailbox.changes_max]mailbox.Change = undefined;
    var in_the_way = false;
    for (units.all(), 0..) |*unit, i| {
        const changes = try plans.changes(bytes, &unit.tables, &memory, &units.reason);
        if (changes) |found| in_the_way = tell(unit, i, found) or in_the_way;
    }
    giveWay(in_the_way);
}

/// Standbys are woken ahead of their first frames, and by us: a wake-up takes the dispatcher longer
/// than all else of an allocation where it is a virtual machine's. Returns whether a VRI with its
/// first frames, or its last ones, to serve has its core where we are.
fn tell(unit: *units.Unit, index: usize, changes: []const mailbox.Change) bool {
    const first = index == 0;
    for (changes) |*change| if (first and change.state == .running)
        unit.tables.vris[change.vri].?.promiseWake(); // the caller has looked
    const announced = unit.d.mail.announce(changes);
    if (announced) unit.d.sleeper.wake();
    var in_the_way = false;
    for (changes) |*change| {
        const vri = unit.tables.vris[change.vri].?;
        if (announced) vri.told = change.state;
        if (first and change.state == .running) vri.keepPromise();
        if (first and isHere(vri)) in_the_way = true;
    }
    return in_the_way;
}

/// About two microseconds.
const looks_before_nap = 64;

/// A dispatcher that has not taken by now what was announced most likely waits for the core that we
/// are on. It gets it, as a VRI does that is known to: what we have left to do takes a hundred
/// times as long as the change.
fn giveWay(in_the_way: bool) void {
    if (in_the_way) return nap();
    for (units.all()) |*unit| {
        for (0..looks_before_nap) |_| {
            if (!unit.d.mail.announces()) break;
            std.atomic.spinLoopHint();
        } else return nap();
    }
}

fn nap() void {
    const shortest: linux.timespec = .{ .sec = 0, .nsec = 1 };
    _ = linux.nanosleep(&shortest, null);
}

/// Whether the VRI's process runs on the core that we are on just now.
fn isHere(vri: *const vri_adapter.Vri) bool {
    var here: usize = 0;
    _ = linux.getcpu(&here, null);
    const home = affinity.pinnedTo(.{ .child = vri.processId() });
    return home == .core and home.core == here;
}

/// Adapters that take only what VRs serve: before a plan is in force, what it leaves out. What they
/// took already has to be judged by the plan before: the kernel, whose it would be, has it no more.
/// What one dispatcher's adapter does here is done for all.
fn narrow(made: *const Plan) error{Failed}!void {
    var narrowed = false;
    const ports = &units.list[0].tables.ports;
    for (ports) |entry| if (entry) |port| {
        const named = made.by_number[port.number] != null;
        if (try port.narrow(if (named) &made.served else null, &units.reason)) narrowed = true;
    };
    if (!narrowed) return;
    // A grace period: every run of a program that saw more is over, and its frames are there.
    _ = linux.syscall3(.membarrier, 1, 0, 0); // MEMBARRIER_CMD_GLOBAL
    for (ports) |entry| if (entry) |port| port.settle();
}

/// And what is new in it once the dispatchers have it, within a pass.
fn widen(made: *const Plan) void {
    for (made.ports) |port| {
        if (!port.follows()) continue;
        while (units.inUse()) _ = linux.sched_yield();
        port.widen(&made.served);
    }
}
