//! The writer of capture files: what is put comes out, and a file that takes no more is told of.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const captures = @import("capture.zig");
const Format = @import("capture_format.zig").Format;
const Reason = @import("reason.zig").Reason;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const gpa = std.testing.allocator;

fn configOf(kind: abi.CaptureFormat) abi.CaptureConfig {
    return .{
        .format = @intFromEnum(kind),
        .nanoseconds = 1,
        .interfaces = 2,
        .speed_permille = 0,
    };
}

fn finish(number: u32) !abi.CaptureReport {
    var report: abi.CaptureReport = .{};
    var reason: Reason = .{};
    while (report.finished == 0) {
        try captures.finish(gpa, number, &report, &reason);
        _ = linux.sched_yield();
    }
    return report;
}

/// A pipe, and the path by which its writing end is opened again.
const Pipe = struct {
    fds: [2]i32,
    path: [32]u8 = undefined,

    fn init() Pipe {
        var p: Pipe = .{ .fds = undefined };
        _ = linux.pipe2(&p.fds, .{ .CLOEXEC = true });
        return p;
    }

    fn name(p: *Pipe) ![]u8 {
        return std.fmt.bufPrint(&p.path, "/proc/self/fd/{d}", .{p.fds[1]});
    }

    fn close(p: *Pipe, end: usize) void {
        _ = linux.close(p.fds[end]);
    }
};

/// Reads all of a pipe into a hash, and its length.
const Reader = struct {
    fd: i32,
    hash: std.hash.Wyhash = .init(0),
    bytes: u64 = 0,

    fn run(r: *Reader) void {
        var buffer: [65536]u8 = undefined;
        while (true) {
            const count = linux.read(r.fd, &buffer, buffer.len);
            if (linux.errno(count) != .SUCCESS or count == 0) return;
            r.hash.update(buffer[0..count]);
            r.bytes += count;
        }
    }
};

test "records go through the ring unharmed, many times round it" {
    for ([_]abi.CaptureFormat{ .pcap, .pcapng }) |kind| {
        var pipe: Pipe = .init();
        var reason: Reason = .{};
        const number = try captures.create(gpa, &configOf(kind), try pipe.name(), &reason);
        pipe.close(1);
        var reader: Reader = .{ .fd = pipe.fds[0] };
        const thread = try std.Thread.spawn(.{ .stack_size = 1 << 20 }, Reader.run, .{&reader});
        const c = captures.find(number).?;
        const format: Format = .{ .kind = kind, .nanoseconds = true };
        var expected: std.hash.Wyhash = .init(0);
        var header: [4096]u8 = undefined;
        expected.update(format.header(2, &header));
        var random: std.Random.DefaultPrng = .init(std.testing.random_seed);
        var frame: [16000]u8 = undefined;
        random.random().bytes(&frame);
        var record: [16100]u8 = undefined;
        var bytes: u64 = 0;
        var frames: u64 = 0;
        while (bytes < 3 * captures.ring_bytes) : (frames += 1) {
            const length = random.random().intRangeAtMost(usize, 14, frame.len);
            while (!c.put(1, frames, frame[0..length])) {
                c.publish();
                _ = linux.sched_yield();
            }
            if (frames % 64 == 0) c.publish();
            const whole = format.recordBytes(length);
            format.record(record[0..whole], 1, frames, frame[0..length]);
            expected.update(record[0..whole]);
            bytes += whole;
        }
        const report = try finish(number);
        thread.join();
        pipe.close(0);
        try expectEqual(frames, report.written_frames);
        try expectEqual(0, report.lost_frames);
        try expectEqual(reader.bytes, report.written_bytes);
        try expectEqual(expected.final(), reader.hash.final());
    }
}

test "a reader that goes away is a failure with every frame accounted for" {
    var pipe: Pipe = .init();
    var reason: Reason = .{};
    const number = try captures.create(gpa, &configOf(.pcap), try pipe.name(), &reason);
    pipe.close(1);
    pipe.close(0);
    const c = captures.find(number).?;
    const frame: [100]u8 = @splat(7);
    for (0..1000) |i| try expect(c.put(0, i, &frame));
    c.publish();
    while (!c.hasFailed()) _ = linux.sched_yield();
    for (0..10) |i| try expect(c.put(0, i, &frame)); // on their way when it failed
    const report = try finish(number);
    try expectEqual(@intFromEnum(linux.E.PIPE), report.errno);
    try expectEqual(1010, report.lost_frames + report.written_frames);
    try expectEqual(0, report.written_frames);
}

test "a ring that nobody empties takes no more, and says in time that it fills" {
    var pipe: Pipe = .init();
    var reason: Reason = .{};
    const number = try captures.create(gpa, &configOf(.pcap), try pipe.name(), &reason);
    pipe.close(1);
    const c = captures.find(number).?;
    const frame: [16000]u8 = @splat(7);
    var frames: u64 = 0;
    var warned_at: u64 = 0;
    while (c.put(0, 0, &frame)) : (frames += 1) {
        c.publish();
        if (warned_at == 0 and !c.hasRoom()) warned_at = frames;
    }
    try expect(warned_at > 0 and frames - warned_at >= 2048);
    var reader: Reader = .{ .fd = pipe.fds[0] };
    const thread = try std.Thread.spawn(.{ .stack_size = 1 << 20 }, Reader.run, .{&reader});
    const report = try finish(number);
    thread.join();
    pipe.close(0);
    try expectEqual(frames, report.written_frames);
}

test "what can't be written is refused at once" {
    var reason: Reason = .{};
    const paths = [_][]const u8{ "/nonexistent/out.pcap", "/dev/full", "/proc", "x" ** 5000 };
    for (paths) |path| {
        const config = configOf(.pcapng);
        try std.testing.expectError(error.Failed, captures.create(gpa, &config, path, &reason));
        try expect(reason.message().len > 0);
    }
}
