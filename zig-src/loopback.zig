//! `lvrm-loopback`: the dispatcher looped back on itself on one core: frames from memory, through
//! classifier, balancer, arena and queues to a VRI that is this same thread, and back to where they
//! are thrown away. No second core, no cache line that crosses: what remains is the work itself, in
//! the one figure that repeats on a shared machine, and in instructions under
//! `valgrind --tool=callgrind`.
//!
//!     lvrm-loopback [--frames N] [--bytes N] [--vrs N] [--vris N] [--queue NAME]
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const collect = @import("collect.zig");
const control = @import("ipc_queue/control.zig");
const dispatch = @import("dispatch.zig");
const ingest = @import("ingest.zig");
const ipc_queue = @import("ipc_queue/registry.zig");
const plans = @import("plan.zig");
const sleeper = @import("sleeper.zig");
const socket_adapter = @import("socket_adapter/registry.zig");
const traces = @import("trace.zig");
const vr_link = @import("vr_link.zig");
const vri_adapter = @import("vri_adapter.zig");
const vr_module = @import("vr.zig");
const Port = @import("port.zig").Port;
const Reason = @import("reason.zig").Reason;

pub const panic = std.debug.simple_panic;
pub const std_options: std.Options = .{ .enable_segfault_handler = false };

const gpa = std.heap.c_allocator;

const Options = struct {
    frames: u64 = 20_000_000,
    bytes: u16 = 60,
    vrs: u32 = 1,
    vris: u32 = 1, // per VR
    queue: u32 = 0,
};

pub fn main(init: std.process.Init.Minimal) !u8 {
    const options = parse(init.args.vector) orelse {
        const usage = "usage: lvrm-loopback [--frames N] [--bytes 60-1900] [--vrs N] " ++
            "[--vris N] [--queue NAME]\n";
        _ = linux.write(2, usage, usage.len);
        return 2;
    };
    var reason: Reason = .{};
    const rig = build(&options, &reason) catch |e| {
        std.debug.print("lvrm-loopback: {t} {s}\n", .{ e, reason.message() });
        return 1;
    };
    rig.run(options.frames / 10); // warm
    const before_ns = dispatch.monotonicNs();
    const sent = rig.d.totals.sent_frames;
    rig.run(options.frames);
    const frames = rig.d.totals.sent_frames - sent;
    const ns = dispatch.monotonicNs() - before_ns;
    const each = @as(f64, @floatFromInt(ns)) / @as(f64, @floatFromInt(frames));
    var line: [128]u8 = undefined;
    const format = "{{\"frames\":{d},\"dropped\":{d},\"ns_per_frame\":{d:.2}}}\n";
    const dropped = rig.d.totals.dropped_frames;
    const text = try std.fmt.bufPrint(&line, format, .{ frames, dropped, each });
    _ = linux.write(1, text.ptr, text.len);
    return 0;
}

fn parse(words: []const [*:0]const u8) ?Options {
    var o: Options = .{};
    var at: usize = 1;
    while (at + 1 < words.len) : (at += 2) {
        const word = std.mem.span(words[at]);
        const value = std.mem.span(words[at + 1]);
        if (std.mem.eql(u8, word, "--queue")) {
            o.queue = for (ipc_queue.names, 0..) |name, i| {
                if (std.mem.eql(u8, name, value)) break @intCast(i);
            } else return null;
            continue;
        }
        const number = std.fmt.parseInt(u64, value, 10) catch return null;
        if (std.mem.eql(u8, word, "--frames")) {
            o.frames = @max(number, 64);
        } else if (std.mem.eql(u8, word, "--bytes")) {
            o.bytes = std.math.cast(u16, number) orelse return null;
        } else if (std.mem.eql(u8, word, "--vrs")) {
            o.vrs = std.math.cast(u32, number) orelse return null;
        } else if (std.mem.eql(u8, word, "--vris")) {
            o.vris = std.math.cast(u32, number) orelse return null;
        } else return null;
    }
    const fits = o.bytes >= 60 and o.bytes <= 1900 and o.vrs >= 1 and o.vrs <= 256 and
        o.vris >= 1 and o.vris <= 16;
    return if (fits and at == words.len) o else null;
}

const Rig = struct {
    d: *dispatch.Dispatcher,
    links: []*vr_link.VrLink,

    /// Passes until so many frames more have been sent.
    fn run(r: *const Rig, frames: u64) void {
        const until = r.d.totals.sent_frames + frames;
        var words: [64]u64 = undefined;
        while (r.d.totals.sent_frames < until) {
            _ = ingest.inhale(r.d);
            for (r.links) |l| echo(l.state(), &words);
            _ = collect.exhale(r.d);
            r.d.totals.passes += 1;
        }
    }
};

/// The least that a VRI can do: name the output port.
fn echo(s: *vr_link.State, words: *[64]u64) void {
    while (true) {
        const count = s.receive(words);
        if (count == 0) return;
        for (words[0..count]) |*word| {
            var d: abi.Descriptor = @bitCast(word.*);
            d.output = 1;
            word.* = @bitCast(d);
        }
        _ = s.send(words[0..count]);
    }
}

fn build(o: *const Options, reason: *Reason) !Rig {
    const tables = try gpa.create(plans.Tables);
    tables.* = .{};
    const trace = try traces.create(gpa, &spec(o), reason);
    for (0..2) |i| tables.ports[i] = try openPort(@intCast(i), trace, reason);
    const links = try gpa.alloc(*vr_link.VrLink, o.vrs * o.vris);
    for (0..o.vrs) |i| {
        const vr: u32 = @intCast(i);
        tables.vrs[vr] = try vr_module.create(gpa, &.{
            .vr = vr,
            .slot_bytes = abi.slot_bytes,
            .slot_count = 8192,
            .balancer = 0,
            .by_frame = 0,
            .flow_count = 8192,
            .flow_idle_ms = 500,
            .load_estimator = 0,
            .load_weight = 32,
        });
        for (0..o.vris) |j| {
            const vri: u32 = @intCast(i * o.vris + j);
            const config: abi.VriConfig = .{
                .vri = vri,
                .vr = vr,
                .queue = o.queue,
                .queue_capacity = 1024,
                .free_capacity = 64,
                .control_capacity = 8192,
            };
            const made = try vri_adapter.create(gpa, &config, tables.vrs[vr].?);
            tables.vris[vri] = made;
            var text: [16:0]u8 = undefined;
            _ = try std.fmt.bufPrintZ(&text, "{d}", .{made.segment.id});
            links[vri] = try vr_link.attach(gpa, &text);
        }
    }
    const d = try dispatcher();
    const plan = try plans.build(gpa, try planBytes(o), tables, null, reason);
    _ = d.mail.put(plan);
    d.adopt(d.mail.take().?);
    return .{ .d = d, .links = links };
}

fn spec(o: *const Options) abi.TraceSpec {
    var s: abi.TraceSpec = std.mem.zeroes(abi.TraceSpec);
    s.frames = 4096;
    s.size_count = 1;
    s.sizes[0] = o.bytes;
    s.flows = 4096;
    s.family = 4;
    s.source[0..4].* = .{ 10, 0, 0, 0 };
    s.destination[0..4].* = .{ 172, 16, 0, 0 };
    s.sources = o.vrs;
    s.source_length = 24;
    s.destinations = 1000;
    s.destination_length = 24;
    return s;
}

fn openPort(number: u32, trace: u32, reason: *Reason) !*Port {
    var config: abi.PortConfig = std.mem.zeroes(abi.PortConfig);
    config.dispatchers = 1;
    config.port = number;
    config.vlan = abi.no_vlan;
    config.adapter = for (socket_adapter.names, 0..) |name, i| {
        if (std.mem.eql(u8, name, "memory")) break @intCast(i);
    } else unreachable;
    config.ifindex = number + 1;
    config.trace = trace + 1;
    config.trace_flags = if (number == 0) abi.trace_replay else abi.trace_record;
    const port = try gpa.create(Port);
    const adapter = try socket_adapter.open(&config, reason);
    port.* = .{ .number = @intCast(number), .config = config, .adapter = adapter };
    return port;
}

fn dispatcher() !*dispatch.Dispatcher {
    const bytes = control.bytesFor(1 << 16);
    const memory = try gpa.alignedAlloc(u8, .fromByteUnits(abi.cache_line_bytes), bytes);
    @memset(memory, 0);
    const empty = try gpa.create(plans.Plan);
    empty.* = .{ .memory = .init(gpa) };
    empty.classifier = try .build(empty.memory.allocator(), &.{}, &.{}, &.{});
    const snapshot = try gpa.create(abi.Snapshot);
    snapshot.* = std.mem.zeroes(abi.Snapshot);
    const idle = sleeper.Sleeper.init() orelse return error.Descriptor;
    const d = try gpa.create(dispatch.Dispatcher);
    d.* = .{
        .config = .{ .cores = @splat(-1), .idle = .{ .spins = 0, .yields = 0 }, .busy_poll = 1 },
        .sleeper = idle,
        .events = .{
            .producer = .init(memory.ptr, 1 << 16),
            .consumer = .init(memory.ptr, 1 << 16),
            .notify_fd = idle.wake_fd,
        },
        .snapshots = .{ .memory = snapshot },
        .plan = empty,
    };
    return d;
}

/// Two ports; each VR serves 10.0.n.0/24.
fn planBytes(o: *const Options) ![]u8 {
    var out: std.ArrayList(u8) = .empty;
    const vris = o.vrs * o.vris;
    const header: abi.PlanHeader = .{
        .ports = 2,
        .vrs = o.vrs,
        .vris = vris,
        .served = o.vrs,
        .local = 0,
    };
    try append(&out, header);
    for (0..2) |i| try append(&out, abi.PlanPort{ .port = @intCast(i), .promiscuous = 0 });
    for (0..o.vrs) |i| try append(&out, abi.PlanVr{
        .vr = @intCast(i),
        .wants = 0,
        .wanted_ports = @splat(0),
        .permitted_ports = @splat(~@as(u64, 0)),
    });
    for (0..vris) |i| try append(&out, abi.PlanVri{
        .vri = @intCast(i),
        .state = @intFromEnum(abi.VriState.running),
        .idle = .{ .spins = 0, .yields = 0 },
        .decided_ns = 0,
        .pid = 0,
    });
    for (0..o.vrs) |i| try append(&out, abi.PlanPrefix{
        .address = [_]u8{ 10, 0, @as(u8, @intCast(i)) } ++ @as([13]u8, @splat(0)),
        .family = 4,
        .length = 24,
        .vr = @intCast(i),
    });
    return out.items;
}

fn append(out: *std.ArrayList(u8), value: anytype) !void {
    try out.appendSlice(gpa, std.mem.asBytes(&value));
}
