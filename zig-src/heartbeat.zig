//! A VRI's heartbeat, as a dispatcher hears it: for how long it has been silent. Silence counts as
//! long as somebody listened. When this thread was stopped, or all of the machine was (suspended, a
//! virtual machine paused, a cgroup frozen), the VRI may not have run since either: it gets as long
//! again to be heard as if nothing had happened.
const std = @import("std");

/// The most that counts between two looks. Longer than a dispatcher sleeps.
const look_max_ns = 100 * std.time.ns_per_ms;

pub const Heartbeat = struct {
    beat: u64 = 0, // as last heard
    heard_ns: u64 = 0, // when it was last listened for; 0: never yet
    silent_ns: u64 = 0,

    /// `from`: the counter that the VRI writes.
    pub fn hear(h: *Heartbeat, from: *const u64, now_ns: u64) void {
        const beat = @atomicLoad(u64, from, .monotonic);
        const since_ns = @min(now_ns -| h.heard_ns, look_max_ns);
        const is_silent = beat == h.beat and h.heard_ns != 0;
        h.silent_ns = if (is_silent) h.silent_ns + since_ns else 0;
        h.beat = beat;
        h.heard_ns = now_ns;
    }
};

test "silence counts while somebody listens, and ends with a beat" {
    const ms = std.time.ns_per_ms;
    var h: Heartbeat = .{};
    var beat: u64 = 0;
    h.hear(&beat, 5000 * ms); // the first look: nothing is known of before
    try std.testing.expectEqual(0, h.silent_ns);
    for (1..41) |i| h.hear(&beat, (5000 + 50 * i) * ms);
    try std.testing.expectEqual(2000 * ms, h.silent_ns);
    beat = 1;
    h.hear(&beat, 7001 * ms);
    try std.testing.expectEqual(0, h.silent_ns);
    h.hear(&beat, 67_001 * ms); // everybody was stopped for a minute
    try std.testing.expectEqual(look_max_ns, h.silent_ns);
    h.hear(&beat, 67_000 * ms); // a clock that two cores see differently
    try std.testing.expectEqual(look_max_ns, h.silent_ns);
    beat = 2;
    h.hear(&beat, 67_002 * ms);
    try std.testing.expectEqual(0, h.silent_ns);
}
