//! FastForward (the paper's [17]: Giacomoni, Moseley, Vachharajani, PPoPP 2008): no index is
//! shared; a word itself says whether its place is empty (zero) or full. Descriptors are never
//! zero.
//!
//! Temporal slipping: when the consumer finds less than a cache line of words it lingers a moment,
//! once, so that the two sides work on different lines; it never waits for more to come, so a
//! partly filled line is not stuck.
//!
//! Memory ordering. The producer loads a place with acquire and finds zero: the consumer's reads of
//! it are over, as the consumer stored that zero with release after them. It stores the word with
//! release: what it wrote before (the frame) is seen by the consumer's acquire load of the word.
//! Each place is its own synchronisation, so nothing depends on stores to different places staying
//! in order. The ring's `tail` is constant here, where both sides begin; `head` is only an estimate
//! for load and a help for nobody's safety.
//!
//! A word that a hostile peer writes is a descriptor like any other, judged as such; no index of
//! the peer's is followed at all.
const std = @import("std");
const abi = @import("../abi.zig");
const ring = @import("ring.zig");

/// No index that a peer could make impossible.
pub const shares_indices = false;

const words_per_line = 16;
const slip_pauses = 8;

pub const bytesFor = ring.bytesFor;
pub const startAt = ring.startAt;

pub const Producer = struct {
    shared: *align(abi.cache_line_bytes) ring.Shared,
    words: [*]u64,
    capacity: u32,
    tail: u32,
    bad: bool = false,

    pub fn init(memory: ring.Memory, capacity: u32) Producer {
        const shared = ring.Shared.at(memory);
        return .{
            .shared = shared,
            .words = shared.words(),
            .capacity = capacity,
            .tail = shared.tail,
        };
    }

    /// By the consumer's own account: an estimate, cut to what is possible.
    pub fn length(p: *Producer) u32 {
        return @min(p.tail -% @atomicLoad(u32, &p.shared.head, .acquire), p.capacity);
    }

    pub fn push(p: *Producer, items: []const u64) u32 {
        const mask = p.capacity - 1;
        for (items, 0..) |item, i| {
            const place = &p.words[p.tail & mask];
            if (@atomicLoad(u64, place, .acquire) != 0) return @intCast(i);
            @atomicStore(u64, place, item, .release);
            p.tail +%= 1;
        }
        return @intCast(items.len);
    }

    /// Every word is seen as it is pushed.
    pub fn publish(_: *Producer) void {}

    /// As lamport.zig's; the places themselves say what was not taken.
    pub fn untaken(p: *Producer, into: []u64) u32 {
        const mask = p.capacity - 1;
        var count: u32 = 0;
        for (0..p.capacity) |i| {
            const word = @atomicLoad(
                u64,
                &p.words[(p.tail +% @as(u32, @intCast(i))) & mask],
                .acquire,
            );
            if (word == 0 or count == into.len) continue;
            into[count] = word;
            count += 1;
        }
        return count;
    }
};

pub const Consumer = struct {
    shared: *align(abi.cache_line_bytes) ring.Shared,
    words: [*]u64,
    capacity: u32,
    head: u32,
    bad: bool = false,

    pub fn init(memory: ring.Memory, capacity: u32) Consumer {
        const shared = ring.Shared.at(memory);
        return .{
            .shared = shared,
            .words = shared.words(),
            .capacity = capacity,
            .head = shared.tail,
        };
    }

    /// Whether something waits: 1 or 0, as only the next place is looked at.
    pub fn length(c: *Consumer) u32 {
        return @intFromBool(@atomicLoad(u64, &c.words[c.head & (c.capacity - 1)], .acquire) != 0);
    }

    pub fn pop(c: *Consumer, into: []u64) u32 {
        var count = c.take(into);
        if (count == 0) return 0;
        if (count < words_per_line and count < into.len) {
            for (0..slip_pauses) |_| std.atomic.spinLoopHint();
            count += c.take(into[count..]);
        }
        @atomicStore(u32, &c.shared.head, c.head, .release);
        return count;
    }

    fn take(c: *Consumer, into: []u64) u32 {
        const mask = c.capacity - 1;
        for (into, 0..) |*item, i| {
            const place = &c.words[c.head & mask];
            const word = @atomicLoad(u64, place, .acquire);
            if (word == 0) return @intCast(i);
            item.* = word;
            @atomicStore(u64, place, 0, .release);
            c.head +%= 1;
        }
        return @intCast(into.len);
    }
};
