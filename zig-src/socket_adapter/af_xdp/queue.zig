//! One queue of an interface: its UMEM (the kernel allows one), the ring that gives the kernel
//! empty chunks for arriving frames, and the way out. Made by the control thread; `recycle`, `send`
//! and `flush` are the dispatcher's.
//!
//! The socket here only sends; each port of the interface has sockets of its own to receive by,
//! which share this one's UMEM (`receiver.zig`). So ports come and go without the queue.
//!
//! A frame that was put into the transmit ring counts as sent, as one in any network card's queue
//! does. The kernel tells by EBUSY of a frame that it took and lost: one for each.
const std = @import("std");
const linux = std.os.linux;
const Outgoing = @import("../frame.zig").Outgoing;
const Reason = @import("../../reason.zig").Reason;
const Ring = @import("ring.zig").Ring;
const Sent = @import("../frame.zig").Sent;
const socket = @import("socket.zig");

pub const transmit_chunks = 2048;
const send_buffer_bytes = 16 << 20;
/// Tries of one `send` while the kernel takes nothing.
const tries_max = 8;

pub const Sizes = struct {
    chunk_bytes: u32,
    receive_chunks: u32, // a power of two

    pub fn bytes(s: *const Sizes) usize {
        return @as(usize, s.receive_chunks + transmit_chunks) * s.chunk_bytes;
    }
};

pub const Queue = struct {
    fd: i32,
    number: u32,
    sizes: Sizes,
    memory: []align(std.heap.page_size_min) u8,
    fill: Ring(u64),
    completion: Ring(u64),
    transmit: Ring(linux.xdp_desc),
    free: []u64, // chunks to send from: a stack
    free_count: u32 = transmit_chunks,
    /// The kernel moves frames only when asked to, in our own time.
    copies: bool = true,

    pub fn init(options: *const socket.Options, sizes: Sizes, reason: *Reason) error{Failed}!Queue {
        const memory = try mapMemory(sizes.bytes(), options, reason);
        errdefer _ = linux.munmap(memory.ptr, memory.len);
        const fd = try socket.open(reason);
        errdefer _ = linux.close(fd);
        try socket.register(fd, memory, sizes.chunk_bytes, options, reason);
        inline for (.{
            .{ linux.XDP.UMEM_FILL_RING, "receive_chunks" },
            .{ linux.XDP.UMEM_COMPLETION_RING, "" },
            .{ linux.XDP.TX_RING, "" },
        }) |ring| try socket.makeRing(
            fd,
            ring[0],
            if (ring[1].len == 0) transmit_chunks else @field(sizes, ring[1]),
            options,
            reason,
        );
        const offsets = try socket.offsets(fd, options, reason);
        var fill = try mapRing(u64, fd, .fill, &offsets.fr, sizes.receive_chunks, options, reason);
        errdefer fill.side.unmap();
        const completion =
            try mapRing(u64, fd, .completion, &offsets.cr, transmit_chunks, options, reason);
        errdefer completion.side.unmap();
        const Entry = linux.xdp_desc;
        const transmit =
            try mapRing(Entry, fd, .transmit, &offsets.tx, transmit_chunks, options, reason);
        errdefer transmit.side.unmap();
        const free = std.heap.page_allocator.alloc(u64, transmit_chunks) catch
            return reason.fail(.NOMEM, "af_xdp: no memory for {s}", .{options.name});
        errdefer std.heap.page_allocator.free(free);
        for (free, 0..) |*address, i|
            address.* = (sizes.receive_chunks + i) * sizes.chunk_bytes;
        for (0..sizes.receive_chunks) |i| fill.at(@intCast(i)).* = i * sizes.chunk_bytes;
        fill.side.own = sizes.receive_chunks;
        fill.side.submit();
        try socket.bind(fd, options, null, reason);
        socket.enlarge(fd, send_buffer_bytes);
        return .{
            .fd = fd,
            .number = options.queue,
            .sizes = sizes,
            .memory = memory,
            .fill = fill,
            .completion = completion,
            .transmit = transmit,
            .free = free,
            .copies = !socket.isZeroCopy(fd),
        };
    }

    pub fn deinit(q: *Queue) void {
        _ = linux.close(q.fd);
        q.fill.side.unmap();
        q.completion.side.unmap();
        q.transmit.side.unmap();
        std.heap.page_allocator.free(q.free);
        _ = linux.munmap(q.memory.ptr, q.memory.len);
    }

    /// An empty chunk, for the kernel to receive into. `publish` follows.
    pub inline fn recycle(q: *Queue, address: u64) void {
        // As many entries as there are chunks to be in it: there is always room.
        q.fill.at(q.fill.side.own).* = address & ~@as(u64, q.sizes.chunk_bytes - 1);
        q.fill.side.own +%= 1;
    }

    /// Hands over recycled chunks. `fd`: of a socket that receives.
    pub inline fn publish(q: *Queue, fd: i32) void {
        q.fill.side.submit();
        if (q.fill.side.needsWakeup()) socket.wakeReceiver(fd);
    }

    /// Chunks of frames that have left.
    fn reap(q: *Queue) void {
        const side = &q.completion.side;
        const count = side.filled();
        if (count == 0) return;
        for (0..count) |_| {
            q.free[q.free_count] = q.completion.at(side.own).*;
            q.free_count += 1;
            side.own +%= 1;
        }
        side.release();
    }

    /// Sends up to 64 frames, each with the tag `vlan` if there is one. Frames from where chunks or
    /// the ring ran out are left to the caller.
    pub fn send(q: *Queue, frames: []const Outgoing, vlan: ?u16) Sent {
        if (q.free_count < transmit_chunks / 2) q.reap();
        const before = q.transmit.side.own;
        var count: u32 = 0;
        for (frames) |*frame| {
            if (!q.write(frame, vlan)) break;
            count += 1;
        }
        var result: Sent = .{ .frames = count };
        if (count == 0) return result;
        q.transmit.side.submit();
        switch (q.flush()) {
            .done => |lost| for (0..@min(lost, count)) |i| {
                result.refused |= @as(u64, 1) << @intCast(i);
            },
            .down => { // nothing of it was looked at
                q.takeBack(before);
                result.refused = @as(u64, std.math.maxInt(u64)) >> @intCast(64 - count);
            },
        }
        return result;
    }

    /// Frames that the kernel had no room for, once more. What it loses now was counted as sent.
    /// False: the interface is down; they go with the next ones.
    pub fn flushAgain(q: *Queue) bool {
        return q.flush() != .down;
    }

    /// Frames wait for the kernel to be told of them again.
    pub inline fn isWaiting(q: *Queue) bool {
        return q.copies and q.transmit.side.waiting() != 0;
    }

    /// Writes a frame into as many chunks as it needs.
    fn write(q: *Queue, frame: *const Outgoing, vlan: ?u16) bool {
        const chunk = q.sizes.chunk_bytes;
        const tag_bytes: u32 = if (vlan == null) 0 else 4;
        const length: u32 = @intCast(frame.bytes.len + tag_bytes);
        const pieces = std.math.divCeil(u32, length, chunk) catch unreachable;
        if (q.free_count < pieces) q.reap();
        if (q.free_count < pieces or q.transmit.side.room(pieces) < pieces) return false;
        var rest = frame.bytes;
        for (0..pieces) |i| {
            q.free_count -= 1;
            const address = q.free[q.free_count];
            var into = q.memory[address..][0..chunk];
            var bytes: usize = 0;
            if (i == 0 and vlan != null) {
                // The tag goes back between the addresses and the type, with the priority it had.
                @memcpy(into[0..12], rest[0..12]);
                std.mem.writeInt(u16, into[12..14], 0x8100, .big);
                std.mem.writeInt(u16, into[14..16], (frame.tag & 0xf000) | vlan.?, .big);
                rest = rest[12..];
                into = into[16..];
                bytes = 16;
            }
            const part = @min(rest.len, into.len);
            @memcpy(into[0..part], rest[0..part]);
            rest = rest[part..];
            q.transmit.at(q.transmit.side.own).* = .{
                .addr = address,
                .len = @intCast(bytes + part),
                .options = if (i + 1 < pieces) socket.continued else 0,
            };
            q.transmit.side.own +%= 1;
        }
        return true;
    }

    fn takeBack(q: *Queue, before: u32) void {
        while (q.transmit.side.own != before) {
            q.transmit.side.own -%= 1;
            q.free[q.free_count] = q.transmit.at(q.transmit.side.own).addr;
            q.free_count += 1;
        }
        q.transmit.side.submit();
    }

    const Outcome = union(enum) {
        done: u32, // what waited was taken, as far as there is room; so many of it were lost
        down, // the interface is down or gone
    };

    /// Makes the kernel take what lies in the transmit ring.
    fn flush(q: *Queue) Outcome {
        if (!q.transmit.side.needsWakeup()) return .{ .done = 0 };
        var lost: u32 = 0;
        var tries: u32 = 0;
        var left = q.transmit.side.waiting();
        while (tries < tries_max and lost <= transmit_chunks) {
            const rc = linux.sendto(q.fd, "", 0, linux.MSG.DONTWAIT, null, 0);
            switch (linux.errno(rc)) {
                .SUCCESS => break,
                .BUSY => lost += 1,
                .AGAIN, .NOBUFS, .NOMEM, .INTR => {
                    q.reap();
                    const now = q.transmit.side.waiting();
                    if (now == left) tries += 1;
                    left = now;
                },
                // Only before the kernel has looked at the ring may entries be taken back.
                else => return if (lost == 0 and tries == 0) .down else .{ .done = lost },
            }
        }
        return .{ .done = lost };
    }
};

fn mapMemory(
    bytes: usize,
    options: *const socket.Options,
    reason: *Reason,
) error{Failed}![]align(std.heap.page_size_min) u8 {
    const rc = linux.mmap(
        null,
        bytes,
        .{ .READ = true, .WRITE = true },
        .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .POPULATE = true },
        -1,
        0,
    );
    if (linux.errno(rc) != .SUCCESS)
        return reason.fail(.NOMEM, "af_xdp: no memory for the frames of {s}", .{options.name});
    const start: [*]align(std.heap.page_size_min) u8 = @ptrFromInt(rc);
    return start[0..bytes];
}

fn mapRing(
    comptime T: type,
    fd: i32,
    kind: socket.RingKind,
    offsets: *const linux.xdp_ring_offset,
    size: u32,
    options: *const socket.Options,
    reason: *Reason,
) error{Failed}!Ring(T) {
    return Ring(T).map(fd, kind, offsets, size) catch
        return reason.fail(.NOMEM, "af_xdp: no memory for the rings of {s}", .{options.name});
}
