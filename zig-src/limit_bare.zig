//! What two processes on two cores cost before any of lvrm's work: a wake-up by futex, and a cache
//! line that goes over and another that comes back. For `lvrm-limit`; prints one line of JSON.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const latency = @import("latency.zig");

/// In memory that both map. `asked` ends at `over`.
pub const Shared = extern struct {
    asked: u32 align(abi.cache_line_bytes) = 0,
    answered: u64 align(abi.cache_line_bytes) = 0,
};

const over = std.math.maxInt(u32);
const wake_every_ms = 5;
const looks_per_yield = 10_000; // where the two share a core after all

fn nowNs() u64 {
    var ts: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &ts);
    return @as(u64, @intCast(ts.sec)) * std.time.ns_per_s + @as(u64, @intCast(ts.nsec));
}

/// Wakes the sleeper every few milliseconds, and prints how long it took to run.
pub fn wakeUps(s: *Shared, milliseconds: u32, pid: linux.pid_t) !void {
    var histogram: latency.Histogram = .{};
    for (0..@max(10, milliseconds / wake_every_ms)) |i| {
        _ = linux.nanosleep(&.{ .sec = 0, .nsec = wake_every_ms * std.time.ns_per_ms }, null);
        const before = nowNs();
        @atomicStore(u32, &s.asked, @intCast(i + 1), .release);
        _ = linux.futex_3arg(&s.asked, .{ .cmd = .WAKE, .private = false }, 1);
        var looks: u32 = 0;
        while (@atomicLoad(u64, &s.answered, .acquire) < before) look(&looks);
        histogram.record(@atomicLoad(u64, &s.answered, .acquire) - before);
    }
    try end(s, pid, &histogram, 1);
}

pub fn sleepAndAnswer(s: *Shared) void {
    var seen: u32 = 0;
    while (true) {
        const second: linux.timespec = .{ .sec = 1, .nsec = 0 };
        _ = linux.futex_4arg(&s.asked, .{ .cmd = .WAIT, .private = false }, seen, &second);
        const asked = @atomicLoad(u32, &s.asked, .acquire);
        if (asked == over) return;
        if (asked != seen) @atomicStore(u64, &s.answered, nowNs(), .release);
        seen = asked;
    }
}

/// Two sleepers in turn, as a frame that finds lvrm idle has them: a timer wakes the first, which
/// wakes the second and waits for its answer. Prints how long that took from when the timer was
/// due.
pub fn twoWakeUps(s: *Shared, milliseconds: u32, pid: linux.pid_t) !void {
    const timer = linux.timerfd_create(.MONOTONIC, .{ .CLOEXEC = true });
    if (linux.errno(timer) != .SUCCESS) return error.NoTimer;
    const fd: i32 = @intCast(timer);
    defer _ = linux.close(fd);
    var histogram: latency.Histogram = .{};
    for (0..@max(10, milliseconds / wake_every_ms)) |i| {
        const due = nowNs() + wake_every_ms * std.time.ns_per_ms;
        const at: linux.timespec = .{
            .sec = @intCast(due / std.time.ns_per_s),
            .nsec = @intCast(due % std.time.ns_per_s),
        };
        const once: linux.itimerspec = .{ .it_interval = .{ .sec = 0, .nsec = 0 }, .it_value = at };
        _ = linux.timerfd_settime(fd, .{ .ABSTIME = true }, &once, null);
        var expired: u64 = 0;
        _ = linux.read(fd, std.mem.asBytes(&expired), 8);
        const before = nowNs();
        @atomicStore(u32, &s.asked, @intCast(i + 1), .release);
        _ = linux.futex_3arg(&s.asked, .{ .cmd = .WAKE, .private = false }, 1);
        var looks: u32 = 0;
        while (@atomicLoad(u64, &s.answered, .acquire) < before) look(&looks);
        histogram.record(nowNs() - due);
    }
    try end(s, pid, &histogram, 1);
}

const trips_per_reading = 64; // one reading of the clock takes a tenth of a trip

/// A line over and a line back, both spinning: prints how long one round trip takes.
pub fn roundTrips(s: *Shared, milliseconds: u32, pid: linux.pid_t) !void {
    var histogram: latency.Histogram = .{};
    const end_ns = nowNs() + @as(u64, milliseconds) * std.time.ns_per_ms;
    var trip: u32 = 0;
    while (nowNs() < end_ns) {
        const before = nowNs();
        for (0..trips_per_reading) |_| {
            trip += 1;
            @atomicStore(u32, &s.asked, trip, .release);
            var looks: u32 = 0;
            while (@atomicLoad(u64, &s.answered, .acquire) != trip) look(&looks);
        }
        histogram.record(nowNs() - before);
    }
    try end(s, pid, &histogram, trips_per_reading);
}

pub fn returnLines(s: *Shared) void {
    var seen: u32 = 0;
    var looks: u32 = 0;
    while (true) {
        const asked = @atomicLoad(u32, &s.asked, .acquire);
        if (asked == over) return;
        if (asked == seen) {
            look(&looks);
            continue;
        }
        looks = 0;
        @atomicStore(u64, &s.answered, asked, .release);
        seen = asked;
    }
}

inline fn look(looks: *u32) void {
    looks.* +%= 1;
    if (looks.* % looks_per_yield == 0) _ = linux.sched_yield();
}

/// Ends the other process and prints the figures, in nanoseconds, divided by `per`.
fn end(s: *Shared, pid: linux.pid_t, histogram: *const latency.Histogram, per: u64) !void {
    @atomicStore(u32, &s.asked, over, .release);
    _ = linux.futex_3arg(&s.asked, .{ .cmd = .WAKE, .private = false }, 1);
    var status: u32 = 0;
    _ = linux.waitpid(pid, &status, 0);
    var line: [128]u8 = undefined;
    const text = std.fmt.bufPrint(&line, "{{\"p50\":{d},\"p99\":{d}}}\n", .{
        histogram.quantile(histogram.frames, 500) / per,
        histogram.quantile(histogram.frames, 990) / per,
    }) catch return error.TooLong;
    _ = linux.write(1, text.ptr, text.len);
}
