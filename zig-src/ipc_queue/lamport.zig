//! Lamport's bounded single-producer single-consumer ring (the paper's [22]): one index written by
//! each side, nothing else shared. The plainest of the queues: every operation reads the peer's
//! index anew.
//!
//! Memory ordering. The producer writes entries, then stores `tail` with release; the consumer
//! loads `tail` with acquire, so it sees every entry below it. The consumer copies entries out,
//! then stores `head` with release; the producer loads `head` with acquire, so its later writes to
//! those entries cannot move before the consumer's reads. Neither side writes what the other side
//! writes, so no read-modify-write is needed, on any machine.
//!
//! The peer is another process, its index is input: a distance above the capacity is `error`-like
//! (`bad`), never followed.
const abi = @import("../abi.zig");
const ring = @import("ring.zig");

pub const bytesFor = ring.bytesFor;
pub const startAt = ring.startAt;

pub const Producer = struct {
    shared: *align(abi.cache_line_bytes) ring.Shared,
    words: [*]u64,
    capacity: u32,
    tail: u32, // own index; the shared copy is for the peer
    bad: bool = false, // the peer wrote an impossible index

    pub fn init(memory: ring.Memory, capacity: u32) Producer {
        const shared = ring.Shared.at(memory);
        return .{
            .shared = shared,
            .words = shared.words(),
            .capacity = capacity,
            .tail = @atomicLoad(u32, &shared.tail, .acquire),
        };
    }

    /// Entries that the consumer has not taken; the capacity when its index is impossible.
    pub fn length(p: *Producer) u32 {
        const used = p.tail -% @atomicLoad(u32, &p.shared.head, .acquire);
        if (used > p.capacity) {
            p.bad = true;
            return p.capacity;
        }
        return used;
    }

    /// Writes as many of `items` as fit; returns how many. The consumer sees them after `publish`.
    pub fn push(p: *Producer, items: []const u64) u32 {
        const count: u32 = @intCast(@min(items.len, p.capacity - p.length()));
        const mask = p.capacity - 1;
        for (items[0..count]) |item| {
            p.words[p.tail & mask] = item;
            p.tail +%= 1;
        }
        return count;
    }

    pub fn publish(p: *Producer) void {
        @atomicStore(u32, &p.shared.tail, p.tail, .release);
    }

    /// The entries that the consumer has not taken, oldest first, into `into`; returns how many.
    /// Only when the consumer is gone for good: what it had marked as taken stays out.
    pub fn untaken(p: *Producer, into: []u64) u32 {
        const used = p.length();
        if (p.bad) return 0;
        return ring.copyOut(p.words, p.capacity, p.tail, used, into);
    }
};

pub const Consumer = struct {
    shared: *align(abi.cache_line_bytes) ring.Shared,
    words: [*]const u64,
    capacity: u32,
    head: u32,
    bad: bool = false,

    pub fn init(memory: ring.Memory, capacity: u32) Consumer {
        const shared = ring.Shared.at(memory);
        return .{
            .shared = shared,
            .words = shared.words(),
            .capacity = capacity,
            .head = @atomicLoad(u32, &shared.head, .acquire),
        };
    }

    /// Entries that wait; none when the producer's index is impossible.
    pub fn length(c: *Consumer) u32 {
        const available = @atomicLoad(u32, &c.shared.tail, .acquire) -% c.head;
        if (available > c.capacity) {
            c.bad = true;
            return 0;
        }
        return available;
    }

    /// Copies up to `into.len` entries out and gives their places back; returns how many.
    pub fn pop(c: *Consumer, into: []u64) u32 {
        const count: u32 = @intCast(@min(c.length(), into.len));
        if (count == 0) return 0;
        const mask = c.capacity - 1;
        for (into[0..count]) |*item| {
            item.* = c.words[c.head & mask];
            c.head +%= 1;
        }
        @atomicStore(u32, &c.shared.head, c.head, .release);
        return count;
    }
};

/// For tests.
pub fn corruptPeer(memory: ring.Memory, comptime End: type, garbage: u32) void {
    ring.corruptPeer(memory, if (End == Producer) .producer else .consumer, garbage);
}
