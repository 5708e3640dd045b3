//! The single-producer, single-consumer rings that an XDP socket shares with the kernel. Dispatcher
//! only, once they are mapped.
//!
//! Each side owns one index and reads the other's with acquire, which pairs with the release that
//! published it: what lies between is then whole. The kernel is trusted; indices that make no sense
//! are still not followed out of the ring.
const std = @import("std");
const linux = std.os.linux;

pub const Error = error{NoMemory};

pub fn Ring(comptime T: type) type {
    return struct {
        const Self = @This();
        memory: []align(std.heap.page_size_min) u8,
        producer: *u32,
        consumer: *u32,
        flags: *u32,
        entries: [*]T,
        mask: u32,
        /// Our index: of what we wrote (producing) or have read (consuming).
        own: u32 = 0,
        /// The kernel's index as last seen.
        seen: u32 = 0,

        pub fn map(
            fd: i32,
            page_offset: i64,
            offsets: *const linux.xdp_ring_offset,
            size: u32,
        ) Error!Self {
            const bytes: usize = @intCast(offsets.desc + @as(u64, size) * @sizeOf(T));
            const rc = linux.mmap(
                null,
                bytes,
                .{ .READ = true, .WRITE = true },
                .{ .TYPE = .SHARED, .POPULATE = true },
                fd,
                page_offset,
            );
            if (linux.errno(rc) != .SUCCESS) return error.NoMemory;
            const start: [*]align(std.heap.page_size_min) u8 = @ptrFromInt(rc);
            return .{
                .memory = start[0..bytes],
                .producer = @ptrFromInt(rc + offsets.producer),
                .consumer = @ptrFromInt(rc + offsets.consumer),
                .flags = @ptrFromInt(rc + offsets.flags),
                .entries = @ptrFromInt(rc + offsets.desc),
                .mask = size - 1,
            };
        }

        pub fn unmap(r: *const Self) void {
            _ = linux.munmap(r.memory.ptr, r.memory.len);
        }

        pub inline fn at(r: *const Self, index: u32) *T {
            return &r.entries[index & r.mask];
        }

        /// Producing: entries that may be written, from `own` on.
        pub inline fn room(r: *Self, wanted: u32) u32 {
            const size = r.mask + 1;
            if (size -% (r.own -% r.seen) < wanted)
                r.seen = @atomicLoad(u32, r.consumer, .acquire);
            return size -| (r.own -% r.seen);
        }

        /// Producing: hands over what was written up to `own`.
        pub inline fn submit(r: *Self) void {
            @atomicStore(u32, r.producer, r.own, .release);
        }

        /// Producing: entries that the kernel has not taken yet.
        pub inline fn waiting(r: *Self) u32 {
            r.seen = @atomicLoad(u32, r.consumer, .acquire);
            return r.own -% r.seen;
        }

        /// Consuming: entries that may be read, from `own` on.
        pub inline fn filled(r: *Self) u32 {
            r.seen = @atomicLoad(u32, r.producer, .acquire);
            return @min(r.seen -% r.own, r.mask + 1);
        }

        /// Consuming: gives back what was read up to `index`.
        pub inline fn release(r: *Self, index: u32) void {
            @atomicStore(u32, r.consumer, index, .release);
        }

        /// The kernel sleeps on this ring: it must be told when there is something in it.
        pub inline fn needsWakeup(r: *const Self) bool {
            return @atomicLoad(u32, r.flags, .acquire) & 1 != 0; // XDP_RING_NEED_WAKEUP
        }
    };
}
