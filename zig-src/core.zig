//! The control thread's side of the data plane: makes and unmakes ports, VRs and VRIs, builds
//! plans, starts and stops the dispatcher. Every function is called from one thread, but `wait`.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const affinity = @import("affinity.zig");
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
var tables: plans.Tables = .{};
var dispatcher: ?*dispatch.Dispatcher = null;
var thread: std.Thread = undefined;
var events_memory: ?link.Memory = null;
var snapshot: ?*abi.Snapshot = null;
var generation: u64 = 0;
// The newest plan, the one that it replaces, and the one that that replaced: the dispatcher looks
// at a plan until the end of the pass in which it takes the next.
var newest: ?*Plan = null;
var previous: ?*Plan = null;
var retired: ?*Plan = null;
var notify_fd: i32 = -1;
var wake_fd: i32 = -1;
var event: events.Scratch = .{}; // the latest that was received

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
    if (dispatcher != null) return refuse(.ALREADY, "the dispatcher runs already", .{});
    pinLibrary();
    makeDispatcher(config) catch |e|
        return refuse(
            .NOMEM,
            "cannot start the dispatcher: {t}. Out of memory or descriptors?",
            .{e},
        );
    thread = std.Thread.spawn(.{ .stack_size = 1 << 20 }, runThread, .{dispatcher.?}) catch |e| {
        unmakeDispatcher();
        return refuse(.AGAIN, "cannot start the dispatcher's thread: {t}", .{e});
    };
    // From here, so that a later `move` comes after it. Where it fails the kernel places the
    // dispatcher: slower, not wrong.
    if (config.core >= 0) _ = affinity.move(who(0).?, @intCast(config.core));
    return 0;
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

fn makeDispatcher(config: *const abi.StartConfig) !void {
    if (snapshot == null) snapshot = try std.heap.page_allocator.create(abi.Snapshot);
    // An earlier dispatcher's answers must not pass for this one's.
    snapshot.?.* = std.mem.zeroes(abi.Snapshot);
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
        .config = config.*,
        .sleeper = idle,
        .events = .{
            .producer = .init(memory.ptr, events_capacity),
            .consumer = .init(memory.ptr, events_capacity),
            .notify_fd = notify_fd,
        },
        .snapshots = .{ .memory = snapshot.? },
        .plan = empty,
    };
    traces.totals = &d.totals;
    events_memory = memory.ptr;
    newest = empty;
    dispatcher = d;
}

fn unmakeDispatcher() void {
    const d = dispatcher.?;
    traces.totals = null;
    d.sleeper.deinit();
    gpa.free(events_memory.?[0..control.bytesFor(events_capacity)]);
    for ([_]*?*Plan{ &retired, &previous, &newest }) |it| {
        if (it.*) |p| p.destroy();
        it.* = null;
    }
    gpa.destroy(d);
    dispatcher = null;
}

fn runThread(d: *dispatch.Dispatcher) void {
    _ = linux.prctl(@intFromEnum(linux.PR.SET_NAME), @intFromPtr("lvrm-dispatch"), 0, 0, 0);
    // Signals are for the control thread.
    var all: [16]u32 = @splat(0xffff_ffff);
    _ = linux.syscall4(.rt_sigprocmask, 0, @intFromPtr(&all), 0, 8);
    d.run();
}

/// 0 stands for the dispatcher.
fn who(pid: i32) ?affinity.Who {
    if (pid > 0) return .{ .child = pid };
    return if (pid == 0 and dispatcher != null) .{ .thread = thread.getHandle() } else null;
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
    const it = who(pid) orelse return refuse(.INVAL, "there is no process {d}", .{pid});
    return switch (affinity.pinnedTo(it)) {
        .core => |core| @intCast(core),
        .none => |e| refuse(e, "process {d} is pinned to no core: {t}", .{ pid, e }),
    };
}

pub fn stop() void {
    const d = dispatcher orelse return;
    d.mail.halt();
    d.sleeper.wake();
    thread.join();
    for (&tables.vris) |*entry| if (entry.*) |v| {
        vri_adapter.destroy(gpa, v);
        entry.* = null;
    };
    for (&tables.vrs) |*entry| if (entry.*) |v| {
        vrs.destroy(gpa, v);
        entry.* = null;
    };
    for (&tables.ports) |*entry| if (entry.*) |p| {
        p.deinit();
        gpa.destroy(p);
        entry.* = null;
    };
    unmakeDispatcher();
    wake();
}

pub fn portOpen(config: *const abi.PortConfig) i32 {
    if (config.port >= abi.max_ports or tables.ports[config.port] != null)
        return refuse(.INVAL, "port {d} is in use or out of range", .{config.port});
    const adapter = adapters.open(config, &reason) catch return failed();
    const port = gpa.create(Port) catch return refuse(
        .NOMEM,
        "no memory for port {d}",
        .{config.port},
    );
    port.* = .{ .number = @intCast(config.port), .config = config.*, .adapter = adapter };
    tables.ports[config.port] = port;
    return 0;
}

/// Whether the newest plan, not yet surely adopted, or the one before it names something.
fn inUse() bool {
    return dispatcher != null and dispatcher.?.mail.full();
}

pub fn portClose(number: u32) i32 {
    if (number >= abi.max_ports) return refuse(.INVAL, "port {d} is out of range", .{number});
    const port = tables.ports[number] orelse return 0;
    if (inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (newest) |p| if (p.by_number[number] != null)
        return refuse(.BUSY, "port {d} is in the plan", .{number});
    settle();
    port.deinit();
    gpa.destroy(port);
    tables.ports[number] = null;
    return 0;
}

/// What the port's adapter tells of itself; returns how many bytes.
pub fn portDescribe(number: u32, into: []u8) i32 {
    const port = (if (number < abi.max_ports) tables.ports[number] else null) orelse
        return refuse(.INVAL, "port {d} is not open", .{number});
    var writer: std.Io.Writer = .fixed(into);
    port.describe(&writer) catch {}; // too long: its beginning will do
    return @intCast(writer.end);
}

/// Waits until the dispatcher has passed the end of the pass in which it took the newest plan.
fn settle() void {
    const d = dispatcher orelse return;
    const passes = @atomicLoad(u64, &d.totals.passes, .acquire);
    d.sleeper.wake();
    while (@atomicLoad(u64, &d.totals.passes, .acquire) == passes) _ = linux.sched_yield();
}

pub fn adapterAvailable(adapter: u32) i32 {
    return if (adapters.available(adapter, &reason)) 0 else failed();
}

pub fn vrCreate(config: *const abi.VrConfig) i32 {
    if (config.vr >= abi.max_vrs or tables.vrs[config.vr] != null)
        return refuse(.INVAL, "VR {d} is in use or out of range", .{config.vr});
    if (config.slot_bytes != abi.slot_bytes and config.slot_bytes != abi.jumbo_slot_bytes)
        return refuse(
            .INVAL,
            "a slot has {d} or {d} bytes, not {d}",
            .{ abi.slot_bytes, abi.jumbo_slot_bytes, config.slot_bytes },
        );
    const slots = @as(u64, config.slot_count) + config.resident_count;
    if (config.slot_count < 64 or slots > abi.max_slots)
        return refuse(.INVAL, "an arena has 64 to {d} slots, not {d}", .{ abi.max_slots, slots });
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
    tables.vrs[config.vr] = vrs.create(gpa, config) catch |e|
        return refuse(
            if (e == error.NoSpace) .NOSPC else .NOMEM,
            "cannot make the arena of a VR ({d} slots of {d} bytes): {t}. See `ipcs -l` " ++
                "for the limits of shared memory",
            .{ slots, config.slot_bytes, e },
        );
    return 0;
}

pub fn vrDestroy(number: u32) i32 {
    if (number >= abi.max_vrs) return refuse(.INVAL, "VR {d} is out of range", .{number});
    const vr = tables.vrs[number] orelse return 0;
    if (inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (newest) |p| for (p.vrs) |*entry| if (entry.vr == vr)
        return refuse(.BUSY, "VR {d} is in the plan", .{number});
    for (tables.vris) |entry| if (entry) |v| if (v.vr == vr)
        return refuse(.BUSY, "VR {d} still has VRIs", .{number});
    settle();
    vrs.destroy(gpa, vr);
    tables.vrs[number] = null;
    return 0;
}

pub fn vriCreate(config: *const abi.VriConfig, created: *abi.VriCreated) i32 {
    if (config.vri >= abi.max_vris or tables.vris[config.vri] != null)
        return refuse(.INVAL, "VRI {d} is in use or out of range", .{config.vri});
    const vr = (if (config.vr < abi.max_vrs) tables.vrs[config.vr] else null) orelse
        return refuse(.INVAL, "VR {d} does not exist", .{config.vr});
    if (link.refuse(config)) |why| return refuse(.INVAL, "{s}", .{why});
    const vri = vri_adapter.create(gpa, config, vr) catch |e|
        return refuse(
            if (e == error.NoSpace) .NOSPC else .NOMEM,
            "cannot make the link of a VRI: {t}. See `ipcs -l` and `ulimit -n`",
            .{e},
        );
    tables.vris[config.vri] = vri;
    created.* = .{ .link_shmid = vri.segment.id, .wake_fd = vri.wake_fd };
    return 0;
}

pub fn vriDestroy(number: u32) i32 {
    if (number >= abi.max_vris) return refuse(.INVAL, "VRI {d} is out of range", .{number});
    const vri = tables.vris[number] orelse return 0;
    if (inUse()) return refuse(.AGAIN, "a plan is on its way", .{});
    if (newest) |p| for (p.vris) |*entry| if (entry.vri == vri)
        return refuse(.BUSY, "VRI {d} is in the plan", .{number});
    settle();
    vri_adapter.destroy(gpa, vri);
    tables.vris[number] = null;
    return 0;
}

pub fn vriInherit(number: u32, inherit: bool) i32 {
    const vri = (if (number < abi.max_vris) tables.vris[number] else null) orelse
        return refuse(.INVAL, "VRI {d} does not exist", .{number});
    _ = linux.fcntl(vri.wake_fd, linux.F.SETFD, if (inherit) 0 else linux.FD_CLOEXEC);
    return 0;
}

pub fn plan(bytes: []const u8) i32 {
    const d = dispatcher orelse return refuse(.INVAL, "the dispatcher does not run", .{});
    if (d.mail.full()) return refuse(.AGAIN, "the last plan is not yet adopted", .{});
    announce(d, bytes) catch return failed();
    // The dispatcher has taken `newest`, so the pass in which it took `previous` is over: no need
    // to wait for it, which would cost an allocation more time than all else.
    if (retired) |p| p.destroy();
    retired = null;
    const made = plans.build(gpa, bytes, &tables, newest, &reason) catch |e| return switch (e) {
        error.Failed => failed(),
        error.OutOfMemory => refuse(.NOMEM, "no memory for the plan", .{}),
    };
    for (made.ports) |port| port.reside(gpa, made) catch {
        made.destroy();
        return refuse(.NOMEM, "no memory for the frames of port {d}", .{port.number});
    };
    narrow(made) catch {
        made.destroy();
        return failed();
    };
    generation += 1;
    made.generation = generation;
    retired = previous;
    previous = newest;
    newest = made;
    _ = d.mail.put(made); // empty, as seen above: only this thread fills it
    d.sleeper.wake();
    widen(d, made);
    return @intCast(generation & 0x7fff_ffff);
}

/// What can't wait until the plan is built: VRIs that run from now on, or leave.
fn announce(d: *dispatch.Dispatcher, bytes: []const u8) error{Failed}!void {
    var memory: [mailbox.changes_max]mailbox.Change = undefined;
    const changes = try plans.changes(bytes, &tables, &memory, &reason) orelse return;
    if (!d.mail.announce(changes)) return;
    d.sleeper.wake();
    for (changes) |*change| {
        const vri = tables.vris[change.vri].?; // as `changes` has seen
        if (change.state == .running) rouse(vri);
        vri.told = change.state;
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
fn narrow(made: *const Plan) error{Failed}!void {
    var narrowed = false;
    for (tables.ports) |entry| if (entry) |port| {
        const named = made.by_number[port.number] != null;
        if (try port.narrow(if (named) &made.served else null, &reason)) narrowed = true;
    };
    if (!narrowed) return;
    // A grace period: every run of a program that saw more is over, and its frames are there.
    _ = linux.syscall3(.membarrier, 1, 0, 0); // MEMBARRIER_CMD_GLOBAL
    for (tables.ports) |entry| if (entry) |port| port.settle();
}

/// And what is new in it once the dispatcher has it, within a pass.
fn widen(d: *dispatch.Dispatcher, made: *const Plan) void {
    for (made.ports) |port| {
        if (!port.follows()) continue;
        while (d.mail.full()) _ = linux.sched_yield();
        port.widen(&made.served);
    }
}

pub fn eventSend(number: u32, kind: u32, payload: []const u8) i32 {
    const vri = (if (number < abi.max_vris) tables.vris[number] else null) orelse
        return refuse(.INVAL, "VRI {d} does not exist", .{number});
    if (payload.len > abi.max_event_bytes or kind > std.math.maxInt(u16))
        return refuse(.MSGSIZE, "a control event has at most {d} bytes", .{abi.max_event_bytes});
    const header: abi.EventHeader = .{
        .bytes = @intCast(payload.len),
        .kind = @intCast(kind),
        .source = 0xffff_ffff,
    };
    if (!vri.outbox.push(header, payload)) return -@as(i32, @intFromEnum(linux.E.AGAIN));
    if (dispatcher) |d| d.sleeper.wake();
    return 0;
}

pub fn eventReceive(buffer: []u8) i32 {
    const d = dispatcher orelse return 0;
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
    const d = dispatcher orelse return 0;
    const number = d.snapshots.ask();
    d.sleeper.wake();
    return number;
}

pub fn snapshotPointer() ?*abi.Snapshot {
    return snapshot;
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
