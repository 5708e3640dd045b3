//! The Internet checksum (RFC 1071), over any length and alignment.
const std = @import("std");

/// Ones' complement sum of `bytes` as 16-bit words in memory order, added to `start`, folded to 16
/// bits. An odd last byte counts as if a zero followed.
pub fn sum(bytes: []const u8, start: u32) u16 {
    // 32-bit words into a 64-bit sum: no carry can be lost below 2^32 words, and the loop is one
    // that the compiler makes vectors of. The sum's byte order doesn't matter (RFC 1071 2B).
    var total: u64 = start;
    const words = std.mem.bytesAsSlice(u32, bytes[0 .. bytes.len & ~@as(usize, 3)]);
    for (words) |word| total += word;
    const tail = bytes[words.len * 4 ..];
    if (tail.len >= 2) total += std.mem.readInt(u16, tail[0..2], .little);
    if (tail.len & 1 != 0) total += tail[tail.len - 1];
    return fold(total);
}

pub fn fold(total: u64) u16 {
    var t = (total & 0xffff_ffff) + (total >> 32);
    t = (t & 0xffff) + (t >> 16);
    t = (t & 0xffff) + (t >> 16);
    t = (t & 0xffff) + (t >> 16);
    return @intCast(t);
}

/// Writes the checksum of `bytes` into its 16-bit field at `at`, whose present content counts in
/// (the kernel leaves the pseudo-header's sum there, a finished header leaves zero). A computed
/// zero is sent as 0xffff where `zero_means_none` (UDP, RFC 768).
pub fn complete(bytes: []u8, at: usize, zero_means_none: bool) void {
    var value = ~sum(bytes, 0);
    if (value == 0 and zero_means_none) value = 0xffff;
    std.mem.writeInt(u16, bytes[at..][0..2], value, .little);
}

fn reference(bytes: []const u8) u16 {
    var total: u32 = 0;
    var i: usize = 0;
    while (i < bytes.len) : (i += 2) {
        const high: u32 = bytes[i];
        const low: u32 = if (i + 1 < bytes.len) bytes[i + 1] else 0;
        total += high << 8 | low;
        total = (total & 0xffff) + (total >> 16);
    }
    return @intCast(total);
}

test "agrees with a straightforward reference at every length and alignment" {
    var random_state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = random_state.random();
    var buffer: [1700]u8 = undefined;
    for (0..1600) |length| {
        random.bytes(&buffer);
        if (length % 7 == 0) @memset(&buffer, 0xff); // carries everywhere
        const bytes = buffer[length % 5 ..][0..length];
        const expected = reference(bytes);
        const found = @byteSwap(sum(bytes, 0));
        // 0 and 0xffff are the same number in ones' complement.
        if (expected % 0xffff != 0 or found % 0xffff != 0)
            try std.testing.expectEqual(expected, found);
    }
}

test "a completed checksum verifies" {
    var bytes: [40]u8 = @splat(7);
    bytes[16] = 0;
    bytes[17] = 0;
    complete(&bytes, 16, false);
    try std.testing.expectEqual(0xffff, sum(&bytes, 0));
}
