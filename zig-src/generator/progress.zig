//! A line on the terminal that says how far a run is: on standard error, where that is a terminal,
//! and written over itself. Also what ends a run early: SIGINT and SIGTERM ask for the result.
const std = @import("std");
const linux = std.os.linux;

const period_ns = 250 * std.time.ns_per_ms;

pub const Progress = struct {
    word: []const u8, // what was done with the frames
    is_shown: bool,
    start_ns: u64,
    due_ns: u64,
    frames: u64 = 0, // as last told
    told_ns: u64,

    pub fn start(word: []const u8, now_ns: u64) Progress {
        return .{
            .word = word,
            .is_shown = isTerminal(2),
            .start_ns = now_ns,
            .due_ns = now_ns + period_ns,
            .told_ns = now_ns,
        };
    }

    /// Often: writes a few times a second.
    pub inline fn tell(p: *Progress, now_ns: u64, frames: u64, lost: ?u64) void {
        if (p.is_shown and now_ns >= p.due_ns) p.write(now_ns, frames, lost);
    }

    fn write(p: *Progress, now_ns: u64, frames: u64, lost: ?u64) void {
        const seconds = @as(f64, @floatFromInt(now_ns - p.told_ns)) / std.time.ns_per_s;
        const fps = @as(f64, @floatFromInt(frames -| p.frames)) / @max(seconds, 1e-9);
        const elapsed = @as(f64, @floatFromInt(now_ns - p.start_ns)) / std.time.ns_per_s;
        var buffer: [160]u8 = undefined;
        var writer: std.Io.Writer = .fixed(&buffer);
        writer.print("\r\x1b[K{d:.1} s: {d} frames {s}, {d:.0} frames/s", .{
            elapsed, frames, p.word, fps,
        }) catch {};
        if (lost) |it| writer.print(", {d} lost", .{it}) catch {};
        _ = linux.write(2, writer.buffered().ptr, writer.end);
        p.frames = frames;
        p.told_ns = now_ns;
        p.due_ns = now_ns + period_ns;
    }

    /// Takes the line away again.
    pub fn end(p: *const Progress) void {
        if (p.is_shown) _ = linux.write(2, "\r\x1b[K", 4);
    }
};

fn isTerminal(fd: i32) bool {
    var size: [4]u16 = undefined;
    return linux.errno(linux.ioctl(fd, linux.T.IOCGWINSZ, @intFromPtr(&size))) == .SUCCESS;
}

var asked_to_end: std.atomic.Value(bool) = .init(false);

fn onSignal(_: linux.SIG) callconv(.c) void {
    asked_to_end.store(true, .monotonic);
}

/// From now on SIGINT and SIGTERM only make `isAskedToEnd` true, and interrupt what waits.
pub fn listen() void {
    const action: linux.Sigaction = .{
        .handler = .{ .handler = onSignal },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    for ([_]linux.SIG{ .INT, .TERM }) |signal| _ = linux.sigaction(signal, &action, null);
}

pub inline fn isAskedToEnd() bool {
    return asked_to_end.load(.monotonic);
}
