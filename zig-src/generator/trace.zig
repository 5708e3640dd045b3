//! Frames of a capture file, laid out for sending: those that have room for it bear the generator's
//! payload, all others go as they were captured. What was cut when it was captured is filled up
//! with zeros; what isn't whole for an interface is left out.
const std = @import("std");
const linux = std.os.linux;
const numbered = @import("numbered.zig");
const socket = @import("socket.zig");
const Reader = @import("capture_reader.zig").Reader;
const Record = @import("capture_reader.zig").Record;

const gpa = std.heap.page_allocator;
/// Of all frames together: they are held in memory.
const bytes_max = 1 << 30;
const ethernet_bytes = 14;

const Frame = struct {
    bytes: []u8,
    time_ns: u64, // since the first one, never before the one ahead
    place: ?numbered.Place,
    around: u64 = 0, // `numbered.sumAround`
    flow: u16 = 0,
    before: u64, // frames ahead that are numbered
};

/// What is common to the frames, and overrides what was captured.
pub const Rewrite = struct {
    source_mac: [6]u8,
    /// Null: both addresses stay as captured.
    destination_mac: ?[6]u8,
    frame_bytes_max: u32, // that the interface takes
};

pub const Trace = struct {
    frames: []Frame,
    numbered: u64, // of one round
    round_ns: u64, // from the first frame of a round to the next one's
    filled: u64 = 0, // cut when captured
    skipped: u64 = 0, // too long for the interface, or no frames at all

    /// Sequence number of the frame `index` of all rounds.
    pub fn sequenceOf(t: *const Trace, index: u64) u64 {
        return index / t.frames.len * t.numbered + t.frames[index % t.frames.len].before;
    }

    /// When it is due, from the first one on, as captured.
    pub fn due_ns(t: *const Trace, index: u64) u64 {
        return index / t.frames.len *| t.round_ns +| t.frames[index % t.frames.len].time_ns;
    }

    /// The frame `index`, with its number and time where it has room for them.
    pub fn prepare(t: *const Trace, index: u64, run: u16, stamp: u32) []u8 {
        const frame = &t.frames[index % t.frames.len];
        if (frame.place) |*place| numbered.number(frame.bytes, place, frame.around, .{
            .run = run,
            .flow = frame.flow,
            .sequence = t.sequenceOf(index),
            .stamp = stamp,
        });
        return frame.bytes;
    }
};

/// Reads a file. It stays in memory until the process ends.
pub fn load(path: [*:0]const u8, rewrite: *const Rewrite) socket.Error!Trace {
    var reader = Reader.init(try map(path)) catch |e| return explain(path, e);
    var frames: std.ArrayList(Frame) = .empty;
    var flows: std.AutoHashMapUnmanaged(FlowKey, u16) = .empty;
    var trace: Trace = .{ .frames = &.{}, .numbered = 0, .round_ns = 0 };
    var total: u64 = 0;
    var first_ns: ?u64 = null;
    while (reader.next() catch |e| return explain(path, e)) |record| {
        const fits = record.length <= rewrite.frame_bytes_max;
        if (!fits or record.bytes.len < ethernet_bytes) {
            trace.skipped += 1;
            continue;
        }
        total += record.length;
        if (total > bytes_max) return socket.fail("{s}: more than 1 GiB of frames", .{path});
        var frame = lay(&record, rewrite) catch return noMemory();
        if (frame.bytes.len > record.bytes.len) trace.filled += 1;
        const last_ns = if (frames.items.len == 0) 0 else frames.getLast().time_ns;
        if (record.time_ns != null and first_ns == null) first_ns = record.time_ns;
        frame.time_ns = @max(last_ns, (record.time_ns orelse 0) -| (first_ns orelse 0));
        frame.before = trace.numbered;
        if (frame.place) |*place| {
            trace.numbered += 1;
            frame.flow = flowOf(&flows, frame.bytes, place) catch return noMemory();
        }
        frames.append(gpa, frame) catch return noMemory();
    }
    if (frames.items.len == 0) return socket.fail(
        "{s}: none of its frames can be sent: {d} are longer than the interface's MTU allows, " ++
            "or shorter than an Ethernet header",
        .{ path, trace.skipped },
    );
    trace.frames = frames.items;
    const span_ns = frames.getLast().time_ns;
    // The next round comes as if a frame later.
    trace.round_ns = span_ns + @max(1, span_ns / @max(1, frames.items.len - 1));
    return trace;
}

fn noMemory() socket.Error {
    return socket.fail("No memory for the frames of the trace", .{});
}

fn map(path: [*:0]const u8) socket.Error![]const u8 {
    const file = linux.open(path, .{ .CLOEXEC = true }, 0);
    if (linux.errno(file) != .SUCCESS)
        return socket.fail("Cannot open {s}: {t}", .{ path, linux.errno(file) });
    const fd: i32 = @intCast(file);
    defer _ = linux.close(fd);
    const end = linux.lseek(fd, 0, linux.SEEK.END);
    if (linux.errno(end) != .SUCCESS or end == 0)
        return socket.fail("{s} is no capture file: it must be a pcap or pcapng file", .{path});
    const at = linux.mmap(null, end, .{ .READ = true }, .{ .TYPE = .PRIVATE }, fd, 0);
    if (linux.errno(at) != .SUCCESS)
        return socket.fail("Cannot read {s}: {t}", .{ path, linux.errno(at) });
    return @as([*]const u8, @ptrFromInt(at))[0..end];
}

fn explain(path: [*:0]const u8, e: @import("capture_reader.zig").Error) socket.Error {
    return socket.fail("{s}: {s}", .{ path, switch (e) {
        error.NotACapture => "it is no capture file: it must be a pcap or pcapng file",
        error.NotEthernet => "its frames are no Ethernet frames",
        error.TooManyInterfaces => "it has frames of more than 64 interfaces",
        error.Damaged => "it is damaged, or its end is missing: `tcpdump -r` may save a part",
        error.OtherVersion => "its version is not 2 (pcap) or 1 (pcapng)",
    } });
}

/// A copy of a frame, whole, that can be numbered and sent.
fn lay(record: *const Record, rewrite: *const Rewrite) error{OutOfMemory}!Frame {
    const bytes = try allocator().alloc(u8, record.length);
    @memcpy(bytes[0..record.bytes.len], record.bytes);
    @memset(bytes[record.bytes.len..], 0);
    if (rewrite.destination_mac) |mac| {
        bytes[0..6].* = mac;
        bytes[6..12].* = rewrite.source_mac;
    }
    const found = numbered.find(bytes);
    const is_whole = found != null and !found.?.is_fragment and found.?.end <= bytes.len;
    return .{
        .bytes = bytes,
        .time_ns = 0,
        .before = 0,
        .place = if (is_whole) found else null,
        .around = if (is_whole) numbered.sumAround(bytes, &found.?) else 0,
    };
}

/// Frames lie one behind the other.
var arena: std.heap.ArenaAllocator = .init(gpa);

fn allocator() std.mem.Allocator {
    return arena.allocator();
}

const FlowKey = struct { addresses: [32]u8, ports: [4]u8, protocol: bool };

/// A number for the flow of a frame: flows beyond 65,536 share them.
fn flowOf(
    flows: *std.AutoHashMapUnmanaged(FlowKey, u16),
    bytes: []const u8,
    place: *const numbered.Place,
) error{OutOfMemory}!u16 {
    var key: FlowKey = .{
        .addresses = @splat(0),
        .ports = bytes[place.segment..][0..4].*,
        .protocol = place.is_tcp,
    };
    const addresses = bytes[place.addresses..][0..place.addressBytes()];
    @memcpy(key.addresses[0..addresses.len], addresses);
    const found = try flows.getOrPut(gpa, key);
    if (!found.found_existing) found.value_ptr.* = @truncate(flows.count() - 1);
    return found.value_ptr.*;
}

test "rounds go on numbering, and frames without room are left out of it" {
    var udp: [60]u8 = @splat(0);
    std.mem.writeInt(u16, udp[12..14], 0x0800, .big);
    udp[14..18].* = .{ 0x45, 0, 0, 46 };
    udp[23] = 17;
    const other: [60]u8 = @splat(1);
    const rewrite: Rewrite = .{
        .source_mac = @splat(2),
        .destination_mac = @splat(4),
        .frame_bytes_max = 1514,
    };
    var frames: [3]Frame = undefined;
    var before: u64 = 0;
    for (&frames, [_][]const u8{ &udp, &other, udp[0..58] }, 0..) |*frame, bytes, i| {
        frame.* = try lay(&.{ .bytes = bytes, .length = 60, .time_ns = null }, &rewrite);
        frame.time_ns = i * 100;
        frame.before = before;
        before += @intFromBool(frame.place != null);
    }
    const trace: Trace = .{ .frames = &frames, .numbered = before, .round_ns = 300 };
    try std.testing.expectEqual(2, before);
    try std.testing.expectEqual(5, trace.sequenceOf(8));
    try std.testing.expectEqual(800, trace.due_ns(8));
    try std.testing.expectEqual(5, numbered.read(trace.prepare(8, 1, 0)).?.sequence);
    try std.testing.expectEqual(null, numbered.read(trace.prepare(7, 1, 0)));
    try std.testing.expectEqual([6]u8{ 4, 4, 4, 4, 4, 4 }, frames[1].bytes[0..6].*);
}
