//! A port's way in on one queue: an XDP socket that shares the queue's UMEM. Made by the control
//! thread, then the dispatcher's.
const std = @import("std");
const linux = std.os.linux;
const Queue = @import("queue.zig").Queue;
const Reason = @import("../../reason.zig").Reason;
const Ring = @import("ring.zig").Ring;
const socket = @import("socket.zig");

/// The longest frame that lies in several chunks: a super-frame, at most.
pub const longest_bytes = 65536 + 256;

pub const Receiver = struct {
    fd: i32,
    queue: *Queue,
    ring: Ring(linux.xdp_desc),
    /// Entries whose chunks the kernel has back, or that were handed on with their slots.
    settled: u32 = 0,
    released: u32 = 0, // entries that it may write again
    missed_before: u64 = 0,

    pub fn init(
        queue: *Queue,
        options: *const socket.Options,
        reason: *Reason,
    ) error{Failed}!Receiver {
        const fd = try socket.open(reason);
        errdefer _ = linux.close(fd);
        // As many entries as chunks: none is ever wanting.
        const size = queue.sizes.receive_chunks; // over an arena: as many as it is ever lent
        try socket.makeRing(fd, linux.XDP.RX_RING, size, options, reason);
        const offsets = try socket.offsets(fd, options, reason);
        const ring = Ring(linux.xdp_desc).map(fd, .receive, &offsets.rx, size) catch
            return reason.fail(.NOMEM, "af_xdp: no memory for the rings of {s}", .{options.name});
        errdefer ring.side.unmap();
        try socket.bind(fd, options, queue.fd, reason);
        return .{ .fd = fd, .queue = queue, .ring = ring };
    }

    pub fn deinit(r: *Receiver) void {
        _ = linux.close(r.fd);
        r.ring.side.unmap();
    }

    /// What lies there since its port was closed is not for the next one: the dispatcher will give
    /// the chunks back.
    pub fn forget(r: *Receiver) void {
        r.ring.side.own +%= r.ring.side.filled();
    }

    /// Returns the chunks of frames that were read before.
    pub fn giveBack(r: *Receiver) void {
        if (r.released == r.ring.side.own) return;
        const returns = r.settled != r.ring.side.own;
        while (r.settled != r.ring.side.own) : (r.settled +%= 1)
            r.queue.recycle(r.ring.at(r.settled).addr);
        r.ring.side.release();
        r.released = r.ring.side.own;
        if (returns) r.queue.publish(r.fd);
    }

    /// The next frame, or null. It lies in the UMEM, or in `bounce` when it came in pieces.
    pub inline fn next(r: *Receiver, waiting: *u32, bounce: []u8) ?[]u8 {
        if (waiting.* == 0) return null;
        waiting.* -= 1;
        const entry = r.ring.at(r.ring.side.own);
        r.ring.side.own +%= 1;
        const piece = r.bytesOf(entry);
        if (r.queue.pool != null) { // in one piece, and the dispatcher's from now on
            r.settled = r.ring.side.own;
            r.queue.stocked -= 1;
            return piece;
        }
        if (entry.options & socket.continued == 0) return piece;
        return r.gather(piece, waiting, bounce);
    }

    inline fn bytesOf(r: *Receiver, entry: *const linux.xdp_desc) []u8 {
        return r.queue.memory[socket.placeOf(entry.addr)..][0..entry.len];
    }

    /// Puts a frame together. The kernel publishes all of a frame's pieces at once.
    fn gather(r: *Receiver, first: []u8, waiting: *u32, bounce: []u8) []u8 {
        var length: usize = 0;
        var piece = first;
        var more = true;
        while (true) {
            const part = @min(piece.len, bounce.len - length);
            @memcpy(bounce[length..][0..part], piece[0..part]);
            length += part;
            if (!more or waiting.* == 0) return bounce[0..length];
            waiting.* -= 1;
            const entry = r.ring.at(r.ring.side.own);
            r.ring.side.own +%= 1;
            piece = r.bytesOf(entry);
            more = entry.options & socket.continued != 0;
        }
    }

    /// Frames that were lost since the last call.
    pub fn missed(r: *Receiver) u64 {
        const now = socket.missed(r.fd) orelse return 0;
        defer r.missed_before = now;
        return now -| r.missed_before;
    }
};
