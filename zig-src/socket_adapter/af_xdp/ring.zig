//! The single-producer, single-consumer rings that an XDP socket shares with the kernel. Dispatcher
//! only, once they are mapped.
//!
//! Each side owns one index and reads the other's with acquire, which pairs with the release that
//! published it: what lies between is then whole. The kernel is trusted; indices that make no sense
//! are still not followed out of the ring.
const std = @import("std");
const linux = std.os.linux;
const RingKind = @import("socket.zig").RingKind;

const Offsets = linux.xdp_ring_offset;
pub const Error = error{NoMemory};

/// Our side of a ring.
pub const Side = struct {
    memory: []align(std.heap.page_size_min) u8,
    producer: *u32,
    consumer: *u32,
    flags: *u32,
    size: u32, // entries: a power of two
    /// Our index: of what we wrote (producing) or have read (consuming).
    own: u32 = 0,
    /// The kernel's index as last seen.
    seen: u32 = 0,

    fn map(fd: i32, kind: RingKind, o: *const Offsets, size: u32, bytes: usize) Error!Side {
        const rc = linux.mmap(
            null,
            bytes,
            .{ .READ = true, .WRITE = true },
            .{ .TYPE = .SHARED, .POPULATE = true },
            fd,
            @intFromEnum(kind),
        );
        if (linux.errno(rc) != .SUCCESS) return error.NoMemory;
        const start: [*]align(std.heap.page_size_min) u8 = @ptrFromInt(rc);
        return .{
            .memory = start[0..bytes],
            .producer = @ptrFromInt(rc + o.producer),
            .consumer = @ptrFromInt(rc + o.consumer),
            .flags = @ptrFromInt(rc + o.flags),
            .size = size,
        };
    }

    pub fn unmap(s: *const Side) void {
        _ = linux.munmap(s.memory.ptr, s.memory.len);
    }

    /// Producing: entries that may be written, from `own` on.
    pub inline fn room(s: *Side, wanted: u32) u32 {
        if (s.size -| (s.own -% s.seen) < wanted)
            s.seen = @atomicLoad(u32, s.consumer, .acquire);
        return s.size -| (s.own -% s.seen);
    }

    /// Producing: hands over what was written up to `own`.
    pub inline fn submit(s: *const Side) void {
        @atomicStore(u32, s.producer, s.own, .release);
    }

    /// Producing: entries that the kernel has not taken yet.
    pub inline fn waiting(s: *Side) u32 {
        s.seen = @atomicLoad(u32, s.consumer, .acquire);
        return s.own -% s.seen;
    }

    /// Consuming: entries that may be read, from `own` on.
    pub inline fn filled(s: *Side) u32 {
        s.seen = @atomicLoad(u32, s.producer, .acquire);
        return @min(s.seen -% s.own, s.size);
    }

    /// Consuming: gives back what was read up to `own`.
    pub inline fn release(s: *const Side) void {
        @atomicStore(u32, s.consumer, s.own, .release);
    }

    /// The kernel sleeps on this ring: it must be told when there is something in it.
    pub inline fn needsWakeup(s: *const Side) bool {
        return @atomicLoad(u32, s.flags, .acquire) & 1 != 0; // XDP_RING_NEED_WAKEUP
    }

    /// Consuming, for another thread: how far the kernel has come.
    pub fn mark(s: *const Side) u32 {
        return @atomicLoad(u32, s.producer, .acquire);
    }

    /// Consuming, for another thread: we are done with all that lay before the mark.
    pub fn hasPassed(s: *const Side, at: u32) bool {
        const read = @atomicLoad(u32, s.consumer, .acquire);
        return @as(i32, @bitCast(read -% at)) >= 0;
    }
};

/// A ring of entries of type T.
pub fn Ring(comptime T: type) type {
    return struct {
        const Self = @This();
        side: Side,
        entries: [*]T,

        pub fn map(fd: i32, kind: RingKind, offsets: *const Offsets, size: u32) Error!Self {
            const bytes: usize = @intCast(offsets.desc + @as(u64, size) * @sizeOf(T));
            const side: Side = try .map(fd, kind, offsets, size, bytes);
            return .{ .side = side, .entries = @ptrCast(@alignCast(&side.memory[offsets.desc])) };
        }

        pub inline fn at(r: *const Self, index: u32) *T {
            return &r.entries[index & (r.side.size - 1)];
        }
    };
}
