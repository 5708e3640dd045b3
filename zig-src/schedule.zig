//! When the frames of an offline run go in (adapter `pcap`): all inputs together in the order of
//! their times, so that a run without a clock is the same each time; and either as fast as they are
//! taken or by the clock, with the captured pauses. It also carries each frame's time to the way
//! out. The dispatcher's.
const std = @import("std");
const monotonic = @import("monotonic.zig");
const interfaces_max = @import("capture_format.zig").interfaces_max;

const never = std.math.maxInt(u64);

pub const Schedule = struct {
    speed: f64, // of the captured timing; 0: no clock
    /// By interface: the time of the next frame, never running backwards.
    inputs: [interfaces_max]u64 = @splat(never),
    first_ns: u64 = never, // of all frames
    start_ns: u64 = 0, // by the clock: when that one was due
    /// When the latest frames were captured, by what they carry as tag: 1 to 65535. A frame stays
    /// on its way for fewer frames than that.
    times: [1 << 16]u64 = @splat(0),
    last_tag: u16 = 0,

    /// An input's first frame. Control thread, before any is handed out.
    pub fn begin(s: *Schedule, interface: usize, time_ns: u64) void {
        s.inputs[interface] = time_ns;
        s.first_ns = @min(s.first_ns, time_ns);
    }

    pub fn proceed(s: *Schedule, interface: usize, time_ns: ?u64) void {
        s.inputs[interface] = time_ns orelse never;
    }

    /// The time up to which frames are due; without a clock all are.
    pub fn due(s: *Schedule) u64 {
        if (s.speed == 0) return never;
        const now = monotonic.ns();
        if (s.start_ns == 0) s.start_ns = now;
        const elapsed: f64 = @floatFromInt(now - s.start_ns);
        return s.first_ns +| @as(u64, @intFromFloat(@min(elapsed * s.speed, 1e19)));
    }

    /// How long until a frame of `time_ns` is due.
    pub fn wait_ns(s: *const Schedule, time_ns: u64, due_ns: u64) u64 {
        const left: f64 = @floatFromInt(time_ns - due_ns);
        return @intFromFloat(@min(left / s.speed, 1e15));
    }

    /// The time before which this input's frames come before all others', and whether a frame of
    /// that very time still does: equal ones go in the inputs' order.
    pub fn limit(s: *const Schedule, interface: usize) struct { time_ns: u64, inclusive: bool } {
        var time: u64 = never;
        var other: usize = 0;
        for (s.inputs, 0..) |next, i| {
            if (i == interface or next >= time) continue;
            time = next;
            other = i;
        }
        return .{ .time_ns = time, .inclusive = interface < other or time == never };
    }

    /// Notes the time of a frame that goes in; returns its tag.
    pub fn tag(s: *Schedule, time_ns: u64) u16 {
        s.last_tag = s.last_tag % std.math.maxInt(u16) + 1;
        s.times[s.last_tag] = time_ns;
        return s.last_tag;
    }
};

test "equal times go in the inputs' order, and no tag is zero" {
    var s: Schedule = .{ .speed = 0 };
    s.begin(0, 10);
    s.begin(1, 10);
    s.begin(2, 7);
    try std.testing.expectEqual(7, s.first_ns);
    try std.testing.expectEqual(7, s.limit(0).time_ns);
    try std.testing.expectEqual(10, s.limit(2).time_ns);
    s.proceed(2, null);
    try std.testing.expect(s.limit(0).inclusive and !s.limit(1).inclusive);
    for (0..70_000) |i| {
        const tag = s.tag(i);
        try std.testing.expect(tag != 0);
        try std.testing.expectEqual(i, s.times[tag]);
    }
}
