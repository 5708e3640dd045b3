//! The baseline: a ring under a lock that both processes take for every batch, as the paper's
//! lock-based synchronisation ("only one process can access the queue at one time").
//!
//! The lock word holds the owner's process id. It is never waited for without end: who doesn't get
//! it soon comes back with nothing and tries again, so a VRI that dies, stops or lies with the lock
//! in its hands can't block the dispatcher. A lock whose owner is gone is taken over; what the dead
//! one was at is not half done, as an operation takes effect with one store of an index at its end.
//!
//! Memory ordering. Taking the lock is an acquire, giving it back a release: all of one side's
//! operation is seen by the other's next. The indices are atomic besides, as the lengths are
//! estimated without the lock.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");

pub const Shared = extern struct {
    owner: u32 align(abi.cache_line_bytes), // process id, 0: free
    tail: u32,
    head: u32,
};

const tries = 64; // pauses before giving up for this time
const tries_before_owner_check = 1 << 10; // failures in a row
const failures_before_bad = 1 << 22; // some seconds: its holder may just have lost its core

pub fn bytesFor(capacity: u32) usize {
    return @sizeOf(Shared) + @as(usize, capacity) * @sizeOf(u64);
}

fn wordsOf(shared: *align(abi.cache_line_bytes) Shared) [*]u64 {
    return @ptrCast(@alignCast(@as([*]u8, @ptrCast(shared)) + @sizeOf(Shared)));
}

/// What both ends are made of.
const End = struct {
    shared: *align(abi.cache_line_bytes) Shared,
    words: [*]u64,
    capacity: u32,
    process: u32,
    failures: u32 = 0,

    fn init(memory: [*]align(abi.cache_line_bytes) u8, capacity: u32) End {
        const shared: *align(abi.cache_line_bytes) Shared = @ptrCast(memory);
        return .{
            .shared = shared,
            .words = wordsOf(shared),
            .capacity = capacity,
            .process = @intCast(linux.getpid()),
        };
    }

    fn lock(e: *End) bool {
        for (0..tries) |_| {
            if (@cmpxchgWeak(u32, &e.shared.owner, 0, e.process, .acquire, .monotonic) == null) {
                e.failures = 0;
                return true;
            }
            std.atomic.spinLoopHint();
        }
        e.failures +|= 1;
        if (e.failures % tries_before_owner_check != 0) return false;
        const owner = @atomicLoad(u32, &e.shared.owner, .monotonic);
        if (owner == 0 or processExists(owner)) return false;
        // Only one takes it over: the other's exchange finds another owner.
        return @cmpxchgStrong(u32, &e.shared.owner, owner, e.process, .acquire, .monotonic) == null;
    }

    fn unlock(e: *End) void {
        @atomicStore(u32, &e.shared.owner, 0, .release);
    }
};

fn processExists(process: u32) bool {
    const id = std.math.cast(linux.pid_t, process) orelse return false;
    return linux.errno(linux.kill(id, @enumFromInt(0))) != .SRCH;
}

pub const Producer = struct {
    end: End,
    capacity: u32,
    tail: u32, // our own: the shared one is the peer's to spoil
    bad: bool = false,

    pub fn init(memory: [*]align(abi.cache_line_bytes) u8, capacity: u32) Producer {
        const end: End = .init(memory, capacity);
        return .{
            .end = end,
            .capacity = capacity,
            .tail = @atomicLoad(u32, &end.shared.tail, .acquire),
        };
    }

    pub fn length(p: *Producer) u32 {
        const in_use = p.tail -% @atomicLoad(u32, &p.end.shared.head, .acquire);
        if (in_use > p.capacity) {
            p.bad = true;
            return p.capacity;
        }
        return in_use;
    }

    pub fn push(p: *Producer, items: []const u64) u32 {
        if (!p.end.lock()) {
            if (p.end.failures > failures_before_bad) p.bad = true;
            return 0;
        }
        defer p.end.unlock();
        const count: u32 = @intCast(@min(items.len, p.capacity - p.length()));
        const mask = p.capacity - 1;
        for (items[0..count], 0..) |item, i|
            p.end.words[(p.tail +% @as(u32, @intCast(i))) & mask] = item;
        p.tail +%= count;
        @atomicStore(u32, &p.end.shared.tail, p.tail, .release);
        return count;
    }

    /// Every word is seen as the lock is given back.
    pub fn publish(_: *Producer) void {}

    /// As lamport.zig's; the consumer is gone, so its lock means nothing.
    pub fn untaken(p: *Producer, into: []u64) u32 {
        const in_use = p.length();
        if (p.bad) return 0;
        const count: u32 = @intCast(@min(in_use, into.len));
        const mask = p.capacity - 1;
        for (into[0..count], 0..) |*item, i|
            item.* = p.end.words[(p.tail -% in_use +% @as(u32, @intCast(i))) & mask];
        return count;
    }
};

pub const Consumer = struct {
    end: End,
    capacity: u32,
    head: u32,
    bad: bool = false,

    pub fn init(memory: [*]align(abi.cache_line_bytes) u8, capacity: u32) Consumer {
        const end: End = .init(memory, capacity);
        return .{
            .end = end,
            .capacity = capacity,
            .head = @atomicLoad(u32, &end.shared.head, .acquire),
        };
    }

    /// The producer has ended: a lock in its name means nothing.
    pub fn peerIsGone(c: *Consumer) void {
        c.end.unlock();
    }

    pub fn length(c: *Consumer) u32 {
        const available = @atomicLoad(u32, &c.end.shared.tail, .acquire) -% c.head;
        if (available > c.capacity) {
            c.bad = true;
            return 0;
        }
        return available;
    }

    pub fn pop(c: *Consumer, into: []u64) u32 {
        // Looking first spares the lock when there is nothing.
        if (c.length() == 0) return 0;
        if (!c.end.lock()) {
            if (c.end.failures > failures_before_bad) c.bad = true;
            return 0;
        }
        defer c.end.unlock();
        const count: u32 = @intCast(@min(c.length(), into.len));
        const mask = c.capacity - 1;
        for (into[0..count], 0..) |*item, i|
            item.* = c.end.words[(c.head +% @as(u32, @intCast(i))) & mask];
        c.head +%= count;
        @atomicStore(u32, &c.end.shared.head, c.head, .release);
        return count;
    }
};

/// For tests: as lamport.zig's.
pub fn startAt(memory: [*]align(abi.cache_line_bytes) u8, index: u32) void {
    const shared: *align(abi.cache_line_bytes) Shared = @ptrCast(memory);
    shared.* = .{ .owner = 0, .tail = index, .head = index };
}

pub fn corruptPeer(
    memory: [*]align(abi.cache_line_bytes) u8,
    comptime Peer: type,
    garbage: u32,
) void {
    const shared: *align(abi.cache_line_bytes) Shared = @ptrCast(memory);
    if (Peer == Producer) shared.head = garbage else shared.tail = garbage;
}
