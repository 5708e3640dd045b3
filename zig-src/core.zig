//! The control thread's side of the data plane: makes and unmakes ports, VRs and VRIs, builds
//! plans, starts and stops the dispatchers. Every function is called from one thread, but `wait`.
//!
//! Dispatchers share nothing but the memory of arenas and links: each has a port, a VR, a VRI and a
//! plan of its own for each one that the user sees (`Unit`). What holds for all of them (a plan in
//! force, a port or VRI that nobody uses any more) is asked of all.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const affinity = @import("affinity.zig");
const guest = @import("guest.zig");
const adapters = @import("socket_adapter/registry.zig");
const balancer = @import("balancer/registry.zig");
const captures = @import("capture.zig");
const control = @import("ipc_queue/control.zig");
const dispatch = @import("dispatch.zig");
const events = @import("events.zig");
const link = @import("link.zig");
const mailbox = @import("mailbox.zig");
const load_estimator = @import("load_estimator/registry.zig");
const netlink = @import("netlink.zig");
const plans = @import("plan.zig");
const sleeper = @import("sleeper.zig");
const traces = @import("trace.zig");
const vri_adapter = @import("vri_adapter.zig");
const vrs = @import("vr.zig");
const Plan = plans.Plan;
const Port = @import("port.zig").Port;
const Reason = @import("reason.zig").Reason;

const gpa = std.heap.c_allocator;
const events_capacity = 1 << 20; // bytes waiting for the control thread

var reason: Reason = .{};
/// One dispatcher, and all that is its own.
const Unit = struct {
    d: *dispatch.Dispatcher = undefined,
    thread: std.Thread = undefined,
    events_memory: link.Memory = undefined,
    tables: plans.Tables = .{},
    // The newest plan, the one that it replaces, and the one that that replaced: the dispatcher
    // looks at a plan until the end of the pass in which it takes the next.
    newest: ?*Plan = null,
    previous: ?*Plan = null,
    retired: ?*Plan = null,

    fn build(u: *Unit, bytes: []const u8) plans.Error!*Plan {
        const made = try plans.build(gpa, bytes, &u.tables, u.newest, &reason);
        errdefer made.destroy();
        for (made.ports) |port| try port.reside(gpa, made);
        return made;
    }

    fn hand(u: *Unit, made: *Plan) void {
        made.generation = generation;
        u.retired = u.previous;
        u.previous = u.newest;
        u.newest = made;
        _ = u.d.mail.put(made); // empty, as the caller saw: only this thread fills it
    }
};

var units: [abi.max_dispatchers]Unit = @splat(.{});
/// Dispatchers that there are, or will be.
var unit_count: u32 = 1;
var running = false;
var snapshots: []abi.Snapshot = &.{};
var generation: u64 = 0;
var notify_fd: i32 = -1;
var wake_fd: i32 = -1;
var event: events.Scratch = .{}; // the latest that was received

fn everyUnit() []Unit {
    return units[0..unit_count];
}

fn failed() i32 {
    return -@as(i32, @intFromEnum(reason.errno));
}

fn refuse(errno: linux.E, comptime format: []const u8, values: anytype) i32 {
    reason.fail(errno, format, values) catch {};
    return failed();
}

pub fn lastError(into: []u8) i32 {
    const text = reason.message();
    const count = @min(text.len, into.len);
    @memcpy(into[0..count], text[0..count]);
    return @intCast(count);
}

pub fn start(config: *const abi.StartConfig) i32 {
    if (running) return refuse(.ALREADY, "the dispatcher runs already", .{});
    if (config.dispatchers == 0 or config.dispatchers > abi.max_dispatchers)
        return refuse(.INVAL, "there are 1 to {d} dispatchers, not {d}", .{
            abi.max_dispatchers,
            config.dispatchers,
        });
    if (config.dispatchers != unit_count and !isEmpty(&units[0].tables))
        return refuse(.INVAL, "dispatchers come before all that they have in hand", .{});
    pinLibrary();
    unit_count = config.dispatchers;
    for (0..unit_count) |i| makeDispatcher(config, i) catch |e| {
        for (0..i) |made| unmakeDispatcher(made);
        return refuse(
            .NOMEM,
            "cannot start the dispatcher: {t}. Out of memory or descriptors?",
            .{e},
        );
    };
    for (everyUnit(), 0..) |*unit, i| {
        const options: std.Thread.SpawnConfig = .{ .stack_size = 1 << 20 };
        unit.thread = std.Thread.spawn(options, runThread, .{ unit.d, i }) catch |e| {
            halt(i);
            return refuse(.AGAIN, "cannot start the dispatcher's thread: {t}", .{e});
        };
    }
    running = true;
    // From here, so that a later `move` comes after it. Where it fails the kernel places the
    // dispatcher: slower, not wrong.
    for (config.cores[0..unit_count], 0..) |core, i| {
        if (core >= 0) _ = affinity.move(who(-@as(i32, @intCast(i))).?, @intCast(core));
    }
    return 0;
}

fn isEmpty(tables: *const plans.Tables) bool {
    for (tables.ports) |it| if (it != null) return false;
    for (tables.vrs) |it| if (it != null) return false;
    return true;
}

/// Ends the first `count` dispatchers' threads, and unmakes all of them.
fn halt(count: usize) void {
    for (units[0..count]) |*unit| {
        unit.d.mail.halt();
        unit.d.sleeper.wake();
    }
    for (units[0..count]) |*unit| unit.thread.join();
    var i = unit_count;
    while (i > 0) {
        i -= 1;
        emptyTables(&units[i].tables);
        unmakeDispatcher(i);
    }
    running = false;
}

const Dl = extern struct {
    name: [*:0]const u8,
    base: ?*anyopaque,
    symbol: ?[*:0]const u8,
    address: ?*anyopaque,
};
extern "c" fn dladdr(address: *const anyopaque, info: *Dl) c_int;
extern "c" fn dlopen(name: [*:0]const u8, mode: c_int) ?*anyopaque;

/// Deno unmaps a library at exit, under a running thread: keep it (RTLD_NODELETE).
fn pinLibrary() void {
    var info: Dl = undefined;
    if (dladdr(@ptrCast(&start), &info) != 0) _ = dlopen(info.name, 0x1002);
}

fn eventfd() error{Descriptor}!i32 {
    const rc = linux.eventfd(0, linux.EFD.NONBLOCK | linux.EFD.CLOEXEC);
    return if (linux.errno(rc) == .SUCCESS) @intCast(rc) else error.Descriptor;
}

fn makeDispatcher(config: *const abi.StartConfig, number: usize) !void {
    // They stay as long as this process, for who may still read them.
    if (snapshots.len < unit_count)
        snapshots = try std.heap.page_allocator.alloc(abi.Snapshot, unit_count);
    // An earlier dispatcher's answers must not pass for this one's.
    snapshots[number] = std.mem.zeroes(abi.Snapshot);
    if (notify_fd < 0) notify_fd = try eventfd();
    if (wake_fd < 0) wake_fd = try eventfd();
    const memory = try gpa.alignedAlloc(
        u8,
        .fromByteUnits(abi.cache_line_bytes),
        control.bytesFor(events_capacity),
    );
    errdefer gpa.free(memory);
    @memset(memory[0..@sizeOf(control.Shared)], 0);
    const empty = try gpa.create(Plan);
    errdefer gpa.destroy(empty);
    empty.* = .{ .memory = .init(gpa) };
    empty.classifier = try .build(empty.memory.allocator(), &.{}, &.{}, &.{});
    var idle = sleeper.Sleeper.init() orelse return error.Descriptor;
    errdefer idle.deinit();
    const d = try gpa.create(dispatch.Dispatcher);
    d.* = .{
        .number = @intCast(number),
        .config = config.*,
        .sleeper = idle,
        .events = .{
            .producer = .init(memory.ptr, events_capacity),
            .consumer = .init(memory.ptr, events_capacity),
            .notify_fd = notify_fd,
        },
        .snapshots = .{ .memory = &snapshots[number] },
        .plan = empty,
    };
    traces.totals[number] = &d.totals;
    const unit = &units[number];
    unit.events_memory = memory.ptr;
    unit.newest = empty;
    unit.d = d;
}

fn unmakeDispatcher(number: usize) void {
    const unit = &units[number];
    traces.totals[number] = null;
    unit.d.sleeper.deinit();
    gpa.free(unit.events_memory[0..control.bytesFor(events_capacity)]);
    for ([_]*?*Plan{ &unit.retired, &unit.previous, &unit.newest }) |it| {
        if (it.*) |p| p.destroy();
        it.* = null;
    }
    gpa.destroy(unit.d);
}

fn runThread(d: *dispatch.Dispatcher, number: usize) void {
    var text: [16:0]u8 = undefined;
    const name = std.fmt.bufPrintZ(&text, "lvrm-dispatch{d}", .{number}) catch unreachable; // fits
    const called = if (number == 0) "lvrm-dispatch" else name;
    _ = linux.prctl(@intFromEnum(linux.PR.SET_NAME), @intFromPtr(called.ptr), 0, 0, 0);
    // Signals are for the control thread.
    var all: [16]u32 = @splat(0xffff_ffff);
    _ = linux.syscall4(.rt_sigprocmask, 0, @intFromPtr(&all), 0, 8);
    d.run();
}

/// 0 stands for the dispatcher, -1 for the second one, and so on.
fn who(pid: i32) ?affinity.Who {
    if (pid > 0) return .{ .child = pid };
    const number = @abs(pid);
    if (!running or number >= unit_count) return null;
    return .{ .thread = units[number].thread.getHandle() };
}

pub fn move(pid: i32, core: u32) i32 {
    const it = who(pid) orelse return refuse(.INVAL, "there is no process {d} to move", .{pid});
    return switch (affinity.move(it, core)) {
        .SUCCESS => 0,
        .CHILD => refuse(.SRCH, "process {d} has ended", .{pid}),
        else => |e| refuse(e, "cannot move process {d} to core {d} ({t}): this machine doesn't " ++
            "have it, it is offline, or lvrm's cpuset excludes it", .{ pid, core, e }),
    };
}

pub fn pinnedTo(pid: i32) i32 {
    if (units[0].newest) |it| for (it.vris) |*entry| {
        const home = @atomicLoad(i32, &entry.vri.visit.home, .monotonic);
        if (entry.pid == pid and pid > 0 and home != guest.at_home) return home;
    };
    const it = who(pid) orelse return refuse(.INVAL, "there is no process {d}", .{pid});
    return switch (affinity.pinnedTo(it)) {
        .core => |core| @intCast(core),
        .none => |e| refuse(e, "process {d} is pinned to no core: {t}", .{ pid, e }),
    };
}

pub fn stop() void {
    if (!running) return;
    halt(unit_count);
    unit_count = 1;
    wake();
}

fn emptyTables(tables: *plans.Tables) void {
    for (&tables.vris) |*entry| if (entry.*) |v| {
        vri_adapter.destroy(gpa, v);
        entry.* = null;
    };
    for (&tables.vrs) |*entry| if (entry.*) |v| {
        vrs.destroy(gpa, v);
        entry.* = null;
    };
    for (0..tables.ports.len) |number| closePort(tables, number);
}

fn closePort(tables: *plans.Tables, number: usize) void {
    const port = tables.ports[number] orelse return;
    port.deinit();
    gpa.destroy(port);
    tables.ports[number] = null;
}

pub fn portOpen(config: *const abi.PortConfig) i32 {
    if (config.port >= abi.max_ports or units[0].tables.ports[config.port] != null)
        return refuse(.INVAL, "port {d} is in use or out of range", .{config.port});
    var own = config.*;
    own.dispatchers = unit_count;
    own.fanout = 0;
    for (everyUnit(), 0..) |*unit, i| {
        own.dispatcher = @intCast(i);
        openPort(unit, &own) catch {
            for (units[0..i]) |*before| closePort(&before.tables, config.port);
            return failed();
        };
        if (i == 0) own.fanout = unit.tables.ports[config.port].?.fanout();
    }
    // All at once, when each frame has one dispatcher that will take it.
    for (everyUnit()) |*unit| unit.tables.ports[config.port].?.begin();
    return 0;
}

fn openPort(unit: *Unit, config: *const abi.PortConfig) error{Failed}!void {
    var adapter = try adapters.open(config, &reason);
    const port = gpa.create(Port) catch {
        switch (adapter) {
            inline else => |*a| a.deinit(),
        }
        return reason.fail(.NOMEM, "no memory for port {d}", .{config.port});
    };
    port.* = .{ .number = @intCast(config.port), .config = config.*, .adapter = adapter };
    unit.tables.ports[config.port] = port;
}

/// Whether the newest plan, not yet surely adopted, or the one before it names something.
fn inUse() bool {
    if (!running) return false;
    for (everyUnit()) |*unit| if (unit.d.mail.full()) return true;
    return false;
}

pub fn portClose(number: u32) i32 {
    if (number >= abi.max_ports) return refuse(.INVAL, "port {d} is out of range", .{number});
    if (units[0].tables.ports[number] == null) return 0;
    if (inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (units[0].newest) |p| if (p.by_number[number] != null)
        return refuse(.BUSY, "port {d} is in the plan", .{number});
    settle();
    for (everyUnit()) |*unit| closePort(&unit.tables, number);
    return 0;
}

/// What the port's adapter tells of itself; returns how many bytes.
pub fn portDescribe(number: u32, into: []u8) i32 {
    const port = (if (number < abi.max_ports) units[0].tables.ports[number] else null) orelse
        return refuse(.INVAL, "port {d} is not open", .{number});
    var writer: std.Io.Writer = .fixed(into);
    port.describe(&writer) catch {}; // too long: its beginning will do
    return @intCast(writer.end);
}

/// Waits until each dispatcher has passed the end of the pass in which it took the newest plan.
fn settle() void {
    if (!running) return;
    for (everyUnit()) |*unit| {
        const passes = @atomicLoad(u64, &unit.d.totals.passes, .acquire);
        unit.d.sleeper.wake();
        while (@atomicLoad(u64, &unit.d.totals.passes, .acquire) == passes)
            _ = linux.sched_yield();
    }
}

pub fn adapterAvailable(adapter: u32) i32 {
    return if (adapters.available(adapter, &reason)) 0 else failed();
}

pub fn vrCreate(config: *const abi.VrConfig) i32 {
    if (config.vr >= abi.max_vrs or units[0].tables.vrs[config.vr] != null)
        return refuse(.INVAL, "VR {d} is in use or out of range", .{config.vr});
    if (config.slot_bytes != abi.slot_bytes and config.slot_bytes != abi.jumbo_slot_bytes)
        return refuse(
            .INVAL,
            "a slot has {d} or {d} bytes, not {d}",
            .{ abi.slot_bytes, abi.jumbo_slot_bytes, config.slot_bytes },
        );
    const slots = @as(u64, config.slot_count) * unit_count + config.resident_count;
    if (config.slot_count < 64 or slots > abi.max_slots)
        return refuse(.INVAL, "an arena has 64 to {d} slots, not {d}", .{ abi.max_slots, slots });
    if (config.resident_count != 0 and unit_count > 1)
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
    for (everyUnit(), 0..) |*unit, i| {
        const first = if (i == 0) null else units[0].tables.vrs[config.vr];
        const number: u32 = @intCast(i);
        const made = vrs.createFor(gpa, config, number, unit_count, first);
        unit.tables.vrs[config.vr] = made catch |e| {
            forgetVr(config.vr);
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

/// The first one's goes last: it holds the memory.
fn forgetVr(number: u32) void {
    var i = unit_count;
    while (i > 0) {
        i -= 1;
        const entry = &units[i].tables.vrs[number];
        if (entry.*) |vr| vrs.destroy(gpa, vr);
        entry.* = null;
    }
}

fn forgetVri(number: u32) void {
    var i = unit_count;
    while (i > 0) {
        i -= 1;
        const entry = &units[i].tables.vris[number];
        if (entry.*) |vri| vri_adapter.destroy(gpa, vri);
        entry.* = null;
    }
}

pub fn vrDestroy(number: u32) i32 {
    if (number >= abi.max_vrs) return refuse(.INVAL, "VR {d} is out of range", .{number});
    const vr = units[0].tables.vrs[number] orelse return 0;
    if (inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (units[0].newest) |p| for (p.vrs) |*entry| if (entry.vr == vr)
        return refuse(.BUSY, "VR {d} is in the plan", .{number});
    for (units[0].tables.vris) |entry| if (entry) |v| if (v.vr == vr)
        return refuse(.BUSY, "VR {d} still has VRIs", .{number});
    settle();
    forgetVr(number);
    return 0;
}

pub fn vriCreate(config: *const abi.VriConfig, created: *abi.VriCreated) i32 {
    if (config.vri >= abi.max_vris or units[0].tables.vris[config.vri] != null)
        return refuse(.INVAL, "VRI {d} is in use or out of range", .{config.vri});
    if (config.vr >= abi.max_vrs or units[0].tables.vrs[config.vr] == null)
        return refuse(.INVAL, "VR {d} does not exist", .{config.vr});
    if (link.refuse(config)) |why| return refuse(.INVAL, "{s}", .{why});
    created.* = .{ .link_shmid = -1, .wake_fds = @splat(-1) };
    for (everyUnit(), 0..) |*unit, i| {
        const vr = unit.tables.vrs[config.vr].?; // all have it, or none
        const made = if (i == 0)
            vri_adapter.create(gpa, config, vr)
        else
            vri_adapter.join(gpa, config, vr, units[0].tables.vris[config.vri].?);
        const vri = made catch |e| {
            forgetVri(config.vri);
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
    const vri = units[0].tables.vris[number] orelse return 0;
    if (inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (units[0].newest) |p| for (p.vris) |*entry| if (entry.vri == vri)
        return refuse(.BUSY, "VRI {d} is in the plan", .{number});
    settle();
    forgetVri(number);
    return 0;
}

pub fn vriInherit(number: u32, inherit: bool) i32 {
    if (number >= abi.max_vris or units[0].tables.vris[number] == null)
        return refuse(.INVAL, "VRI {d} does not exist", .{number});
    for (everyUnit()) |*unit| {
        const fd = unit.tables.vris[number].?.wake_fd;
        _ = linux.fcntl(fd, linux.F.SETFD, if (inherit) 0 else linux.FD_CLOEXEC);
    }
    return 0;
}

pub fn plan(bytes: []const u8) i32 {
    if (!running) return refuse(.INVAL, "the dispatcher does not run", .{});
    if (inUse()) return refuse(.AGAIN, "the last plan is not yet adopted", .{});
    announce(bytes) catch return failed();
    // Each has taken `newest`, so the pass in which it took `previous` is over: no need to wait for
    // it, which would cost an allocation more time than all else.
    for (everyUnit()) |*unit| {
        if (unit.retired) |p| p.destroy();
        unit.retired = null;
    }
    var made: [abi.max_dispatchers]*Plan = undefined;
    for (everyUnit(), 0..) |*unit, i| made[i] = unit.build(bytes) catch |e| {
        for (made[0..i]) |before| before.destroy();
        if (e == error.OutOfMemory) return refuse(.NOMEM, "no memory for the plan", .{});
        return failed();
    };
    narrow(made[0]) catch {
        for (made[0..unit_count]) |it| it.destroy();
        return failed();
    };
    generation += 1;
    for (everyUnit(), made[0..unit_count]) |*unit, it| unit.hand(it);
    for (everyUnit()) |*unit| unit.d.sleeper.wake();
    widen(made[0]);
    return @intCast(generation & 0x7fff_ffff);
}

/// What can't wait until the plan is built: VRIs that run from now on, or leave.
fn announce(bytes: []const u8) error{Failed}!void {
    var memory: [mailbox.changes_max]mailbox.Change = undefined;
    for (everyUnit(), 0..) |*unit, i| {
        const found = try plans.changes(bytes, &unit.tables, &memory, &reason);
        const changes = found orelse continue;
        if (!unit.d.mail.announce(changes)) continue;
        unit.d.sleeper.wake();
        for (changes) |*change| {
            const vri = unit.tables.vris[change.vri].?; // as `changes` has seen
            if (change.state == .running and i == 0) rouse(vri);
            vri.told = change.state;
        }
    }
}

/// Wakes a standby ahead of its first frame; but not to compete with us for our own core. There it
/// is woken by its first frame, and runs at once.
fn rouse(vri: *vri_adapter.Vri) void {
    const pid = @atomicLoad(u32, &vri.link.vri_words.pid, .monotonic);
    var here: usize = 0;
    _ = linux.getcpu(&here, null);
    const home = affinity.pinnedTo(.{ .child = @intCast(pid & 0x7fff_ffff) });
    if (home == .core and home.core == here) return;
    vri.rouse();
}

/// Adapters that take only what VRs serve: before a plan is in force, what it leaves out. What they
/// took already has to be judged by the plan before: the kernel, whose it would be, has it no more.
/// What one dispatcher's adapter does here is done for all.
fn narrow(made: *const Plan) error{Failed}!void {
    var narrowed = false;
    const ports = &units[0].tables.ports;
    for (ports) |entry| if (entry) |port| {
        const named = made.by_number[port.number] != null;
        if (try port.narrow(if (named) &made.served else null, &reason)) narrowed = true;
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
        while (inUse()) _ = linux.sched_yield();
        port.widen(&made.served);
    }
}

pub fn eventSend(number: u32, kind: u32, payload: []const u8) i32 {
    const vri = (if (number < abi.max_vris) units[0].tables.vris[number] else null) orelse
        return refuse(.INVAL, "VRI {d} does not exist", .{number});
    if (payload.len > abi.max_event_bytes or kind > std.math.maxInt(u16))
        return refuse(.MSGSIZE, "a control event has at most {d} bytes", .{abi.max_event_bytes});
    const header: abi.EventHeader = .{
        .bytes = @intCast(payload.len),
        .kind = @intCast(kind),
        .source = 0xffff_ffff,
    };
    if (!vri.outbox.push(header, payload)) return -@as(i32, @intFromEnum(linux.E.AGAIN));
    if (running) units[0].d.sleeper.wake();
    return 0;
}

pub fn eventReceive(buffer: []u8) i32 {
    if (!running) return 0;
    const d = units[0].d;
    const header = &event.header;
    const bytes = d.events.consumer.peek(header, &event.payload) orelse return 0;
    const total = @sizeOf(abi.EventHeader) + bytes.len;
    if (buffer.len < total)
        return refuse(
            .MSGSIZE,
            "the buffer holds {d} bytes, the event has {d}",
            .{ buffer.len, total },
        );
    @memcpy(buffer[0..@sizeOf(abi.EventHeader)], std.mem.asBytes(header));
    @memcpy(buffer[@sizeOf(abi.EventHeader)..total], bytes);
    d.events.consumer.take(header.bytes);
    return @intCast(total);
}

pub fn traceCreate(specs: []const abi.TraceSpec) i32 {
    const number = traces.createMix(gpa, specs, &reason) catch return failed();
    return @intCast(number);
}

pub fn traceAppend(number: u32, bytes: []const u8, original: u32, time_ns: u64) i32 {
    traces.append(number, bytes, original, time_ns, &reason) catch return failed();
    return 0;
}

pub fn traceDestroy(number: u32) i32 {
    traces.destroy(gpa, number, &reason) catch return failed();
    return 0;
}

pub fn traceLatency(number: u32, report: *abi.LatencyReport, reset: bool) i32 {
    traces.report(number, report, reset, &reason) catch return failed();
    return 0;
}

pub fn captureCreate(config: *const abi.CaptureConfig, path: []const u8) i32 {
    const number = captures.create(gpa, config, path, &reason) catch return failed();
    return @intCast(number);
}

pub fn captureFinish(number: u32, report: *abi.CaptureReport) i32 {
    captures.finish(gpa, number, report, &reason) catch return failed();
    return 0;
}

pub fn snapshotRequest() u64 {
    if (!running) return 0;
    var number: u64 = 0;
    for (everyUnit()) |*unit| {
        number = unit.d.snapshots.ask();
        unit.d.sleeper.wake();
    }
    return number;
}

/// The first of as many as there are dispatchers.
pub fn snapshotPointer() ?*abi.Snapshot {
    return if (snapshots.len == 0) null else &snapshots[0];
}

pub fn wait(timeout_ms: u32) i32 {
    var fds: [2 + 16]linux.pollfd = undefined;
    var sockets: [16]i32 = undefined;
    const count = netlink.pollable(&sockets);
    fds[0] = .{ .fd = notify_fd, .events = linux.POLL.IN, .revents = 0 };
    fds[1] = .{ .fd = wake_fd, .events = linux.POLL.IN, .revents = 0 };
    for (sockets[0..count], fds[2..][0..count]) |fd, *p|
        p.* = .{ .fd = fd, .events = linux.POLL.IN, .revents = 0 };
    _ = linux.poll(&fds, 2 + count, @intCast(@min(timeout_ms, 1 << 30)));
    var result: i32 = 0;
    for (fds[0 .. 2 + count], 0..) |*p, i| {
        if (p.revents == 0) continue;
        result |= if (i == 0) 1 else if (i == 1) 2 else 4;
        var drained: u64 = 0;
        if (i < 2) _ = linux.read(p.fd, std.mem.asBytes(&drained), 8);
    }
    return result;
}

pub fn wake() void {
    const one: u64 = 1;
    if (wake_fd >= 0) _ = linux.write(wake_fd, std.mem.asBytes(&one), 8);
}
