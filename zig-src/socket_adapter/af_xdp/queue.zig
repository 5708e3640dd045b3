//! One queue of an interface: its UMEM (the kernel allows one), the ring that gives the kernel
//! empty chunks for arriving frames, and the way out. Made by the control thread; `recycle`,
//! `restock`, `send` and `flush` are the dispatcher's.
//!
//! The socket here only sends; each port of the interface has sockets of its own to receive by,
//! which share this one's UMEM (`receiver.zig`). So ports come and go without the queue.
//!
//! The UMEM is memory of its own, which frames are copied from and to; or the arena of the only VR,
//! where they lie: then the kernel is lent empty slots to receive into, and those of frames that
//! leave. A slot that comes back while a batch is being sent goes back to the pool before the next
//! one only: until then the dispatcher still has to note that it was lent (`Sent.lent`).
//!
//! A frame that was put into the transmit ring counts as sent, as one in any network card's queue
//! does. The kernel tells by EBUSY of a frame that it took and lost: one for each.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../../abi.zig");
const Borrower = @import("../../frame_pool.zig").Borrower;
const FramePool = @import("../../frame_pool.zig").FramePool;
const Outgoing = @import("../frame.zig").Outgoing;
const Reason = @import("../../reason.zig").Reason;
const Ring = @import("ring.zig").Ring;
const Sent = @import("../frame.zig").Sent;
const shared = @import("memory.zig");
const socket = @import("socket.zig");

pub const transmit_chunks = 2048;
/// Most empty slots of an arena that the kernel has for a queue; the size of the rings.
pub const lent_max = 4096;
const lent_min = 64;
/// Slots are lent so many at once.
const lend_batch = 32;
/// The IP header then lies at a multiple of 16.
const arena_headroom_bytes = 2;
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

/// What a queue's UMEM is.
pub const Home = union(enum) {
    own: Sizes,
    arena: struct { pool: *FramePool, borrower: Borrower },
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
    // Over an arena.
    pool: ?*FramePool = null,
    borrower: Borrower = 0,
    stocked: u32 = 0, // slots that the kernel receives into, or that lie in a receive ring
    underway: u32 = 0, // slots in the transmit ring, or on their way from it
    quota: u32 = 0, // of the former, at most
    underway_max: u32 = 0,
    sharers: u32 = 0, // that both are made for
    is_short: bool = false, // there was no slot to lend

    pub fn init(
        options: *const socket.Options,
        home: Home,
        reason: *Reason,
    ) error{Failed}!Queue {
        const sizes: Sizes = switch (home) {
            .own => |sizes| sizes,
            .arena => .{ .chunk_bytes = abi.slot_bytes, .receive_chunks = lent_max },
        };
        const memory = switch (home) {
            .own => try shared.mapMemory(sizes.bytes(), options, reason),
            .arena => |it| it.pool.segment.memory[0..it.pool.slotBytes()],
        };
        errdefer if (home == .own) shared.unmap(memory);
        const fd = try socket.open(reason);
        errdefer _ = linux.close(fd);
        const chunks: socket.Chunks = .{
            .bytes = sizes.chunk_bytes,
            .headroom = if (home == .own) 0 else arena_headroom_bytes,
        };
        try socket.register(fd, memory, chunks, options, reason);
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
        const entries = sizes.receive_chunks;
        var fill = try shared.mapRing(u64, fd, .fill, &offsets.fr, entries, options, reason);
        errdefer fill.side.unmap();
        const completion =
            try shared.mapRing(u64, fd, .completion, &offsets.cr, transmit_chunks, options, reason);
        errdefer completion.side.unmap();
        const Entry = linux.xdp_desc;
        const transmit =
            try shared.mapRing(Entry, fd, .transmit, &offsets.tx, transmit_chunks, options, reason);
        errdefer transmit.side.unmap();
        const free = std.heap.page_allocator.alloc(u64, transmit_chunks) catch
            return reason.fail(.NOMEM, "af_xdp: no memory for {s}", .{options.name});
        errdefer std.heap.page_allocator.free(free);
        if (home == .own) fillUp(&fill, free, &sizes);
        try socket.bind(fd, options, null, reason);
        socket.enlarge(fd, send_buffer_bytes);
        var queue: Queue = .{
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
        if (home == .arena) {
            queue.pool = home.arena.pool;
            queue.borrower = home.arena.borrower;
            queue.free_count = 0; // of slots that came back
            home.arena.pool.lending.join();
        }
        return queue;
    }

    /// Half of the chunks to receive into, the others to send from.
    fn fillUp(fill: *Ring(u64), free: []u64, sizes: *const Sizes) void {
        for (free, 0..) |*address, i|
            address.* = (sizes.receive_chunks + i) * sizes.chunk_bytes;
        for (0..sizes.receive_chunks) |i| fill.at(@intCast(i)).* = i * sizes.chunk_bytes;
        fill.side.own = sizes.receive_chunks;
        fill.side.submit();
    }

    pub fn deinit(q: *Queue) void {
        _ = linux.close(q.fd);
        q.fill.side.unmap();
        q.completion.side.unmap();
        q.transmit.side.unmap();
        std.heap.page_allocator.free(q.free);
        if (q.pool) |pool| pool.lending.leave() else shared.unmap(q.memory);
    }

    /// Over an arena: takes back slots of frames that have left, and lends empty ones. `fd`: of a
    /// socket that receives.
    pub fn restock(q: *Queue, fd: i32) void {
        const pool = q.pool orelse return;
        q.handBack(pool);
        const sharers = pool.lending.queues();
        if (sharers != q.sharers) q.share(pool, sharers);
        if (q.stocked + lend_batch > q.quota) return;
        const slots = pool.lend(q.borrower, q.quota - q.stocked);
        for (slots) |slot| {
            q.fill.at(q.fill.side.own).* = @as(u64, slot) * abi.slot_bytes;
            q.fill.side.own +%= 1;
        }
        q.stocked += @intCast(slots.len);
        if (q.stocked < q.quota) q.is_short = true;
        if (slots.len != 0) q.publish(fd);
    }

    fn share(q: *Queue, pool: *const FramePool, sharers: u32) void {
        q.sharers = sharers;
        const each = pool.kernel_count / @max(sharers, 1);
        q.quota = std.math.clamp(each / 8 * 7, lent_min, lent_max);
        q.underway_max = std.math.clamp(each / 3, lent_min, transmit_chunks);
    }

    fn handBack(q: *Queue, pool: *FramePool) void {
        if (q.underway != 0) q.reap();
        for (q.free[0..q.free_count]) |address| pool.giveLent(slotOf(address));
        q.free_count = 0;
    }

    /// Over an arena: whether all that may be received into is used up.
    pub fn isStarved(q: *const Queue) bool {
        return q.pool != null and q.stocked == 0;
    }

    /// Control thread: the kernel has somewhere to receive into.
    pub fn isStocked(q: *const Queue) bool {
        return q.fill.side.mark() != 0;
    }

    /// Whether the frame can leave from where it lies.
    pub inline fn takes(q: *const Queue, frame: *const Outgoing, vlan: ?u16) bool {
        const pool = q.pool orelse return true;
        if (!pool.holds(frame.bytes)) return false;
        if (vlan == null) return true;
        return (@intFromPtr(frame.bytes.ptr) - @intFromPtr(q.memory.ptr)) % abi.slot_bytes >= 4;
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
        if (q.pool != null) q.underway -= count;
    }

    /// Sends up to 64 frames, each with the tag `vlan` if there is one. Frames from where chunks or
    /// the ring ran out are left to the caller.
    pub fn send(q: *Queue, frames: []const Outgoing, vlan: ?u16) Sent {
        if (q.pool) |pool| {
            if (q.sharers == 0) q.share(pool, 1); // before it was ever stocked
            q.handBack(pool);
        } else if (q.free_count < transmit_chunks / 2) q.reap();
        const before = q.transmit.side.own;
        var count: u32 = 0;
        for (frames) |*frame| {
            if (!(if (q.pool == null) q.write(frame, vlan) else q.point(frame, vlan))) break;
            count += 1;
        }
        var result: Sent = .{ .frames = count };
        if (count == 0) return result;
        const all = @as(u64, std.math.maxInt(u64)) >> @intCast(64 - count);
        if (q.pool != null) result.lent = all;
        q.transmit.side.submit();
        switch (q.flush()) {
            .done => |lost| for (0..@min(lost, count)) |i| {
                result.refused |= @as(u64, 1) << @intCast(i);
            },
            .down => { // nothing of it was looked at
                q.takeBack(before);
                result.refused = all;
                result.lent = 0;
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
                @memcpy(into[0..12], rest[0..12]);
                writeTag(into[12..16], frame, vlan.?);
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

    /// Puts a frame into the transmit ring where it lies in the arena.
    fn point(q: *Queue, frame: *const Outgoing, vlan: ?u16) bool {
        if (q.underway >= q.underway_max or q.transmit.side.room(1) == 0) return false;
        var start = @intFromPtr(frame.bytes.ptr) - @intFromPtr(q.memory.ptr);
        var length: u32 = @intCast(frame.bytes.len);
        if (vlan) |tag| {
            start -= 4; // as `takes` has seen
            length += 4;
            const head = q.memory[start..][0..16];
            std.mem.copyForwards(u8, head[0..12], frame.bytes[0..12]);
            writeTag(head[12..16], frame, tag);
        }
        q.transmit.at(q.transmit.side.own).* = .{ .addr = start, .len = length, .options = 0 };
        q.transmit.side.own +%= 1;
        q.underway += 1;
        return true;
    }

    fn takeBack(q: *Queue, before: u32) void {
        if (q.pool != null) {
            q.underway -= q.transmit.side.own -% before;
            q.transmit.side.own = before;
        } else while (q.transmit.side.own != before) {
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

/// The tag goes back between the addresses and the type, with the priority it had.
fn writeTag(into: *[4]u8, frame: *const Outgoing, vlan: u16) void {
    std.mem.writeInt(u16, into[0..2], 0x8100, .big);
    std.mem.writeInt(u16, into[2..4], (frame.tag & 0xf000) | vlan, .big);
}

fn slotOf(address: u64) u32 {
    return @intCast(socket.placeOf(address) / abi.slot_bytes);
}
