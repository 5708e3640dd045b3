//! Reads capture files: pcap and pcapng, either byte order, Ethernet only. A file is input: every
//! length is compared with what is there. The control plane's reader of the same is `mod/trace/`.
const std = @import("std");

/// A captured frame; `bytes` lie in the file.
pub const Record = struct {
    bytes: []const u8,
    length: u32, // of the whole frame, without check sequence; at least that of `bytes`
    time_ns: ?u64, // simple packets of pcapng have none
};

pub const Error = error{ NotACapture, NotEthernet, TooManyInterfaces, Damaged, OtherVersion };

const ethernet = 1;
/// Longest packet that libpcap itself reads: a longer one means that the file is damaged.
const longest_bytes = 262_144;
const interfaces_max = 64;

const Interface = struct {
    snap_bytes: u32 = 0, // 0: no limit
    times: u64 = 1000, // nanoseconds of a time unit, as a fraction
    by: u64 = 1,
    check_bytes: u32 = 0,
};

pub const Reader = struct {
    file: []const u8,
    at: usize,
    order: std.builtin.Endian,
    is_ng: bool,
    pcap: Interface = .{},
    interfaces: [interfaces_max]Interface = undefined,
    interface_count: u32 = 0,

    pub fn init(file: []const u8) Error!Reader {
        if (file.len < 24) return error.NotACapture;
        if (std.mem.readInt(u32, file[0..4], .little) == 0x0a0d0d0a)
            return .{ .file = file, .at = 0, .order = .little, .is_ng = true };
        for ([_]std.builtin.Endian{ .little, .big }) |order| {
            const magic = std.mem.readInt(u32, file[0..4], order);
            if (magic != 0xa1b2c3d4 and magic != 0xa1b23c4d) continue;
            var r: Reader = .{ .file = file, .at = 24, .order = order, .is_ng = false };
            if (r.half(file, 4) != 2) return error.OtherVersion;
            const link = r.word(file, 20);
            if (link & 0xffff != ethernet) return error.NotEthernet;
            r.pcap.times = if (magic == 0xa1b2c3d4) 1000 else 1;
            // Bit 26: the upper four bits tell the length of check sequences, in 16-bit words.
            if (link >> 26 & 1 == 1) r.pcap.check_bytes = (link >> 28) * 2;
            return r;
        }
        return error.NotACapture;
    }

    /// The next frame, or null at the end.
    pub fn next(r: *Reader) Error!?Record {
        if (!r.is_ng) return r.nextPcap();
        while (r.at < r.file.len) {
            if (try r.nextBlock()) |record| return record;
        }
        return null;
    }

    fn word(r: *const Reader, bytes: []const u8, at: usize) u32 {
        return std.mem.readInt(u32, bytes[at..][0..4], r.order);
    }

    fn half(r: *const Reader, bytes: []const u8, at: usize) u16 {
        return std.mem.readInt(u16, bytes[at..][0..2], r.order);
    }

    fn nextPcap(r: *Reader) Error!?Record {
        if (r.at == r.file.len) return null;
        if (r.file.len - r.at < 16) return error.Damaged;
        const head = r.file[r.at..][0..16];
        const captured = r.word(head, 8);
        if (captured > longest_bytes or captured > r.file.len - r.at - 16) return error.Damaged;
        const bytes = r.file[r.at + 16 ..][0..captured];
        r.at += 16 + @as(usize, captured);
        const part = @as(u64, r.word(head, 4)) * r.pcap.times;
        const time_ns = @as(u64, r.word(head, 0)) * std.time.ns_per_s + part;
        return recordOf(bytes, r.word(head, 12), r.pcap.check_bytes, time_ns);
    }

    /// The frame of the block that starts here, if it is one's.
    fn nextBlock(r: *Reader) Error!?Record {
        const rest = r.file[r.at..];
        if (rest.len < 12) return error.Damaged;
        const section = 0x0a0d0d0a; // reads the same in both orders
        if (r.word(rest, 0) == section) try r.startSection(rest);
        const length = r.word(rest, 4);
        if (length < 12 or length % 4 != 0 or length > rest.len) return error.Damaged;
        if (r.word(rest, length - 4) != length) return error.Damaged;
        r.at += length;
        const body = rest[8 .. length - 4];
        switch (r.word(rest, 0)) {
            1 => try r.addInterface(body),
            2, 6 => |kind| return try r.framed(kind, body),
            3 => return try r.simple(body),
            else => {},
        }
        return null;
    }

    fn startSection(r: *Reader, rest: []const u8) Error!void {
        if (rest.len < 28) return error.Damaged;
        r.order = .little;
        if (r.word(rest, 8) != 0x1a2b3c4d) r.order = .big;
        if (r.word(rest, 8) != 0x1a2b3c4d) return error.Damaged;
        if (r.half(rest, 12) != 1) return error.OtherVersion;
        r.interface_count = 0;
    }

    fn addInterface(r: *Reader, body: []const u8) Error!void {
        if (body.len < 8) return error.Damaged;
        if (r.half(body, 0) != ethernet) return error.NotEthernet;
        if (r.interface_count == interfaces_max) return error.TooManyInterfaces;
        var interface: Interface = .{ .snap_bytes = r.word(body, 4) };
        var at: usize = 8;
        while (at + 4 <= body.len) {
            const code = r.half(body, at);
            const length = r.half(body, at + 2);
            if (code == 0) break;
            if (length > body.len - at - 4) return error.Damaged;
            if (length == 1 and code == 9) try setUnit(&interface, body[at + 4]);
            if (length == 1 and code == 13) interface.check_bytes = body[at + 4];
            at += 4 + std.mem.alignForward(usize, length, 4);
        }
        r.interfaces[r.interface_count] = interface;
        r.interface_count += 1;
    }

    /// if_tsresol: a negative power of ten, or of two where the highest bit is set.
    fn setUnit(interface: *Interface, resolution: u8) Error!void {
        const power = resolution & 0x7f;
        const is_binary = resolution & 0x80 != 0;
        if (power > @as(u8, if (is_binary) 63 else 19)) return error.Damaged;
        interface.times = std.time.ns_per_s;
        interface.by = if (is_binary)
            @as(u64, 1) << @intCast(power)
        else
            std.math.powi(u64, 10, power) catch unreachable; // 10^19 fits
    }

    /// An enhanced packet block (6), or its forerunner.
    fn framed(r: *Reader, kind: u32, body: []const u8) Error!Record {
        if (body.len < 20) return error.Damaged;
        const number = if (kind == 6) r.word(body, 0) else r.half(body, 0);
        if (number >= r.interface_count) return error.Damaged;
        const from = &r.interfaces[number];
        const captured = r.word(body, 12);
        if (captured > body.len - 20) return error.Damaged;
        const ticks = @as(u64, r.word(body, 4)) << 32 | r.word(body, 8);
        const time_ns = @as(u128, ticks) * from.times / from.by;
        const bytes = body[20..][0..captured];
        const time: u64 = std.math.lossyCast(u64, time_ns);
        return recordOf(bytes, r.word(body, 16), from.check_bytes, time);
    }

    fn simple(r: *Reader, body: []const u8) Error!Record {
        if (body.len < 4 or r.interface_count == 0) return error.Damaged;
        const from = &r.interfaces[0];
        const length = r.word(body, 0);
        const captured = if (from.snap_bytes == 0) length else @min(length, from.snap_bytes);
        if (captured > body.len - 4) return error.Damaged;
        return recordOf(body[4..][0..captured], length, from.check_bytes, null);
    }
};

/// Without the check sequence, as much of it as was captured.
fn recordOf(bytes: []const u8, original: u32, check_bytes: u32, time_ns: ?u64) Record {
    const length = @max(original, @as(u32, @intCast(bytes.len))) -| check_bytes;
    return .{ .bytes = bytes[0..@min(bytes.len, length)], .length = length, .time_ns = time_ns };
}

test "files that are none are refused, and those cut off at any byte do no harm" {
    try std.testing.expectError(error.NotACapture, Reader.init(""));
    try std.testing.expectError(error.NotACapture, Reader.init("x" ** 100));
    const format = @import("../capture_format.zig");
    var buffer: [4096]u8 = undefined;
    for ([_]@import("../abi.zig").CaptureFormat{ .pcap, .pcapng }) |kind| {
        const f: format.Format = .{ .kind = kind, .nanoseconds = true };
        var used = f.header(2, &buffer).len;
        for (0..3) |i| {
            const bytes = f.recordBytes(60 + i);
            const frame = ("a" ** 62)[0 .. 60 + i];
            f.record(buffer[used..][0..bytes], 1, 1_700_000_000_123_456_789 + i, frame);
            used += bytes;
        }
        for (0..used + 1) |cut| {
            var reader = Reader.init(buffer[0..cut]) catch continue;
            var found: usize = 0;
            while (reader.next() catch null) |record| : (found += 1) {
                try std.testing.expectEqual(1_700_000_000_123_456_789 + found, record.time_ns.?);
                try std.testing.expectEqual(60 + found, record.length);
            }
            if (cut == used) try std.testing.expectEqual(3, found);
        }
    }
}

test "random bytes behind a right start do no harm" {
    var random = std.Random.DefaultPrng.init(std.testing.random_seed);
    var buffer: [600]u8 = undefined;
    const starts = [_][]const u8{
        "\xd4\xc3\xb2\xa1\x02\x00\x04\x00" ++ "\x00" ** 12 ++ "\x01\x00\x00\x00",
        "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00" ++ "\xff" ** 8 ++
            "\x1c\x00\x00\x00\x01\x00\x00\x00\x14\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" ++
            "\x14\x00\x00\x00\x06\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00",
    };
    for (0..2000) |i| {
        const start = starts[i % starts.len];
        @memcpy(buffer[0..start.len], start);
        for (buffer[start.len..]) |*byte|
            byte.* = if (random.random().boolean()) 0 else random.random().int(u8);
        var reader = Reader.init(&buffer) catch continue;
        for (0..100) |_| _ = (reader.next() catch break) orelse break;
    }
}
