//! The payload that marks a generated frame: which run and flow it belongs to, its number, and when
//! it left. Sixteen bytes, so that it fits the smallest Ethernet frame behind IPv4 and UDP.
const std = @import("std");
const linux = std.os.linux;

pub const magic: u32 = 0x6c76_726d; // "lvrm"
pub const bytes = 16;

/// The time in ticks of 16 ns, of which 32 bits last for a minute. Both ends of a path must have
/// one clock: it is the kernel's for the time of day, as that stamps what a sink receives.
pub const tick_ns = 16;

pub fn stampOf(seconds: u64, ns: u64) u32 {
    return @truncate((seconds *% std.time.ns_per_s +% ns) / tick_ns);
}

pub fn stampNow() u32 {
    var now: linux.timespec = undefined;
    _ = linux.clock_gettime(.REALTIME, &now);
    return stampOf(@intCast(now.sec), @intCast(now.nsec));
}

/// From one stamp to another; 0 when the clock was set back meanwhile.
pub fn between_ns(sent: u32, received: u32) u64 {
    const ticks: i32 = @bitCast(received -% sent);
    return @as(u64, @intCast(@max(0, ticks))) * tick_ns;
}

pub const Payload = struct {
    run: u16,
    flow: u16,
    /// Written with 32 bits: the highest of these stands for all beyond.
    sequence: u64,
    stamp: u32 = 0,

    pub fn write(p: Payload, to: *[bytes]u8) void {
        std.mem.writeInt(u32, to[0..4], magic, .big);
        std.mem.writeInt(u16, to[4..6], p.run, .big);
        std.mem.writeInt(u16, to[6..8], p.flow, .big);
        std.mem.writeInt(u32, to[8..12], std.math.lossyCast(u32, p.sequence), .big);
        std.mem.writeInt(u32, to[12..16], p.stamp, .big);
    }

    /// Null when these bytes were not written by a generator.
    pub fn read(from: *const [bytes]u8) ?Payload {
        if (std.mem.readInt(u32, from[0..4], .big) != magic) return null;
        return .{
            .run = std.mem.readInt(u16, from[4..6], .big),
            .flow = std.mem.readInt(u16, from[6..8], .big),
            .sequence = std.mem.readInt(u32, from[8..12], .big),
            .stamp = std.mem.readInt(u32, from[12..16], .big),
        };
    }
};

test "a payload is read as it was written, and foreign bytes are none" {
    var buffer: [bytes]u8 = undefined;
    const payload: Payload = .{ .run = 7, .flow = 65535, .sequence = 1 << 31, .stamp = 1 << 31 };
    payload.write(&buffer);
    try std.testing.expectEqual(payload, Payload.read(&buffer).?);
    buffer[0] ^= 1;
    try std.testing.expectEqual(null, Payload.read(&buffer));
    (Payload{ .run = 1, .flow = 0, .sequence = 1 << 40 }).write(&buffer);
    try std.testing.expectEqual(std.math.maxInt(u32), Payload.read(&buffer).?.sequence);
}

test "stamps wrap, and a clock that was set back counts as no time" {
    try std.testing.expectEqual(160, between_ns(0xffff_fffb, 5));
    try std.testing.expectEqual(0, between_ns(5, 0xffff_fffb));
    try std.testing.expectEqual(2_000, between_ns(stampOf(7, 999_999_000), stampOf(8, 1_000)));
}
