//! Latencies in a log-linear histogram, and the clock that they are taken with.
//!
//! Each power of two is cut into 64 buckets, so a value read from the histogram is at most 1/64
//! (1.6 %) too high. The clock is the processor's time stamp counter where there is one, calibrated
//! against CLOCK_MONOTONIC: some ten nanoseconds a reading, and one reading serves a batch.
const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const abi = @import("abi.zig");

const sub_bits = 6;
const sub_count = 1 << sub_bits;
const buckets = (64 - sub_bits + 1) * sub_count;

/// The clock's reading, not before all earlier loads are done.
pub inline fn ticks() u64 {
    if (builtin.cpu.arch != .x86_64) return monotonicNs();
    var low: u32 = undefined;
    var high: u32 = undefined;
    asm volatile ("lfence; rdtsc"
        : [low] "={eax}" (low),
          [high] "={edx}" (high),
        :
        : .{ .memory = true });
    return @as(u64, high) << 32 | low;
}

fn monotonicNs() u64 {
    var ts: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &ts);
    return @as(u64, @intCast(ts.sec)) * std.time.ns_per_s + @as(u64, @intCast(ts.nsec));
}

/// How the clock runs, measured once.
pub const Clock = struct {
    picoseconds: f64, // of a tick
    overhead_ps: u64, // of a reading

    pub fn ticksOf(c: *const Clock, ns: f64) f64 {
        return ns * 1000 / c.picoseconds;
    }
};

var measured: ?Clock = null;

/// Calibrates on the first call, which takes 20 ms. Control thread.
pub fn clock() Clock {
    if (measured) |c| return c;
    const before_ns = monotonicNs();
    const before = ticks();
    _ = linux.nanosleep(&.{ .sec = 0, .nsec = 20 * std.time.ns_per_ms }, null);
    const after_ns = monotonicNs();
    const after = ticks();
    const rounds = 2000;
    for (0..rounds) |_| std.mem.doNotOptimizeAway(ticks());
    const spent: f64 = @floatFromInt(ticks() -% after);
    const elapsed_ps: f64 = @floatFromInt((after_ns - before_ns) * 1000);
    const ps = elapsed_ps / @as(f64, @floatFromInt(@max(1, after -% before)));
    measured = .{ .picoseconds = ps, .overhead_ps = @intFromFloat(spent * ps / rounds) };
    return measured.?;
}

/// Written by the dispatcher's thread. The control thread reads it while it is written to, so its
/// report may be some frames old in one place and newer in another.
pub const Histogram = struct {
    counts: [buckets]u64 = @splat(0),
    frames: u64 = 0,
    sum: u64 = 0, // ticks
    max: u64 = 0,
    reset_asked: u32 = 0,

    pub fn record(h: *Histogram, value: u64) void {
        h.counts[bucketOf(value)] += 1;
        h.frames += 1;
        h.sum +%= value;
        h.max = @max(h.max, value);
    }

    /// Control thread: what is recorded so far is forgotten before the next record.
    pub fn askReset(h: *Histogram) void {
        @atomicStore(u32, &h.reset_asked, 1, .release);
    }

    /// Dispatcher, before each batch of records.
    pub fn settle(h: *Histogram) void {
        if (@atomicLoad(u32, &h.reset_asked, .acquire) == 0) return;
        h.* = .{};
    }

    pub fn report(h: *const Histogram, by: Clock) abi.LatencyReport {
        const ps = struct {
            fn of(value: f64, c: Clock) u64 {
                return @intFromFloat(value * c.picoseconds);
            }
        }.of;
        const frames = h.frames;
        if (frames == 0) return .{ .clock_ps = by.overhead_ps };
        const mean = @as(f64, @floatFromInt(h.sum)) / @as(f64, @floatFromInt(frames));
        return .{
            .frames = frames,
            .mean_ps = ps(mean, by),
            .p50_ps = ps(@floatFromInt(h.quantile(frames, 500)), by),
            .p99_ps = ps(@floatFromInt(h.quantile(frames, 990)), by),
            .p999_ps = ps(@floatFromInt(h.quantile(frames, 999)), by),
            .max_ps = ps(@floatFromInt(h.max), by),
            .clock_ps = by.overhead_ps,
        };
    }

    /// The smallest value that `permille` of all are not above, at most 1.6 % too high.
    pub fn quantile(h: *const Histogram, frames: u64, permille: u64) u64 {
        const rank = @max(1, (frames * permille + 999) / 1000);
        var seen: u64 = 0;
        for (&h.counts, 0..) |count, i| {
            seen += count;
            if (seen >= rank) return @min(highestOf(i), h.max);
        }
        return h.max;
    }
};

fn bucketOf(value: u64) usize {
    if (value < sub_count) return @intCast(value);
    const shift = 63 - sub_bits - @clz(value); // value >> shift is in [sub_count, 2 sub_count)
    return @as(usize, shift) * sub_count + @as(usize, @intCast(value >> @intCast(shift)));
}

fn highestOf(bucket: usize) u64 {
    if (bucket < sub_count) return bucket;
    const shift: u6 = @intCast(bucket / sub_count - 1);
    const low = (@as(u64, bucket % sub_count) + sub_count) << shift;
    return low + ((@as(u64, 1) << shift) - 1);
}

test "every value lies in its bucket, and buckets are at most 1/64 wide" {
    var random = std.Random.DefaultPrng.init(std.testing.random_seed);
    for (0..20_000) |i| {
        const value = if (i < 1000) i else random.random().int(u64) >> random.random().int(u6);
        const bucket = bucketOf(value);
        const highest = highestOf(bucket);
        try std.testing.expect(bucket < buckets);
        try std.testing.expect(highest >= value);
        try std.testing.expect(highest - value <= value / 64);
        if (bucket > 0) try std.testing.expect(highestOf(bucket - 1) < value);
    }
    try std.testing.expectEqual(buckets - 1, bucketOf(std.math.maxInt(u64)));
}

test "quantiles of a known distribution" {
    const h = try std.testing.allocator.create(Histogram);
    defer std.testing.allocator.destroy(h);
    h.* = .{};
    for (1..10_001) |i| h.record(i);
    for ([_][2]u64{ .{ 500, 5000 }, .{ 990, 9900 }, .{ 999, 9990 }, .{ 1000, 10_000 } }) |pair| {
        const found = h.quantile(h.frames, pair[0]);
        try std.testing.expect(found >= pair[1] and found <= pair[1] + pair[1] / 50);
    }
    const r = h.report(.{ .picoseconds = 1000, .overhead_ps = 7 });
    try std.testing.expectEqual(10_000, r.frames);
    try std.testing.expectEqual(5_000_500, r.mean_ps);
    try std.testing.expectEqual(10_000_000, r.max_ps);
    h.askReset();
    h.settle();
    try std.testing.expectEqual(0, h.frames);
    try std.testing.expectEqual(0, h.report(.{ .picoseconds = 1, .overhead_ps = 7 }).p50_ps);
}
