//! The control thread's side of the data plane: starts and stops the dispatchers, moves threads
//! between cores, and passes on events, traces and snapshots. What they work with is made in
//! `inventory.zig`, what they do is handed over in `handover.zig`. Every function of the three is
//! called from one thread, but `wait`.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const affinity = @import("affinity.zig");
const captures = @import("capture.zig");
const control = @import("ipc_queue/control.zig");
const dispatch = @import("dispatch.zig");
const events = @import("events.zig");
const guest = @import("guest.zig");
const inventory = @import("inventory.zig");
const netlink = @import("netlink.zig");
const plans = @import("plan.zig");
const sleeper = @import("sleeper.zig");
const traces = @import("trace.zig");
const units = @import("units.zig");
const Plan = plans.Plan;

const gpa = units.gpa;
const refuse = units.refuse;

const events_capacity = 1 << 20; // bytes waiting for the control thread

var snapshots: []abi.Snapshot = &.{};
var notify_fd: i32 = -1;
var wake_fd: i32 = -1;
var event: events.Scratch = .{}; // the latest that was received

pub fn start(config: *const abi.StartConfig) i32 {
    if (units.running) return refuse(.ALREADY, "the dispatcher runs already", .{});
    if (config.dispatchers == 0 or config.dispatchers > abi.max_dispatchers)
        return refuse(.INVAL, "there are 1 to {d} dispatchers, not {d}", .{
            abi.max_dispatchers,
            config.dispatchers,
        });
    if (config.dispatchers != units.count and !isEmpty(&units.list[0].tables))
        return refuse(.INVAL, "dispatchers come before all that they have in hand", .{});
    pinLibrary();
    units.count = config.dispatchers;
    for (0..units.count) |i| makeDispatcher(config, i) catch |e| {
        for (0..i) |made| unmakeDispatcher(made);
        return refuse(
            .NOMEM,
            "cannot start the dispatcher: {t}. Out of memory or descriptors?",
            .{e},
        );
    };
    for (units.all(), 0..) |*unit, i| {
        const options: std.Thread.SpawnConfig = .{ .stack_size = 1 << 20 };
        unit.thread = std.Thread.spawn(options, runThread, .{ unit.d, i }) catch |e| {
            halt(i);
            return refuse(.AGAIN, "cannot start the dispatcher's thread: {t}", .{e});
        };
    }
    units.running = true;
    // From here, so that a later `move` comes after it. Where it fails the kernel places the
    // dispatcher: slower, not wrong.
    for (config.cores[0..units.count], 0..) |core, i| {
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
    for (units.list[0..count]) |*unit| {
        unit.d.mail.halt();
        unit.d.sleeper.wake();
    }
    for (units.list[0..count]) |*unit| unit.thread.join();
    var i = units.count;
    while (i > 0) {
        i -= 1;
        inventory.empty(&units.list[i].tables);
        unmakeDispatcher(i);
    }
    units.running = false;
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
    if (snapshots.len < units.count)
        snapshots = try std.heap.page_allocator.alloc(abi.Snapshot, units.count);
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
    const unit = &units.list[number];
    unit.events_memory = memory.ptr;
    unit.newest = empty;
    unit.d = d;
}

fn unmakeDispatcher(number: usize) void {
    const unit = &units.list[number];
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
    if (!units.running or number >= units.count) return null;
    return .{ .thread = units.list[number].thread.getHandle() };
}

pub fn move(pid: i32, core: u32) i32 {
    const it = who(pid) orelse return refuse(.INVAL, "there is no process {d} to move", .{pid});
    // A guest goes home there, not to a core that may be gone.
    if (guestHome(pid)) |home| {
        const before = @atomicLoad(i32, home, .monotonic);
        const after: i32 = @intCast(core);
        if (before != guest.at_home)
            _ = @cmpxchgStrong(i32, home, before, after, .monotonic, .monotonic);
    }
    return switch (affinity.move(it, core)) {
        .SUCCESS => 0,
        .CHILD => refuse(.SRCH, "process {d} has ended", .{pid}),
        else => |e| refuse(e, "cannot move process {d} to core {d} ({t}): this machine doesn't " ++
            "have it, it is offline, or lvrm's cpuset excludes it", .{ pid, core, e }),
    };
}

/// Where the VRI of a process goes back to, should it be a guest.
fn guestHome(pid: i32) ?*i32 {
    const newest = units.list[0].newest orelse return null;
    for (newest.vris) |*entry| if (pid > 0 and entry.pid == pid) return &entry.vri.visit.home;
    return null;
}

pub fn pinnedTo(pid: i32) i32 {
    if (guestHome(pid)) |home| {
        const core = @atomicLoad(i32, home, .monotonic);
        if (core != guest.at_home) return core;
    }
    const it = who(pid) orelse return refuse(.INVAL, "there is no process {d}", .{pid});
    return switch (affinity.pinnedTo(it)) {
        .core => |core| @intCast(core),
        .none => |e| refuse(e, "process {d} is pinned to no core: {t}", .{ pid, e }),
    };
}

pub fn stop() void {
    if (!units.running) return;
    halt(units.count);
    units.count = 1;
    wake();
}

pub fn eventSend(number: u32, kind: u32, payload: []const u8) i32 {
    const vri = (if (number < abi.max_vris) units.list[0].tables.vris[number] else null) orelse
        return refuse(.INVAL, "VRI {d} does not exist", .{number});
    if (payload.len > abi.max_event_bytes or kind > std.math.maxInt(u16))
        return refuse(.MSGSIZE, "a control event has at most {d} bytes", .{abi.max_event_bytes});
    const header: abi.EventHeader = .{
        .bytes = @intCast(payload.len),
        .kind = @intCast(kind),
        .source = 0xffff_ffff,
    };
    if (!vri.outbox.push(header, payload)) return -@as(i32, @intFromEnum(linux.E.AGAIN));
    if (units.running) units.list[0].d.sleeper.wake();
    return 0;
}

pub fn eventReceive(buffer: []u8) i32 {
    if (!units.running) return 0;
    const d = units.list[0].d;
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
    const number = traces.createMix(gpa, specs, &units.reason) catch return units.failed();
    return @intCast(number);
}

pub fn traceAppend(number: u32, bytes: []const u8, original: u32, time_ns: u64) i32 {
    traces.append(number, bytes, original, time_ns, &units.reason) catch return units.failed();
    return 0;
}

pub fn traceDestroy(number: u32) i32 {
    traces.destroy(gpa, number, &units.reason) catch return units.failed();
    return 0;
}

pub fn traceLatency(number: u32, report: *abi.LatencyReport, reset: bool) i32 {
    traces.report(number, report, reset, &units.reason) catch return units.failed();
    return 0;
}

pub fn captureCreate(config: *const abi.CaptureConfig, path: []const u8) i32 {
    const number = captures.create(gpa, config, path, &units.reason) catch return units.failed();
    return @intCast(number);
}

pub fn captureFinish(number: u32, report: *abi.CaptureReport) i32 {
    captures.finish(gpa, number, report, &units.reason) catch return units.failed();
    return 0;
}

pub fn snapshotRequest() u64 {
    if (!units.running) return 0;
    var number: u64 = 0;
    for (units.all()) |*unit| {
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
