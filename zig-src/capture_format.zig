//! What a capture file looks like: pcap (draft-ietf-opsawg-pcap) or pcapng (draft-ietf-opsawg-
//! pcapng), little-endian, Ethernet without check sequences. The other way round is `mod/trace/`.
const std = @import("std");
const abi = @import("abi.zig");

const ethernet = 1;
const snap_bytes = 262_144; // what libpcap itself reads at most
const block = struct {
    const section = 0x0a0d0d0a;
    const interface = 1;
    const enhanced = 6;
};
const option = struct {
    const end = 0;
    const name = 2;
    const resolution = 9;
};

/// The longest header, of 64 interfaces.
pub const header_bytes_max = 28 + interfaces_max * 44;
pub const interfaces_max = 64;

pub const Format = struct {
    kind: abi.CaptureFormat,
    nanoseconds: bool,

    /// The file's header, into at least `header_bytes_max`; returns its bytes.
    pub fn header(f: Format, interfaces: u32, into: []u8) []u8 {
        var w: std.Io.Writer = .fixed(into);
        f.writeHeader(&w, interfaces) catch unreachable; // there is room
        return w.buffered();
    }

    fn writeHeader(f: Format, w: *std.Io.Writer, interfaces: u32) std.Io.Writer.Error!void {
        if (f.kind == .pcap) {
            try w.writeInt(u32, if (f.nanoseconds) 0xa1b23c4d else 0xa1b2c3d4, .little);
            try w.writeInt(u16, 2, .little);
            try w.writeInt(u16, 4, .little);
            try w.writeInt(u64, 0, .little); // time zone and accuracy: always zero
            try w.writeInt(u32, snap_bytes, .little);
            return w.writeInt(u32, ethernet, .little);
        }
        for ([_]u32{ block.section, 28, 0x1a2b3c4d }) |word| try w.writeInt(u32, word, .little);
        try w.writeInt(u16, 1, .little);
        try w.writeInt(u16, 0, .little);
        try w.writeInt(i64, -1, .little); // length of the section: not known
        try w.writeInt(u32, 28, .little);
        for (0..interfaces) |i| try f.writeInterface(w, i);
    }

    /// Described as `pcap0`, `pcap1`, …, the names of the ports.
    fn writeInterface(f: Format, w: *std.Io.Writer, number: usize) std.Io.Writer.Error!void {
        var text: [8]u8 = @splat(0);
        const name = std.fmt.bufPrint(&text, "pcap{d}", .{number}) catch unreachable; // < 64
        const bytes: u32 = 8 + 8 + 4 + 8 + 8 + 4 + 4;
        try w.writeInt(u32, block.interface, .little);
        try w.writeInt(u32, bytes, .little);
        try w.writeInt(u32, ethernet, .little);
        try w.writeInt(u32, 0, .little); // no frame was cut
        try w.writeInt(u16, option.name, .little);
        try w.writeInt(u16, @intCast(name.len), .little);
        try w.writeAll(&text); // padded
        try w.writeInt(u16, option.resolution, .little);
        try w.writeInt(u16, 1, .little);
        try w.writeAll(&.{ if (f.nanoseconds) 9 else 6, 0, 0, 0 });
        try w.writeInt(u32, option.end, .little);
        try w.writeInt(u32, bytes, .little);
    }

    /// Bytes of the record of a frame.
    pub fn recordBytes(f: Format, frame_bytes: usize) usize {
        if (f.kind == .pcap) return 16 + frame_bytes;
        return 32 + std.mem.alignForward(usize, frame_bytes, 4);
    }

    /// Writes a frame's record, of `recordBytes`.
    pub fn record(f: Format, into: []u8, interface: u32, time_ns: u64, frame: []const u8) void {
        const length: u32 = @intCast(frame.len);
        if (f.kind == .pcap) {
            const part = time_ns % std.time.ns_per_s;
            putWords(into, &.{
                @truncate(time_ns / std.time.ns_per_s),
                @intCast(if (f.nanoseconds) part else part / 1000),
                length,
                length,
            });
            @memcpy(into[16..][0..frame.len], frame);
            return;
        }
        const ticks = if (f.nanoseconds) time_ns else time_ns / 1000;
        const bytes: u32 = @intCast(into.len);
        const high: u32 = @intCast(ticks >> 32);
        const low: u32 = @truncate(ticks);
        putWords(into, &.{ block.enhanced, bytes, interface, high, low, length, length });
        @memcpy(into[28..][0..frame.len], frame);
        @memset(into[28 + frame.len .. into.len - 4], 0);
        putWords(into[into.len - 4 ..], &.{bytes});
    }

    /// Bytes of the record that starts here, one of ours.
    pub fn lengthOf(f: Format, start: []const u8) usize {
        if (f.kind == .pcap) return 16 + std.mem.readInt(u32, start[8..12], .little);
        return std.mem.readInt(u32, start[4..8], .little);
    }
};

fn putWords(into: []u8, words: []const u32) void {
    for (words, 0..) |word, i| std.mem.writeInt(u32, into[4 * i ..][0..4], word, .little);
}

test "records say how long they are" {
    var buffer: [300]u8 = undefined;
    for ([_]abi.CaptureFormat{ .pcap, .pcapng }) |kind| for (14..100) |length| {
        const f: Format = .{ .kind = kind, .nanoseconds = true };
        const bytes = f.recordBytes(length);
        f.record(buffer[0..bytes], 1, 1_700_000_000_123_456_789, buffer[200..][0..length]);
        try std.testing.expectEqual(bytes, f.lengthOf(buffer[0..bytes]));
    };
}

test "the longest header fits" {
    var buffer: [header_bytes_max]u8 = undefined;
    const f: Format = .{ .kind = .pcapng, .nanoseconds = false };
    try std.testing.expectEqual(header_bytes_max, f.header(interfaces_max, &buffer).len);
}
