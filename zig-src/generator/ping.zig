//! `lvrm-gen ping`, for experiment 1b: ICMP echo requests, the next as soon as one has come back,
//! timed in nanoseconds. The kernel's own ICMP answers at the other end.
const std = @import("std");
const linux = std.os.linux;
const progress = @import("progress.zig");
const socket = @import("socket.zig");
const numbered = @import("numbered.zig");
const Options = @import("options.zig").Options;
const Histogram = @import("../latency.zig").Histogram;

const data_bytes = 56; // as ping's
const message_bytes = 8 + data_bytes;
/// How long an answer may take before the request counts as lost.
const patience_ns = std.time.ns_per_s;

var round_trips: Histogram = .{};

pub fn run(options: *const Options) socket.Error!void {
    const icmp = 1;
    const kind = linux.SOCK.RAW | linux.SOCK.CLOEXEC;
    const opened = linux.socket(linux.AF.INET, kind, icmp);
    const fd: i32 = @intCast(try socket.must(opened, "socket"));
    defer _ = linux.close(fd);
    const to: linux.sockaddr.in = .{
        .port = 0,
        .addr = @bitCast(options.shape.destinations.all[0].first.v4),
    };
    // Only answers of this host: no other's messages.
    _ = try socket.must(linux.connect(fd, @ptrCast(&to), @sizeOf(linux.sockaddr.in)), "connect");
    const patience: linux.timeval = .{ .sec = 0, .usec = 100_000 };
    try socket.option(fd, linux.SOL.SOCKET, linux.SO.RCVTIMEO, patience);
    try pingAll(fd, options);
}

fn pingAll(fd: i32, options: *const Options) socket.Error!void {
    const id: u16 = @truncate(@as(u32, @bitCast(linux.getpid())));
    const start_ns = socket.now_ns();
    const end_ns = start_ns + options.most_ns();
    var shown: progress.Progress = .start("sent", start_ns);
    var sent: u64 = 0;
    var received: u64 = 0;
    var now_ns = start_ns;
    while (sent < options.count and now_ns < end_ns and !progress.isAskedToEnd()) {
        shown.tell(now_ns, sent, sent - received);
        const sequence: u16 = @truncate(sent);
        const request = requestOf(id, sequence);
        const before_ns = socket.now_ns();
        sent += 1;
        const rc = linux.sendto(fd, &request, request.len, 0, null, 0);
        now_ns = socket.now_ns();
        if (linux.errno(rc) != .SUCCESS) continue;
        const deadline_ns = before_ns + patience_ns;
        while (now_ns < deadline_ns and !progress.isAskedToEnd()) {
            const came = isAnswer(fd, id, sequence);
            now_ns = socket.now_ns();
            if (!came) continue;
            received += 1;
            round_trips.record(now_ns - before_ns);
            break;
        }
    }
    shown.end();
    socket.print(.{
        .sent_frames = sent,
        .received_frames = received,
        .round_trip_p50_ns = round_trips.quantile(round_trips.frames, 500),
        .round_trip_p99_ns = round_trips.quantile(round_trips.frames, 990),
        .round_trip_p999_ns = round_trips.quantile(round_trips.frames, 999),
        .round_trip_max_ns = round_trips.max,
        .seconds = @as(f64, @floatFromInt(now_ns - start_ns)) / std.time.ns_per_s,
    });
}

fn requestOf(id: u16, sequence: u16) [message_bytes]u8 {
    var message: [message_bytes]u8 = @splat(0x5a);
    message[0..4].* = .{ 8, 0, 0, 0 };
    std.mem.writeInt(u16, message[4..6], id, .big);
    std.mem.writeInt(u16, message[6..8], sequence, .big);
    const checksum = numbered.finish(numbered.sum(0, &message));
    std.mem.writeInt(u16, message[2..4], checksum, .big);
    return message;
}

/// Waits for a message, not long; whether it is the answer to this request.
fn isAnswer(fd: i32, id: u16, sequence: u16) bool {
    var packet: [256]u8 = undefined;
    const got = linux.recvfrom(fd, &packet, packet.len, 0, null, null);
    if (linux.errno(got) != .SUCCESS) return false;
    return answers(packet[0..got], id, sequence);
}

fn answers(packet: []const u8, id: u16, sequence: u16) bool {
    if (packet.len < 20) return false;
    const header_bytes = @as(usize, packet[0] & 15) * 4;
    if (packet.len < header_bytes + message_bytes) return false;
    const message = packet[header_bytes..];
    return message[0] == 0 and std.mem.readInt(u16, message[4..6], .big) == id and
        std.mem.readInt(u16, message[6..8], .big) == sequence;
}

test "a request's checksum is right, and only its own answer answers it" {
    const request = requestOf(7, 65535);
    try std.testing.expectEqual(0, numbered.finish(numbered.sum(0, &request)));
    var packet: [20 + message_bytes]u8 = @splat(0);
    packet[0] = 0x45;
    packet[20..].* = request;
    try std.testing.expect(!answers(&packet, 7, 65535)); // a request
    packet[20] = 0;
    try std.testing.expect(answers(&packet, 7, 65535));
    try std.testing.expect(!answers(&packet, 7, 65534));
    try std.testing.expect(!answers(&packet, 8, 65535));
    try std.testing.expect(!answers(packet[0..40], 7, 65535));
}
