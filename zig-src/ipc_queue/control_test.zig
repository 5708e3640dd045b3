//! The control queue against a model, around wraps, and with garbage from the peer.
const std = @import("std");
const abi = @import("../abi.zig");
const control = @import("control.zig");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

const capacity = 8192;

fn allocate() ![]align(abi.cache_line_bytes) u8 {
    const memory = try std.testing.allocator.alignedAlloc(
        u8,
        .fromByteUnits(abi.cache_line_bytes),
        control.bytesFor(capacity),
    );
    @memset(memory, 0);
    return memory;
}

test "random events arrive whole and in order, around wraps of ring and counters" {
    const memory = try allocate();
    defer std.testing.allocator.free(memory);
    const shared: *control.Shared = @ptrCast(memory.ptr);
    shared.* = .{ .tail = std.math.maxInt(u32) - 4095, .head = std.math.maxInt(u32) - 4095 };
    var p: control.Producer = .init(memory.ptr, capacity);
    var c: control.Consumer = .init(memory.ptr, capacity);
    var state: std.Random.DefaultPrng = .init(std.testing.random_seed);
    const random = state.random();
    var sent: u32 = 0;
    var received: u32 = 0;
    var used: u32 = 0;
    var sizes: [4096]u16 = undefined; // of events in the ring, by number
    var payload: [abi.max_event_bytes]u8 = undefined;
    while (received < 20_000) {
        if (random.boolean() and sent < 20_000) {
            const size: u16 = if (random.boolean()) random.uintAtMost(
                u16,
                64,
            ) else random.uintAtMost(
                u16,
                abi.max_event_bytes,
            );
            @memset(payload[0..size], @truncate(sent));
            const fits = control.recordBytes(size) <= capacity - used;
            try expectEqual(
                fits,
                p.push(.{ .bytes = size, .kind = 32, .source = sent }, payload[0..size]),
            );
            if (!fits) continue;
            used += control.recordBytes(size);
            sizes[sent % sizes.len] = size;
            sent += 1;
        } else {
            var header: abi.EventHeader = undefined;
            const bytes = c.peek(&header, &payload) orelse {
                try expectEqual(sent, received);
                continue;
            };
            try expectEqual(received, header.source);
            try expectEqual(sizes[received % sizes.len], header.bytes);
            for (bytes) |byte| try expectEqual(@as(u8, @truncate(received)), byte);
            c.take(header.bytes);
            used -= control.recordBytes(header.bytes);
            received += 1;
        }
    }
    try expect(!p.bad and !c.bad);
}

test "lengths and indices that make no sense are noticed, never followed" {
    const memory = try allocate();
    defer std.testing.allocator.free(memory);
    const shared: *control.Shared = @ptrCast(memory.ptr);
    var header: abi.EventHeader = undefined;
    var payload: [abi.max_event_bytes]u8 = undefined;
    for ([_][2]u32{
        .{ 4, 0 },
        .{ capacity + 8, 0 },
        .{ 16, 60_000 },
        .{ 16, 16 },
        .{ 4104, 4097 },
    }) |case| {
        @memset(memory, 0);
        std.mem.writeInt(u16, memory[@sizeOf(control.Shared)..][0..2], @intCast(case[1]), .little);
        shared.tail = case[0];
        var c: control.Consumer = .init(memory.ptr, capacity);
        try expectEqual(null, c.peek(&header, &payload));
        try expect(c.bad);
    }
    shared.* = .{ .tail = 0, .head = 1 << 20 };
    var p: control.Producer = .init(memory.ptr, capacity);
    try expect(!p.push(.{ .bytes = 0, .kind = 1, .source = 0 }, &.{}));
    try expect(p.bad);
}
