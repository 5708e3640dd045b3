//! One suite for every balancer in the registry: a new one is tested unasked.
const std = @import("std");
const registry = @import("registry.zig");
const expect = std.testing.expect;

test "a choice is always one of the VRIs, however their number changes" {
    inline for (registry.names) |name| {
        var b = registry.make(number(name)).?;
        var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
        const random = state.random();
        var loads: [64]u32 = undefined;
        for (0..20_000) |_| {
            const count = random.intRangeAtMost(u32, 1, loads.len);
            for (loads[0..count]) |*load| load.* = random.int(u32);
            try expect(registry.choose(&b, loads[0..count]) < count);
        }
    }
}

test "equal VRIs get equal shares" {
    inline for (registry.names) |name| for ([_]u32{ 2, 3, 8 }) |count| {
        var b = registry.make(number(name)).?;
        var shares: [8]u32 = @splat(0);
        const loads: [8]u32 = @splat(256);
        const rounds = 8000;
        for (0..rounds) |_| shares[registry.choose(&b, loads[0..count])] += 1;
        // Six standard deviations of the random ones: never by chance.
        const mean = rounds / count;
        for (shares[0..count]) |share| try expect(@abs(@as(i64, share) - mean) < 400);
    };
}

test "the same run of choices every time: experiments can be repeated" {
    inline for (registry.names) |name| {
        var a = registry.make(number(name)).?;
        var b = registry.make(number(name)).?;
        const loads = [_]u32{ 5, 1, 4, 1, 3 };
        for (0..1000) |_| {
            const first = registry.choose(&a, &loads);
            try std.testing.expectEqual(first, registry.choose(&b, &loads));
        }
    }
}

test "those that look at the load avoid a VRI that is behind" {
    inline for (.{ "jsq", "power_of_two" }) |name| {
        var b = registry.make(number(name)).?;
        var behind: u32 = 0;
        const loads = [_]u32{ 256, 256, 1 << 20, 256 };
        for (0..8000) |_| behind += @intFromBool(registry.choose(&b, &loads) == 2);
        try expect(behind == 0);
    }
}

fn number(comptime name: []const u8) u32 {
    inline for (registry.names, 0..) |known, i| if (comptime std.mem.eql(u8, known, name)) return i;
    @compileError("no balancer " ++ name);
}
