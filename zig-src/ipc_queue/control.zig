//! The control queue: a ring of bytes that carries events of up to 4 KiB, each an EventHeader and
//! its payload, padded to 8 bytes. Single producer, single consumer, as Lamport's ring: the same
//! ordering argument (`lamport.zig`) holds with bytes for entries.
//!
//! A record may wrap around the end of the ring: both sides copy in two pieces. Lengths found in
//! the ring were written by the peer and are checked against what it published.
const std = @import("std");
const abi = @import("../abi.zig");

pub const Shared = extern struct {
    tail: u32 align(abi.cache_line_bytes),
    head: u32 align(abi.cache_line_bytes),
};

pub fn bytesFor(capacity: u32) usize {
    return @sizeOf(Shared) + capacity;
}

const header_bytes: u32 = @sizeOf(abi.EventHeader);

/// Ring bytes of a record with a payload of `payload_bytes`.
pub fn recordBytes(payload_bytes: u32) u32 {
    return std.mem.alignForward(u32, header_bytes + payload_bytes, 8);
}

const Ring = struct {
    shared: *align(abi.cache_line_bytes) Shared,
    bytes: [*]u8,
    capacity: u32,

    fn init(memory: [*]align(abi.cache_line_bytes) u8, capacity: u32) Ring {
        const shared: *align(abi.cache_line_bytes) Shared = @ptrCast(memory);
        return .{ .shared = shared, .bytes = memory + @sizeOf(Shared), .capacity = capacity };
    }

    fn write(r: Ring, at: u32, from: []const u8) void {
        const start = at & (r.capacity - 1);
        const first = @min(from.len, r.capacity - start);
        @memcpy(r.bytes[start..][0..first], from[0..first]);
        @memcpy(r.bytes[0 .. from.len - first], from[first..]);
    }

    fn read(r: Ring, at: u32, into: []u8) void {
        const start = at & (r.capacity - 1);
        const first = @min(into.len, r.capacity - start);
        @memcpy(into[0..first], r.bytes[start..][0..first]);
        @memcpy(into[first..], r.bytes[0 .. into.len - first]);
    }
};

pub const Producer = struct {
    ring: Ring,
    tail: u32,
    bad: bool = false,

    pub fn init(memory: [*]align(abi.cache_line_bytes) u8, capacity: u32) Producer {
        const ring: Ring = .init(memory, capacity);
        return .{ .ring = ring, .tail = @atomicLoad(u32, &ring.shared.tail, .acquire) };
    }

    /// The consumer's index, whatever it wrote there.
    pub fn taken(p: *const Producer) u32 {
        return @atomicLoad(u32, &p.ring.shared.head, .acquire);
    }

    /// Whether an event with `payload_bytes` fits now.
    pub fn fits(p: *Producer, payload_bytes: u32) bool {
        const used = p.tail -% @atomicLoad(u32, &p.ring.shared.head, .acquire);
        if (used > p.ring.capacity) {
            p.bad = true;
            return false;
        }
        return recordBytes(payload_bytes) <= p.ring.capacity - used;
    }

    /// Appends and publishes one event. False when it doesn't fit.
    pub fn push(p: *Producer, header: abi.EventHeader, payload: []const u8) bool {
        if (!p.fits(@intCast(payload.len))) return false;
        p.ring.write(p.tail, std.mem.asBytes(&header));
        p.ring.write(p.tail +% header_bytes, payload);
        p.tail +%= recordBytes(@intCast(payload.len));
        @atomicStore(u32, &p.ring.shared.tail, p.tail, .release);
        return true;
    }
};

pub const Consumer = struct {
    ring: Ring,
    head: u32,
    bad: bool = false, // the peer wrote an impossible index or length

    pub fn init(memory: [*]align(abi.cache_line_bytes) u8, capacity: u32) Consumer {
        const ring: Ring = .init(memory, capacity);
        return .{ .ring = ring, .head = @atomicLoad(u32, &ring.shared.head, .acquire) };
    }

    pub fn empty(c: *const Consumer) bool {
        return @atomicLoad(u32, &c.ring.shared.tail, .acquire) == c.head;
    }

    /// Copies the oldest event into `header` and `payload` (max_event_bytes) without taking it;
    /// null when there is none. `take` then takes it.
    pub fn peek(c: *Consumer, header: *abi.EventHeader, payload: *[abi.max_event_bytes]u8) ?[]u8 {
        const available = @atomicLoad(u32, &c.ring.shared.tail, .acquire) -% c.head;
        if (available == 0 or c.bad) return null;
        if (available > c.ring.capacity or available < header_bytes) return c.refuse();
        c.ring.read(c.head, std.mem.asBytes(header));
        if (header.bytes > abi.max_event_bytes or recordBytes(header.bytes) > available)
            return c.refuse();
        const into = payload[0..header.bytes];
        c.ring.read(c.head +% header_bytes, into);
        return into;
    }

    fn refuse(c: *Consumer) ?[]u8 {
        c.bad = true;
        return null;
    }

    /// Takes the event that `peek` showed: `payload_bytes` as its header said then.
    pub fn take(c: *Consumer, payload_bytes: u16) void {
        c.head +%= recordBytes(payload_bytes);
        @atomicStore(u32, &c.ring.shared.head, c.head, .release);
    }
};
