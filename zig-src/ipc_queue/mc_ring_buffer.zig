//! MCRingBuffer (the paper's [23]: Lee, Bu, Chandranmenon, IPDPS 2010), on batches: a ring as
//! Lamport's in which each side works on a private copy of the peer's index and reads the shared
//! one only when by the copy the ring is full, or empty; indices are published once a batch. Cache
//! lines then cross between cores once a batch instead of once an entry.
//!
//! A partly filled batch is never stuck: `push` makes no one wait for more, and `publish` shows all
//! that was pushed. The consumer publishes its index in every `pop`, before its caller touches what
//! was taken: what a dead consumer had not taken is known exactly.
//!
//! Memory ordering. As Lamport's: `tail` and `head` are stored with release after the entries were
//! written or copied out, and loaded with acquire when a copy is renewed. An old copy of an index
//! is only ever too small, never too large, so acting on it touches no entry that the peer still
//! owns; the acquire that fetched it ordered all that it covers.
const abi = @import("../abi.zig");
const ring = @import("ring.zig");

pub const bytesFor = ring.bytesFor;
pub const startAt = ring.startAt;

pub const Producer = struct {
    shared: *align(abi.cache_line_bytes) ring.Shared,
    words: [*]u64,
    capacity: u32,
    tail: u32,
    head_seen: u32,
    bad: bool = false,

    pub fn init(memory: ring.Memory, capacity: u32) Producer {
        const shared = ring.Shared.at(memory);
        return .{
            .shared = shared,
            .words = shared.words(),
            .capacity = capacity,
            .tail = @atomicLoad(u32, &shared.tail, .acquire),
            .head_seen = @atomicLoad(u32, &shared.head, .acquire),
        };
    }

    /// Entries that the consumer has not taken; renews the copy of its index.
    pub fn length(p: *Producer) u32 {
        const head = @atomicLoad(u32, &p.shared.head, .acquire);
        const used = p.tail -% head;
        if (used > p.capacity) {
            p.bad = true;
            return p.capacity;
        }
        p.head_seen = head;
        return used;
    }

    pub fn push(p: *Producer, items: []const u64) u32 {
        var room = p.capacity - (p.tail -% p.head_seen);
        if (room < items.len) room = p.capacity - p.length();
        const count: u32 = @intCast(@min(items.len, room));
        const mask = p.capacity - 1;
        const words = p.words;
        var tail = p.tail;
        for (items[0..count]) |item| {
            words[tail & mask] = item;
            tail +%= 1;
        }
        p.tail = tail;
        return count;
    }

    pub fn publish(p: *Producer) void {
        @atomicStore(u32, &p.shared.tail, p.tail, .release);
    }

    /// As lamport.zig's.
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
    tail_seen: u32,
    bad: bool = false,

    pub fn init(memory: ring.Memory, capacity: u32) Consumer {
        const shared = ring.Shared.at(memory);
        const head = @atomicLoad(u32, &shared.head, .acquire);
        return .{
            .shared = shared,
            .words = shared.words(),
            .capacity = capacity,
            .head = head,
            .tail_seen = head,
        };
    }

    /// Entries that wait; renews the copy of the producer's index.
    pub fn length(c: *Consumer) u32 {
        const tail = @atomicLoad(u32, &c.shared.tail, .acquire);
        const available = tail -% c.head;
        if (available > c.capacity) {
            c.bad = true;
            return 0;
        }
        c.tail_seen = tail;
        return available;
    }

    pub fn pop(c: *Consumer, into: []u64) u32 {
        var available = c.tail_seen -% c.head;
        // Renewed also when less than a whole batch is known of: a short batch would cost the peer
        // as many transfers as a full one.
        if (available < into.len) available = c.length();
        const count: u32 = @intCast(@min(available, into.len));
        const mask = c.capacity - 1;
        // The next entries come together with the index that tells of them, not after it.
        if (count == 0) {
            @prefetch(&c.words[c.head & mask], .{});
            return 0;
        }
        const words = c.words;
        var head = c.head;
        for (into[0..count]) |*item| {
            item.* = words[head & mask];
            head +%= 1;
        }
        c.head = head;
        @atomicStore(u32, &c.shared.head, head, .release);
        return count;
    }
};

/// For tests.
pub fn corruptPeer(memory: ring.Memory, comptime End: type, garbage: u32) void {
    ring.corruptPeer(memory, if (End == Producer) .producer else .consumer, garbage);
}
