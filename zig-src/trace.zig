//! Traces: frames in RAM for the adapters `memory` and `pcap`, packed as a capture lies in memory,
//! each on a cache line of its own start. Generated, or appended frame by frame from a file that
//! TypeScript reads. For `memory` a short trace stands for any number of frames: it is replayed
//! round and round.
//!
//! Made and unmade by the control thread; while a port has one, the dispatcher's thread reads it.
const std = @import("std");
const abi = @import("abi.zig");
const latency = @import("latency.zig");
const trace_frames = @import("trace_frames.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const Reason = @import("reason.zig").Reason;

const Failed = error{Failed};

const alignment = 64;
const traces_max = 64;
const bytes_max = 4 << 30; // of one trace: `frames` of a longer file are refused, not swapped out
const longest = 65535; // bytes of a frame

pub const Trace = struct {
    gpa: std.mem.Allocator,
    memory: std.ArrayListAligned(u8, .fromByteUnits(alignment)) = .empty,
    cuts: std.ArrayList(Cut) = .empty,
    /// When frames were captured, in nanoseconds since 1970: of appended ones, as long as `cuts`.
    times: std.ArrayList(u64) = .empty,
    /// As `receive` hands them out; made by `seal`.
    frames: []Frame = &.{},
    ports: u32 = 0,
    latencies: latency.Histogram = .{},

    const Cut = struct { start: usize, length: u32, fault: Frame.Fault };

    pub fn init(gpa: std.mem.Allocator) Trace {
        return .{ .gpa = gpa };
    }

    pub fn deinit(t: *Trace) void {
        t.memory.deinit(t.gpa);
        t.cuts.deinit(t.gpa);
        t.times.deinit(t.gpa);
        t.gpa.free(t.frames);
    }

    /// Room for one more frame.
    pub fn add(t: *Trace, length: u32, fault: Frame.Fault) error{ OutOfMemory, TooLarge }![]u8 {
        const start = std.mem.alignForward(usize, t.memory.items.len, alignment);
        if (start + length > bytes_max) return error.TooLarge;
        try t.cuts.ensureUnusedCapacity(t.gpa, 1);
        try t.memory.resize(t.gpa, start + length);
        t.cuts.appendAssumeCapacity(.{ .start = start, .length = length, .fault = fault });
        return t.memory.items[start..];
    }

    /// Makes `frames`; nothing is added afterwards.
    pub fn seal(t: *Trace) error{OutOfMemory}!void {
        if (t.frames.len != 0) return;
        const frames = try t.gpa.alloc(Frame, t.cuts.items.len);
        for (frames, t.cuts.items) |*frame, cut| frame.* = .{
            .bytes = t.memory.items[cut.start..][0..cut.length],
            .tag = 0,
            .to = if (t.memory.items[cut.start] & 1 != 0) .many else .host,
            .fault = cut.fault,
            .offload = std.mem.zeroes(@FieldType(Frame, "offload")),
        };
        t.frames = frames;
    }

    /// Unicast frames are for the port if they are sent to `mac`; by default all are.
    pub fn address(t: *Trace, mac: *const [6]u8) void {
        for (t.frames) |*frame| {
            if (frame.to == .many) continue;
            frame.to = if (std.mem.eql(u8, frame.bytes[0..6], mac)) .host else .other_host;
        }
    }
};

/// Fills an empty trace as the specification says (checked before).
pub fn generate(t: *Trace, spec: *const abi.TraceSpec) error{ OutOfMemory, TooLarge }!void {
    try generateMix(t, spec[0..1]);
}

/// The same with a frame of each specification in turn, until all have theirs.
fn generateMix(t: *Trace, specs: []const abi.TraceSpec) error{ OutOfMemory, TooLarge }!void {
    var most: u32 = 0;
    for (specs) |*spec| most = @max(most, spec.frames);
    for (0..most) |i| for (specs) |*spec| {
        if (i >= spec.frames) continue;
        const frame = try t.add(spec.sizes[i % spec.size_count], .none);
        trace_frames.write(spec, @intCast(i % spec.flows), frame);
    };
    try t.seal();
}

/// The running dispatchers', for windows; each is read by its own thread only.
pub var totals: [abi.max_dispatchers]?*const abi.Totals = @splat(null);

/// Frames that may still enter by a dispatcher: as many as the window has room for beside all that
/// are on their way through it now (its own account, exact between batches).
pub fn windowRoom(window: u64, dispatcher: u32) u64 {
    const t = totals[dispatcher] orelse return window;
    const entered = t.received_frames + t.originated_frames + t.replicated_frames;
    return window -| (entered - t.sent_frames - t.dropped_frames - t.kept_frames);
}

var traces: [traces_max]?*Trace = @splat(null);

/// Trace number `number`, for an adapter that is opened on it.
pub fn find(number: u32) ?*Trace {
    return if (number < traces_max) traces[number] else null;
}

/// Makes a trace; returns its number.
pub fn create(gpa: std.mem.Allocator, spec: *const abi.TraceSpec, reason: *Reason) Failed!u32 {
    return createMix(gpa, spec[0..1], reason);
}

/// Makes a trace of several specifications, or an empty one.
pub fn createMix(
    gpa: std.mem.Allocator,
    specs: []const abi.TraceSpec,
    reason: *Reason,
) Failed!u32 {
    var frames: u64 = 0;
    for (specs) |*spec| {
        try check(spec, reason);
        frames += spec.frames;
    }
    const number = for (traces, 0..) |trace, i| {
        if (trace == null) break i;
    } else return reason.fail(.NOSPC, "there are {d} traces already", .{traces_max});
    const trace = gpa.create(Trace) catch return noMemory(reason);
    trace.* = .init(std.heap.page_allocator);
    if (frames != 0) generateMix(trace, specs) catch {
        trace.deinit();
        gpa.destroy(trace);
        return noMemory(reason);
    };
    traces[number] = trace;
    return @intCast(number);
}

fn noMemory(reason: *Reason) Failed {
    const format = "no memory for the trace, or more than {d} GiB of it";
    return reason.fail(.NOMEM, format, .{bytes_max >> 30});
}

fn refuse(reason: *Reason, comptime format: []const u8, values: anytype) Failed {
    return reason.fail(.INVAL, format, values);
}

fn missing(number: u32, reason: *Reason) Failed {
    return refuse(reason, "there is no trace {d}", .{number});
}

fn check(spec: *const abi.TraceSpec, reason: *Reason) Failed!void {
    if (spec.frames == 0) return;
    if (spec.family != 4 and spec.family != 6)
        return refuse(reason, "a trace is of IPv4 (4) or IPv6 (6), not {d}", .{spec.family});
    if (spec.flows == 0 or spec.sources == 0 or spec.destinations == 0)
        return refuse(reason, "a trace has at least one flow, source and destination", .{});
    const bits: u32 = if (spec.family == 4) 32 else 128;
    if (spec.source_length > bits or spec.destination_length > bits)
        return refuse(reason, "a prefix of IPv{d} has at most {d} bits", .{ spec.family, bits });
    if (spec.size_count == 0 or spec.size_count > spec.sizes.len)
        return refuse(reason, "a trace has 1 to {d} frame sizes", .{spec.sizes.len});
    const least = trace_frames.shortest(spec.family);
    for (spec.sizes[0..spec.size_count]) |size| if (size < least)
        return refuse(reason, "generated frames have at least {d} bytes: {d}", .{ least, size });
}

/// Adds a captured frame of `bytes`, of `original` bytes on the wire, to a trace that no port uses.
pub fn append(
    number: u32,
    bytes: []const u8,
    original: u32,
    time_ns: u64,
    reason: *Reason,
) Failed!void {
    const trace = find(number) orelse return missing(number, reason);
    if (trace.frames.len != 0)
        return reason.fail(.BUSY, "trace {d} is complete already", .{number});
    if (bytes.len < 14 or bytes.len > longest)
        return refuse(reason, "a frame has 14 to {d} bytes, not {d}", .{ longest, bytes.len });
    const fault: Frame.Fault = if (original > bytes.len) .truncated else .none;
    trace.times.ensureUnusedCapacity(trace.gpa, 1) catch return noMemory(reason);
    const into = trace.add(@intCast(bytes.len), fault) catch return noMemory(reason);
    @memcpy(into, bytes);
    trace.times.appendAssumeCapacity(time_ns);
}

/// Frees a trace that no port uses.
pub fn destroy(gpa: std.mem.Allocator, number: u32, reason: *Reason) Failed!void {
    const trace = find(number) orelse return;
    if (trace.ports != 0) return reason.fail(.BUSY, "trace {d} is in use by a port", .{number});
    trace.deinit();
    gpa.destroy(trace);
    traces[number] = null;
}

/// What the ports of a trace recorded since the last reset.
pub fn report(
    number: u32,
    into: *abi.LatencyReport,
    reset: bool,
    reason: *Reason,
) Failed!void {
    const trace = find(number) orelse return missing(number, reason);
    into.* = trace.latencies.report(latency.clock());
    if (reset) trace.latencies.askReset();
}

test {
    _ = latency;
    _ = trace_frames;
    _ = @import("trace_test.zig");
}
