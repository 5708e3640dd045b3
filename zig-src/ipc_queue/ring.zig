//! What the rings of words have in common: how one lies in a segment, and the ends' helpers for
//! tests. `lamport.zig`, `mc_ring_buffer.zig` and `fast_forward.zig` differ in what they do with
//! it.
//!
//! Two numbers, each in lines of its own, then the words. Indices are free-running 32-bit counters:
//! entry i lies at i mod capacity, and `tail - head` (mod 2^32) is the number of entries, also
//! after a wrap, as the capacity is a power of two below 2^31.
const abi = @import("../abi.zig");

pub const Memory = [*]align(abi.cache_line_bytes) u8;

pub const Shared = extern struct {
    /// Written by the producer. FastForward: where both sides begin, constant.
    tail: u32 align(abi.cache_line_bytes),
    /// Written by the consumer.
    head: u32 align(abi.cache_line_bytes),

    pub fn at(memory: Memory) *align(abi.cache_line_bytes) Shared {
        return @ptrCast(memory);
    }

    pub fn words(shared: *align(abi.cache_line_bytes) Shared) [*]u64 {
        return @ptrCast(@alignCast(@as([*]u8, @ptrCast(shared)) + @sizeOf(Shared)));
    }
};

/// Bytes that a queue of `capacity` words takes in a segment.
pub fn bytesFor(capacity: u32) usize {
    return @sizeOf(Shared) + @as(usize, capacity) * @sizeOf(u64);
}

/// The last `used` entries before `tail`, oldest first, into `into`; returns how many.
pub fn copyOut(words: [*]const u64, capacity: u32, tail: u32, used: u32, into: []u64) u32 {
    const count: u32 = @intCast(@min(used, into.len));
    const mask = capacity - 1;
    for (into[0..count], 0..) |*item, i|
        item.* = words[(tail -% used +% @as(u32, @intCast(i))) & mask];
    return count;
}

/// For tests: makes the queue at `memory` begin at `index`, so that counters wrap soon.
pub fn startAt(memory: Memory, index: u32) void {
    Shared.at(memory).* = .{ .tail = index, .head = index };
}

/// For tests: writes garbage where the producer's peer writes, or the consumer's.
pub fn corruptPeer(memory: Memory, of: enum { producer, consumer }, garbage: u32) void {
    const shared = Shared.at(memory);
    if (of == .producer) shared.head = garbage else shared.tail = garbage;
}
