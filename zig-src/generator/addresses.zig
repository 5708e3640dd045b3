//! IP addresses, and the ranges of them that a run's flows come from and go to.
const std = @import("std");

pub const Address = union(enum) {
    v4: [4]u8,
    v6: [16]u8,

    /// The address `n` after this one (in the last four bytes, wrapping).
    pub fn plus(a: Address, n: u32) Address {
        var result = a;
        const tail: *[4]u8 = switch (result) {
            .v4 => |*it| it,
            .v6 => |*it| it[12..16],
        };
        std.mem.writeInt(u32, tail, std.mem.readInt(u32, tail, .big) +% n, .big);
        return result;
    }

    pub fn parse(text: []const u8) ?Address {
        if (std.Io.net.Ip4Address.parse(text, 0)) |it| return .{ .v4 = it.bytes } else |_| {}
        if (std.Io.net.Ip6Address.parse(text, 0)) |it| return .{ .v6 = it.bytes } else |_| {}
        return null;
    }

    fn bits(a: Address) u32 {
        return if (a == .v4) 32 else 128;
    }
};

/// Consecutive addresses. `count` 0: as many as an option says.
pub const Range = struct {
    first: Address,
    count: u32 = 0,

    /// `ADDRESS`, or `ADDRESS/LENGTH`: all hosts of that subnet.
    pub fn parse(text: []const u8) ?Range {
        const slash = std.mem.indexOfScalar(u8, text, '/') orelse
            return .{ .first = Address.parse(text) orelse return null };
        var first = Address.parse(text[0..slash]) orelse return null;
        const length = std.fmt.parseInt(u8, text[slash + 1 ..], 10) catch return null;
        if (length > first.bits()) return null;
        const bytes: []u8 = switch (first) {
            .v4 => |*it| it,
            .v6 => |*it| it,
        };
        for (bytes, 0..) |*byte, i| {
            const kept = std.math.clamp(@as(i32, length) - @as(i32, @intCast(i)) * 8, 0, 8);
            byte.* &= @truncate(@as(u32, 0xff00) >> @intCast(kept));
        }
        const host_bits = first.bits() - length;
        // The first address of a subnet is nobody's, and the last of IPv4's is everybody's.
        if (host_bits < 2) return .{ .first = first, .count = @as(u32, 1) << @intCast(host_bits) };
        const all = (@as(u64, 1) << @intCast(@min(host_bits, 32))) - 1;
        const hosts = if (first == .v4) all - 1 else all;
        return .{ .first = first.plus(1), .count = @intCast(hosts) };
    }
};

pub const ranges_max = 64;

/// Ranges of either family.
pub const Ranges = struct {
    all: [ranges_max]Range = undefined,
    count: u32 = 0,

    pub const ParseError = error{ NotAnAddress, TooMany };

    /// Ranges with commas between them; an item that is none is left in `culprit`.
    pub fn parse(text: []const u8, culprit: *[]const u8) ParseError!Ranges {
        var result: Ranges = .{};
        var rest = std.mem.splitScalar(u8, text, ',');
        while (rest.next()) |item| {
            culprit.* = item;
            if (result.count == ranges_max) return error.TooMany;
            result.all[result.count] = Range.parse(item) orelse return error.NotAnAddress;
            result.count += 1;
        }
        return result;
    }

    pub fn items(r: *const Ranges) []const Range {
        return r.all[0..r.count];
    }

    /// Addresses that are no subnet stand for `count` from there on.
    pub fn fill(r: *Ranges, count: u32) void {
        for (r.all[0..r.count]) |*it| if (it.count == 0) {
            it.count = count;
        };
    }

    pub fn of(r: *const Ranges, family: std.meta.Tag(Address)) u32 {
        var result: u32 = 0;
        for (r.items()) |*it| result += @intFromBool(it.first == family);
        return result;
    }

    /// Of the `n`-th turn among the ranges of a family: each range in turn, then their next
    /// addresses. There is such a range.
    pub fn pick(r: *const Ranges, family: std.meta.Tag(Address), n: u32) Address {
        const own = r.of(family);
        var left = n % own;
        for (r.items()) |*it| {
            if (it.first != family) continue;
            if (left == 0) return it.first.plus(n / own % it.count);
            left -= 1;
        }
        unreachable; // `of` counted them
    }
};

test "an address range wraps in its last four bytes" {
    const a: Address = .{ .v4 = .{ 10, 0, 1, 255 } };
    try std.testing.expectEqual([4]u8{ 10, 0, 2, 0 }, a.plus(1).v4);
}

test "a subnet stands for its hosts, an address for itself" {
    const expectEqual = std.testing.expectEqual;
    const lan = Range.parse("10.0.1.77/24").?;
    try expectEqual([4]u8{ 10, 0, 1, 1 }, lan.first.v4);
    try expectEqual(254, lan.count);
    try expectEqual(2, Range.parse("10.0.1.2/31").?.count);
    try expectEqual(1, Range.parse("10.0.1.2/32").?.count);
    try expectEqual(0, Range.parse("10.0.1.2").?.count);
    const six = Range.parse("fd00:1::9/64").?;
    try expectEqual(1, six.first.v6[15]);
    try expectEqual(std.math.maxInt(u32), six.count);
    try expectEqual(4_294_967_294, Range.parse("0.0.0.0/0").?.count);
    for ([_][]const u8{ "", "/24", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/x" }) |bad|
        try expectEqual(null, Range.parse(bad));
}

test "ranges take turns, per family" {
    var culprit: []const u8 = "";
    var ranges: Ranges = try .parse("10.0.1.0/24,fd00::1,10.0.2.9", &culprit);
    ranges.fill(2);
    const wanted = [_][4]u8{
        .{ 10, 0, 1, 1 }, .{ 10, 0, 2, 9 }, .{ 10, 0, 1, 2 }, .{ 10, 0, 2, 10 }, .{ 10, 0, 1, 3 },
        .{ 10, 0, 2, 9 },
    };
    for (wanted, 0..) |it, n| try std.testing.expectEqual(it, ranges.pick(.v4, @intCast(n)).v4);
    try std.testing.expectEqual(2, ranges.pick(.v6, 3).v6[15]);
    try std.testing.expectError(error.NotAnAddress, Ranges.parse("10.0.0.1,,10.0.0.2", &culprit));
    try std.testing.expectError(error.TooMany, Ranges.parse("10.0.0.1" ++ ",::1" ** 64, &culprit));
}
