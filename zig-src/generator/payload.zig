//! The payload that marks a generated frame: which run and flow it belongs to, and its number.
//! Sixteen bytes, so that it fits the smallest Ethernet frame behind IPv4 and UDP.
const std = @import("std");

pub const magic: u32 = 0x6c76_726d; // "lvrm"
pub const bytes = 16;

pub const Payload = struct {
    run: u16,
    flow: u16,
    sequence: u64,

    pub fn write(p: Payload, to: *[bytes]u8) void {
        std.mem.writeInt(u32, to[0..4], magic, .big);
        std.mem.writeInt(u16, to[4..6], p.run, .big);
        std.mem.writeInt(u16, to[6..8], p.flow, .big);
        std.mem.writeInt(u64, to[8..16], p.sequence, .big);
    }

    /// Null when these bytes were not written by a generator.
    pub fn read(from: *const [bytes]u8) ?Payload {
        if (std.mem.readInt(u32, from[0..4], .big) != magic) return null;
        return .{
            .run = std.mem.readInt(u16, from[4..6], .big),
            .flow = std.mem.readInt(u16, from[6..8], .big),
            .sequence = std.mem.readInt(u64, from[8..16], .big),
        };
    }
};

test "a payload is read as it was written, and foreign bytes are none" {
    var buffer: [bytes]u8 = undefined;
    const payload: Payload = .{ .run = 7, .flow = 65535, .sequence = 1 << 40 };
    payload.write(&buffer);
    try std.testing.expectEqual(payload, Payload.read(&buffer).?);
    buffer[0] ^= 1;
    try std.testing.expectEqual(null, Payload.read(&buffer));
}
