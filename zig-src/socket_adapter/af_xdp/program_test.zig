//! The XDP program, run in the kernel (BPF_PROG_TEST_RUN) beside the classifier, on random frames
//! and random sets of prefixes. Needs the privileges that the adapter needs; skipped without.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../../abi.zig");
const bpf = @import("bpf.zig");
const classifier = @import("../../classifier.zig");
const program = @import("program.zig");
const Frame = @import("../frame.zig").Frame;
const Sets = @import("sets.zig").Sets;
const testing = std.testing;

const pass = 2;
const redirect = 4;
const mac: [6]u8 = .{ 0x02, 0xfe, 0x80, 0x90, 0xa0, 0xb0 };
const tags = [_]u16{ abi.no_vlan, 100, 4000 };
const port_numbers = [_]u8{ 0, 77, 254 };
const longest = 1792;

/// The program with its maps, as an interface has them, of one untagged port and two tagged ones.
const Bench = struct {
    sets: Sets,
    ports: bpf.Map,
    sockets: bpf.Map,
    socket: i32,
    fd: i32,

    fn init(b: *Bench, frags: bool) !void {
        b.sets.init() catch |e|
            return if (e == error.Denied) error.SkipZigTest else e;
        b.ports = try .array(@sizeOf(program.PortEntry), program.tag_count);
        b.sockets = try .sockets(tags.len);
        b.socket = @intCast(linux.socket(linux.AF.XDP, linux.SOCK.RAW | linux.SOCK.CLOEXEC, 0));
        for (tags, port_numbers, 0..) |tag, number, i| {
            const key: u32 = if (tag == abi.no_vlan) program.untagged else tag;
            const entry: program.PortEntry = .{
                .port_plus_1 = @as(u32, number) + 1,
                .first_socket = @intCast(i),
            };
            try b.ports.put(std.mem.asBytes(&key), std.mem.asBytes(&entry));
            const index: u32 = @intCast(i);
            try b.sockets.put(std.mem.asBytes(&index), std.mem.asBytes(&b.socket));
        }
        var assembler: program.Assembler = .{};
        const code = program.assemble(&assembler, &.{
            .maps = .{
                .served4 = b.sets.served4.fd,
                .served6 = b.sets.served6.fd,
                .local4 = b.sets.local4.fd,
                .local6 = b.sets.local6.fd,
                .watches = b.sets.watches.fd,
                .ports = b.ports.fd,
                .sockets = b.sockets.fd,
            },
            .mac = mac,
            .queues = 1,
            .longest = longest,
            .frags = frags,
            .tag_function = null,
        });
        const log = try testing.allocator.alloc(u8, 1 << 16);
        defer testing.allocator.free(log);
        @memset(log, 0);
        b.fd = bpf.load(code, .{ .frags = frags }, log) catch |e| {
            std.debug.print("{s}\n", .{std.mem.sliceTo(log, 0)});
            return e;
        };
    }

    fn deinit(b: *Bench) void {
        _ = linux.close(b.fd);
        _ = linux.close(b.socket);
        b.sockets.close();
        b.ports.close();
        b.sets.deinit();
    }

    fn adopt(b: *Bench, served: *const classifier.Served) !void {
        _ = try b.sets.narrow(served);
        try b.sets.widen(served);
    }
};

/// Few distinct bytes, so that prefixes nest and addresses fall into them.
fn address(random: std.Random, into: []u8) void {
    for (into) |*byte| byte.* = random.uintLessThan(u8, 3) * 100 + random.uintLessThan(u8, 2);
}

fn prefixes(random: std.Random, into: []abi.PlanPrefix, vrs: u32) []abi.PlanPrefix {
    const all = into[0..random.uintAtMost(usize, into.len)];
    for (all) |*p| {
        const family: u8 = if (random.boolean()) 4 else 6;
        p.* = .{
            .address = @splat(0),
            .family = family,
            .length = random.uintAtMost(u8, if (family == 4) 32 else 128),
            .vr = random.uintLessThan(u32, vrs),
        };
        if (random.boolean()) p.length = @min(p.length, 12);
        address(random, p.address[0..if (family == 4) 4 else 16]);
    }
    return all;
}

const Made = struct { bytes: []u8, tag: ?u16, frame: Frame };

/// A frame as a sender puts it on the wire, and as a packet socket would hand it out.
fn makeFrame(random: std.Random, buffer: []u8, plain: []u8) Made {
    const bytes = buffer[0..random.intRangeAtMost(usize, 14, if (random.boolean()) 100 else 2000)];
    random.bytes(bytes);
    switch (random.uintLessThan(u8, 8)) {
        0 => {}, // any
        1 => bytes[0] |= 1,
        2 => {
            bytes[0..6].* = mac;
            bytes[random.uintLessThan(usize, 6)] ^= 2; // almost
        },
        3 => bytes[0] &= 0xfe,
        else => bytes[0..6].* = mac,
    }
    var tag: ?u16 = null;
    var at: usize = 12;
    if (random.uintLessThan(u8, 3) == 0 and bytes.len >= 18) {
        std.mem.writeInt(u16, bytes[12..14], 0x8100, .big);
        tag = random.int(u16) & 0xf000 | switch (random.uintLessThan(u8, 4)) {
            0 => random.int(u12),
            1 => 0,
            2 => tags[1],
            else => tags[2],
        };
        std.mem.writeInt(u16, bytes[14..16], tag.?, .big);
        at = 16;
    }
    const ether_type: u16 = switch (random.uintLessThan(u8, 6)) {
        0 => 0x0806,
        1 => random.int(u16),
        2, 3 => 0x86dd,
        else => 0x0800,
    };
    std.mem.writeInt(u16, bytes[at..][0..2], ether_type, .big);
    const ip = bytes[at + 2 ..];
    if (ip.len >= 20 and ether_type == 0x0800) address(random, ip[12..20]);
    if (ip.len >= 40 and ether_type == 0x86dd) address(random, ip[8..40]);
    // As captured: without the tag.
    const rest = if (tag == null) 12 else @as(usize, 16);
    @memcpy(plain[0..12], bytes[0..12]);
    @memcpy(plain[12..][0 .. bytes.len - rest], bytes[rest..]);
    const is_own = std.mem.eql(u8, bytes[0..6], &mac);
    return .{ .bytes = bytes, .tag = tag, .frame = .{
        .bytes = plain[0 .. 12 + bytes.len - rest],
        .tag = tag orelse 0,
        .to = if (is_own) .host else if (bytes[0] & 1 != 0) .many else .other_host,
        .offload = .{},
    } };
}

/// The port that the frame is of, or null: the tag is nobody's.
fn portOf(tag: ?u16) ?u8 {
    const tci = tag orelse return port_numbers[0];
    for (tags[1..], port_numbers[1..]) |id, number| if (tci & 0xfff == id) return number;
    return null;
}

fn expected(it: *const classifier.Classifier, made: *const Made) u32 {
    const port = portOf(made.tag) orelse return pass;
    if (made.bytes.len > longest) return pass;
    return if (it.vrOf(&made.frame, port) == null) pass else redirect;
}

fn agree(frags: bool) !void {
    var bench: Bench = undefined;
    try bench.init(frags);
    defer bench.deinit();
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = random_state.random();
    var taken: u32 = 0;
    var left: u32 = 0;
    for (0..60) |_| {
        var memory: std.heap.ArenaAllocator = .init(testing.allocator);
        defer memory.deinit();
        const vrs = 5;
        var served_room: [60]abi.PlanPrefix = undefined;
        var local_room: [8]abi.PlanPrefix = undefined;
        const served = prefixes(random, &served_room, vrs);
        const local = prefixes(random, &local_room, 1);
        var watches: [vrs]classifier.Watch = @splat(.{});
        var ports: [vrs][4]u64 = @splat(@splat(0));
        for (&watches, &ports) |*watch, *watched| {
            watch.wants = random.uintLessThan(u32, 4);
            for (&watch.ports) |*word| word.* = random.int(u64);
            if (watch.wants & abi.wants_promiscuous != 0) watched.* = watch.ports;
        }
        const it: classifier.Classifier =
            try .build(memory.allocator(), served, local, &watches);
        try bench.adopt(&.{ .served = served, .local = local, .watches = &ports });
        for (0..500) |_| {
            var buffer: [2048]u8 = undefined;
            var plain: [2048]u8 = undefined;
            const made = makeFrame(random, &buffer, &plain);
            const verdict = try bpf.run(bench.fd, made.bytes);
            try testing.expectEqual(expected(&it, &made), verdict);
            if (verdict == redirect) taken += 1 else left += 1;
        }
    }
    try testing.expect(taken > 300 and left > 300); // else nothing was compared
}

test "the XDP program takes exactly what the classifier serves" {
    try agree(false);
}

test "so does the one for frames in several pieces" {
    try agree(true);
}

test "while plans change, the program takes nothing that either of them leaves to the kernel" {
    var bench: Bench = undefined;
    try bench.init(false);
    defer bench.deinit();
    var random_state: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = random_state.random();
    var memory: std.heap.ArenaAllocator = .init(testing.allocator);
    defer memory.deinit();
    const gpa = memory.allocator();
    var before: classifier.Classifier = try .build(gpa, &.{}, &.{}, &.{});
    var taken: u32 = 0;
    for (0..40) |_| {
        const served = prefixes(random, try gpa.alloc(abi.PlanPrefix, 40), 2);
        const local = prefixes(random, try gpa.alloc(abi.PlanPrefix, 4), 1);
        const watches = try gpa.alloc(classifier.Watch, 2);
        const ports = try gpa.alloc([4]u64, 2);
        for (watches, ports) |*watch, *watched| {
            watch.* = .{ .wants = abi.wants_promiscuous };
            for (&watch.ports) |*word| word.* = random.int(u64);
            watched.* = watch.ports;
        }
        const after: classifier.Classifier = try .build(gpa, served, local, watches);
        const wanted: classifier.Served = .{ .served = served, .local = local, .watches = ports };
        _ = try bench.sets.narrow(&wanted);
        for (0..300) |_| {
            var buffer: [2048]u8 = undefined;
            var plain: [2048]u8 = undefined;
            const made = makeFrame(random, &buffer, &plain);
            if (try bpf.run(bench.fd, made.bytes) != redirect) continue;
            taken += 1;
            try testing.expectEqual(redirect, expected(&before, &made));
            try testing.expectEqual(redirect, expected(&after, &made));
        }
        try bench.sets.widen(&wanted);
        before = after;
    }
    try testing.expect(taken > 50);
}

test "a frame of a queue or a port that has no socket stays with the kernel" {
    var bench: Bench = undefined;
    try bench.init(false);
    defer bench.deinit();
    const all: abi.PlanPrefix = .{ .address = @splat(0), .family = 4, .length = 0, .vr = 0 };
    try bench.adopt(&.{ .served = &.{all}, .watches = &.{@splat(0)} });
    var frame: [60]u8 = @splat(0);
    frame[0..6].* = mac;
    frame[12] = 8;
    try testing.expectEqual(redirect, bpf.run(bench.fd, &frame));
    const socket: u32 = 0;
    try bench.sockets.remove(std.mem.asBytes(&socket));
    try testing.expectEqual(pass, bpf.run(bench.fd, &frame));
    try bench.sockets.put(std.mem.asBytes(&socket), std.mem.asBytes(&bench.socket));
    try testing.expectEqual(redirect, bpf.run(bench.fd, &frame));
    const key: u32 = program.untagged;
    const none: program.PortEntry = .{};
    try bench.ports.put(std.mem.asBytes(&key), std.mem.asBytes(&none));
    try testing.expectEqual(pass, bpf.run(bench.fd, &frame));
}
