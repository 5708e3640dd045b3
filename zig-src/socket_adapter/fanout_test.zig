//! The program that tells dispatchers' frames apart, against what a flow is to lvrm: what
//! `flow.zig` takes for one flow comes to one dispatcher, and flows are spread.
const std = @import("std");
const fanout = @import("fanout.zig");
const flow = @import("../flow.zig");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

/// Runs the program on a frame, as the kernel does: 0 where it reads beyond the end.
fn run(frame: []const u8) u32 {
    const packet = frame[14..];
    var a: u32 = 0;
    var x: u32 = 0;
    var memory: [16]u32 = @splat(0);
    var at: usize = 0;
    while (true) : (at += 1) {
        const it = fanout.by_flow[at];
        switch (it.code) {
            0x20 => a = if (it.k == 0xffff_f000)
                std.mem.readInt(u16, frame[12..14], .big)
            else
                word(u32, packet, it.k) orelse return 0,
            0x28 => a = word(u16, packet, it.k) orelse return 0,
            0x30 => a = word(u8, packet, it.k) orelse return 0,
            0x48 => a = word(u16, packet, x + it.k) orelse return 0,
            0x60 => a = memory[it.k],
            0x01 => x = it.k,
            0x61 => x = memory[it.k],
            0xb1 => x = 4 * ((word(u8, packet, it.k) orelse return 0) & 15),
            0x02 => memory[it.k] = a,
            0x07 => x = a,
            0x0c => a +%= x,
            0x24 => a *%= it.k,
            0x74 => a >>= @intCast(it.k),
            0x15 => at += if (a == it.k) it.jt else it.jf,
            0x45 => at += if (a & it.k != 0) it.jt else it.jf,
            0x06 => return it.k,
            0x16 => return a,
            else => unreachable, // no other is in it
        }
    }
}

fn word(comptime T: type, packet: []const u8, at: usize) ?u32 {
    if (at + @sizeOf(T) > packet.len) return null;
    return std.mem.readInt(T, packet[at..][0..@sizeOf(T)], .big);
}

fn frame4(source: u32, destination: u32, protocol: u8, ports: u32) [74]u8 {
    var bytes: [74]u8 = @splat(0);
    bytes[12] = 8;
    bytes[14] = 0x45;
    bytes[23] = protocol;
    std.mem.writeInt(u32, bytes[26..30], source, .big);
    std.mem.writeInt(u32, bytes[30..34], destination, .big);
    std.mem.writeInt(u32, bytes[34..38], ports, .big);
    return bytes;
}

fn frame6(source: u64, destination: u64, next: u8, ports: u32) [74]u8 {
    var bytes: [74]u8 = @splat(0);
    bytes[12] = 0x86;
    bytes[13] = 0xdd;
    bytes[14] = 0x60;
    bytes[20] = next;
    std.mem.writeInt(u64, bytes[30..38], source, .big);
    std.mem.writeInt(u64, bytes[46..54], destination, .big);
    std.mem.writeInt(u32, bytes[54..58], ports, .big);
    return bytes;
}

test "all frames of a flow, fragments among them, have one dispatcher" {
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    const protocols = [_]u8{ 1, 6, 17, 44, 47, 50, 58, 0 };
    for (0..20_000) |_| {
        const protocol = protocols[random.uintLessThan(usize, protocols.len)];
        const ports = random.int(u32);
        var one = if (random.boolean())
            frame4(random.int(u32), random.int(u32), protocol, ports)
        else
            frame6(random.int(u64), random.int(u64), protocol, ports);
        if (one[12] == 8 and random.boolean()) one[20] = 0x20; // a fragment
        var other = one;
        // Whatever else differs in it, such as the rest of what lies in a tunnel.
        for (other[58..]) |*byte| byte.* = random.int(u8);
        other[18] = random.int(u8);
        if (one[12] == 8 and one[20] != 0) {
            for (other[34..]) |*byte| byte.* = random.int(u8);
            other[21] = random.int(u8); // a later one
        } else if (protocol != 6 and protocol != 17) {
            const start: usize = if (one[12] == 8) 42 else 62;
            for (other[start..]) |*byte| byte.* = random.int(u8);
        }
        if (flow.hash(&one) != flow.hash(&other)) continue; // ICMP of another kind, say
        try expectEqual(run(&one), run(&other));
    }
}

test "what is inside a tunnel, and which way a connection goes, makes no difference" {
    var gre = frame4(0x0a00_0001, 0x0a00_0002, 47, 0);
    const before = run(&gre);
    for (gre[38..], 0..) |*byte, i| byte.* = @intCast(i);
    try expectEqual(before, run(&gre));
    const there = frame4(0x0a00_0001, 0xac10_0001, 6, 40_000 << 16 | 80);
    const back = frame4(0xac10_0001, 0x0a00_0001, 6, 80 << 16 | 40_000);
    try expectEqual(run(&there), run(&back));
    const there6 = frame6(1, 2, 17, 53 << 16 | 999);
    try expectEqual(run(&there6), run(&frame6(2, 1, 17, 999 << 16 | 53)));
}

test "flows are spread over dispatchers, by addresses alone and by ports alone" {
    for ([_]u32{ 2, 3, 4, 16 }) |dispatchers| for ([_]u32{ 0, 1, 2, 3 }) |kind| {
        var counts: [16]u32 = @splat(0);
        for (0..1600) |i| {
            const n: u32 = @intCast(i);
            const result = switch (kind) {
                0 => run(&frame4(0x0a00_0000 + n, 0xac10_0000 + n, 6, 0)),
                1 => run(&frame4(0x0a00_0001, 0xac10_0001, 17, n << 16 | 9)),
                2 => run(&frame6(n, 0x2001, 17, 7 << 16 | 9)),
                else => run(&frame6(1, 2, 6, n << 16 | 443)),
            };
            counts[result % dispatchers] += 1;
        }
        const even = 1600 / dispatchers;
        for (counts[0..dispatchers]) |count| try expect(count > even / 2 and count < even * 2);
    };
}

test "what isn't IP, or is cut short, is the first one's" {
    var arp = frame4(1, 2, 6, 3);
    arp[13] = 6;
    try expectEqual(0, run(&arp));
    const whole = frame4(1, 2, 6, 3);
    for (14..34) |length| try expectEqual(0, run(whole[0..length]));
}
