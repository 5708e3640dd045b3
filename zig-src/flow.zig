//! Flows: which frames must not overtake each other. The key is the 5-tuple; the 3-tuple of
//! addresses and protocol for fragments, whose ports only the first carries; addresses, protocol
//! and identifier for ICMP echo.
//!
//! The table remembers the VRI of each flow, and how many of its frames are on their way, so that a
//! flow changes its VRI only when none is: then nothing can be overtaken.
const std = @import("std");

const tcp = 6;
const udp = 17;
const icmp = 1;
const icmpv6 = 58;
const ipv6_fragment = 44;

/// Hash of the frame's flow: never zero. Inline, as it is part of the way of each frame.
pub inline fn hash(bytes: []const u8) u32 {
    @setRuntimeSafety(false); // lengths are compared here and in `ports`
    if (bytes.len < 34) return 1;
    return switch (std.mem.readInt(u16, bytes[12..14], .big)) {
        0x0800 => hash4(bytes),
        0x86dd => if (bytes.len < 54) 1 else hash6(bytes),
        else => 1,
    };
}

fn hash4(bytes: []const u8) u32 {
    @setRuntimeSafety(false);
    const addresses = std.mem.readInt(u64, bytes[26..34], .little);
    const protocol = bytes[23];
    // More fragments, or an offset: any part of a fragmented packet.
    const is_fragment = std.mem.readInt(u16, bytes[20..22], .big) & 0x3fff != 0;
    const at = 14 + @as(usize, bytes[14] & 15) * 4;
    return mix(addresses, if (is_fragment) 0 else ports(bytes, at, protocol), protocol);
}

fn hash6(bytes: []const u8) u32 {
    const words = std.mem.bytesAsSlice(u64, bytes[22..54]);
    const rotl = std.math.rotl;
    const source = words[0] ^ rotl(u64, words[1], 13);
    const addresses = source ^ rotl(u64, words[2], 29) ^ rotl(u64, words[3], 43);
    const protocol = bytes[20];
    // The fragment header's protocol is not that of the whole, but the same in all of its parts.
    const transport = if (protocol == ipv6_fragment) 0 else ports(bytes, 54, protocol);
    return mix(addresses, transport, protocol);
}

/// Both ports, or an echo's identifier, or zero.
fn ports(bytes: []const u8, at: usize, protocol: u8) u32 {
    @setRuntimeSafety(false);
    if (bytes.len < at + 8) return 0;
    const is_echo = switch (protocol) {
        tcp, udp => return std.mem.readInt(u32, bytes[at..][0..4], .little),
        icmp => bytes[at] == 8 or bytes[at] == 0,
        icmpv6 => bytes[at] == 128 or bytes[at] == 129,
        else => false,
    };
    return if (is_echo) std.mem.readInt(u16, bytes[at + 4 ..][0..2], .little) else 0;
}

inline fn mix(addresses: u64, transport: u32, protocol: u8) u32 {
    var h = addresses ^ (@as(u64, transport) << 17) ^ (@as(u64, protocol) << 56);
    h = (h ^ h >> 32) *% 0xd6e8_feb8_6659_fd93;
    h = (h ^ h >> 32) *% 0xd6e8_feb8_6659_fd93;
    const folded: u32 = @truncate(h >> 32);
    return if (folded == 0) 1 else folded;
}

/// One flow. 16 bytes: four to a cache line.
pub const Entry = struct {
    hash: u32 = 0, // 0: free
    vri_plus_1: u16 = 0, // number of the VRI that serves it; 0: none yet
    parked: u16 = 0, // frames that wait until their VRI has let go of the earlier ones
    in_flight: u32 = 0, // frames that its VRI holds
    seen_ms: u32 = 0,
};

/// Of one VR. Bounded: a new flow that finds its four places taken by live ones shares one of them,
/// so it goes where that one goes; counted.
pub const Table = struct {
    entries: []Entry,
    /// A flow that is silent for so long may go to another VRI, or its place to another flow.
    idle_ms: u32,
    shared_flows: u64 = 0,

    const ways = 4;

    pub fn init(gpa: std.mem.Allocator, count: u32, idle_ms: u32) !Table {
        const entries = try gpa.alloc(Entry, count);
        @memset(entries, .{});
        return .{ .entries = entries, .idle_ms = idle_ms };
    }

    pub fn deinit(t: *Table, gpa: std.mem.Allocator) void {
        gpa.free(t.entries);
    }

    /// The index of the flow's entry. A fresh one has `in_flight` 0 and is stale, so that the
    /// caller chooses a VRI for it.
    pub fn find(t: *Table, flow_hash: u32, now_ms: u32) u32 {
        @setRuntimeSafety(false); // the hash is masked to the table
        const set = (flow_hash & (@as(u32, @intCast(t.entries.len)) - 1)) & ~@as(u32, ways - 1);
        const places = t.entries[set..][0..ways];
        for (places, set..) |*entry, i| if (entry.hash == flow_hash) return @intCast(i);
        for (places, set..) |*entry, i| if (entry.hash == 0 or t.isStale(entry, now_ms)) {
            entry.* = .{ .hash = flow_hash, .seen_ms = now_ms -% t.idle_ms };
            return @intCast(i);
        };
        t.shared_flows += 1;
        return set + (flow_hash >> 30);
    }

    /// Whether the flow may lose its place: nothing of it on the way, and silent for a while.
    fn isStale(t: *const Table, entry: *const Entry, now_ms: u32) bool {
        return entry.in_flight == 0 and entry.parked == 0 and t.isSilent(entry, now_ms);
    }

    /// Whether nothing of the flow came for a while.
    pub fn isSilent(t: *const Table, entry: *const Entry, now_ms: u32) bool {
        return now_ms -% entry.seen_ms >= t.idle_ms;
    }
};

test "frames of one flow hash alike, fragments by addresses and protocol" {
    var a: [60]u8 = @splat(0);
    a[12] = 8;
    a[14] = 0x45;
    a[23] = udp;
    a[33] = 9;
    a[35] = 7;
    var b = a;
    b[50] = 99; // payload
    b[19] = 77; // identification
    try std.testing.expectEqual(hash(&a), hash(&b));
    b[35] = 8;
    try std.testing.expect(hash(&a) != hash(&b));
    a[20] = 0x20;
    b[20] = 0x20; // more fragments
    try std.testing.expectEqual(hash(&a), hash(&b));
    b[21] = 5; // a later one, with payload where ports would be
    try std.testing.expectEqual(hash(&a), hash(&b));
    a[20] = 0;
    a[23] = icmp;
    a[34] = 8;
    b = a;
    b[41] = 3; // the sequence number
    try std.testing.expectEqual(hash(&a), hash(&b));
    b[39] = 3; // the identifier
    try std.testing.expect(hash(&a) != hash(&b));
    for (0..60) |length| _ = hash(a[0..length]);
}

test "a flow keeps its entry while it lives; a full set is shared and counted" {
    var t: Table = try .init(std.testing.allocator, 16, 700);
    defer t.deinit(std.testing.allocator);
    const first = t.find(16, 1000);
    try std.testing.expect(t.isStale(&t.entries[first], 1000));
    t.entries[first].seen_ms = 1000;
    t.entries[first].in_flight = 1;
    try std.testing.expectEqual(first, t.find(16, 5000));
    for ([_]u32{ 32, 48, 64 }) |other| t.entries[t.find(other, 1000)].seen_ms = 1000;
    const fifth = t.find(80, 1100);
    try std.testing.expectEqual(1, t.shared_flows);
    try std.testing.expect(t.entries[fifth].hash != 80);
    const before = t.find(80, 1000 + 699);
    try std.testing.expect(t.entries[before].hash != 80);
    const later = t.find(80, 1000 + 700);
    try std.testing.expectEqual(80, t.entries[later].hash);
    try std.testing.expectEqual(16, t.entries[first].hash); // its frame is still on the way
}
