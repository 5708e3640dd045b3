//! Sends frames out of one interface: a socket of its own (protocol 0, so that nothing is ever
//! queued on it), `sendmmsg`. The egress qdisc is not bypassed: a user's shaping holds. A mapped
//! transmit ring saves nothing: on a veth pair it took 704 ns a frame at 60 bytes and 764 at 1514,
//! `sendmmsg` 635 and 682 (each the best of 12 interleaved runs), as the kernel copies the ring's
//! pages before it hands them on. TCP segments that follow each other leave as super-frames
//! (`coalesce.zig`), by a second socket that takes their description; plain frames don't pay for
//! it.
//!
//! Made and unmade by the control thread; used by the dispatcher.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../../abi.zig");
const coalesce = @import("coalesce.zig");
const ethtool = @import("../af_xdp/ethtool.zig");
const packet_socket = @import("../packet_socket.zig");
const Outgoing = @import("../frame.zig").Outgoing;
const Sent = @import("../frame.zig").Sent;
const Reason = @import("../../reason.zig").Reason;

const batch = packet_socket.batch;
const offload_bytes = packet_socket.offload_bytes;
const ethernet_bytes = 14;
/// Frames that may be on their way through a device and its queue, where the system allows it.
const send_buffer_bytes = 4 << 20;

/// Sends frames out of one interface.
pub const Sender = struct {
    fd: i32,
    /// Takes super-frames; -1 where they can't be sent.
    super_fd: i32,
    vlan: u16,
    buffers: *Buffers,

    const Buffers = struct {
        messages: [batch]linux.mmsghdr,
        vectors: [batch][3]std.posix.iovec,
        tags: [batch][4]u8,
        name: [16]u8,
        /// Longest frame that the link takes, as of the last `refresh`; 0: nothing is joined.
        longest_bytes: u32,
        super: coalesce.SuperFrame = undefined,
        super_vectors: [2 + batch]std.posix.iovec = undefined,
    };

    pub fn init(
        adapter: []const u8,
        config: *const abi.PortConfig,
        reason: *Reason,
    ) error{Failed}!Sender {
        const fd = try packet_socket.open(adapter, reason);
        errdefer _ = linux.close(fd);
        enlarge(fd);
        try packet_socket.bind(adapter, fd, 0, config, reason);
        const b = std.heap.page_allocator.create(Buffers) catch
            return reason.fail(
                .NOMEM,
                "{s}: no memory for {s}",
                .{ adapter, packet_socket.nameOf(config) },
            );
        errdefer std.heap.page_allocator.destroy(b);
        for (&b.messages, &b.vectors) |*message, *vectors| message.* = .{ .len = 0, .hdr = .{
            .name = null,
            .namelen = 0,
            .iov = vectors,
            .iovlen = 1,
            .control = null,
            .controllen = 0,
            .flags = 0,
        } };
        b.name = @splat(0);
        const name = packet_socket.nameOf(config);
        @memcpy(b.name[0..name.len], name);
        const joins = config.vlan == abi.no_vlan;
        const super_fd = if (joins) try openSuper(adapter, config, reason) else -1;
        b.longest_bytes = if (super_fd < 0) 0 else config.mtu +| ethernet_bytes;
        return .{ .fd = fd, .super_fd = super_fd, .vlan = config.vlan, .buffers = b };
    }

    /// A socket that takes the virtio-net header before each frame.
    fn openSuper(
        adapter: []const u8,
        config: *const abi.PortConfig,
        reason: *Reason,
    ) error{Failed}!i32 {
        const fd = try packet_socket.open(adapter, reason);
        errdefer _ = linux.close(fd);
        packet_socket.set(fd, linux.SOL.PACKET, packet_socket.vnet_hdr, @as(i32, 1)) catch {
            _ = linux.close(fd);
            return -1;
        };
        enlarge(fd);
        try packet_socket.bind(adapter, fd, 0, config, reason);
        return fd;
    }

    fn enlarge(fd: i32) void {
        const bytes: i32 = send_buffer_bytes / 2; // the kernel doubles it
        packet_socket.set(fd, linux.SOL.SOCKET, linux.SO.SNDBUFFORCE, bytes) catch
            packet_socket.set(fd, linux.SOL.SOCKET, linux.SO.SNDBUF, bytes) catch {};
    }

    pub fn deinit(s: *const Sender) void {
        _ = linux.close(s.fd);
        if (s.super_fd >= 0) _ = linux.close(s.super_fd);
        std.heap.page_allocator.destroy(s.buffers);
    }

    /// Now and then: the MTU may have changed, and super-frames aren't compared with it by anybody
    /// else. Without an answer (the interface is gone, or has another name) nothing is joined.
    pub fn refresh(s: *const Sender) void {
        if (s.super_fd < 0) return;
        const b = s.buffers;
        const now = ethtool.mtu(s.super_fd, std.mem.sliceTo(&b.name, 0));
        b.longest_bytes = if (now) |it| it +| ethernet_bytes else 0;
    }

    /// The MTU that the last `refresh` saw; asked for where that doesn't need it.
    pub fn mtu(s: *const Sender) ?u32 {
        const b = s.buffers;
        if (s.super_fd < 0) return ethtool.mtu(s.fd, std.mem.sliceTo(&b.name, 0));
        return if (b.longest_bytes == 0) null else b.longest_bytes - ethernet_bytes;
    }

    /// Sends up to 64 frames. A frame that the port refuses is skipped and marked; when its
    /// transmit queue is full, the frames from there on are left to the caller.
    pub fn send(s: *const Sender, frames: []const Outgoing) Sent {
        const b = s.buffers;
        var result: Sent = .{ .frames = 0 };
        if (b.longest_bytes == 0) {
            _ = s.sendPlain(frames, 0, &result);
            return result;
        }
        var plain: usize = 0; // first of those that go by themselves
        var at: usize = 0;
        while (at < frames.len) {
            const joined = coalesce.join(frames[at..], b.longest_bytes, &b.super);
            if (joined > 1) {
                if (!s.sendPlain(frames[plain..at], plain, &result)) return result;
                switch (s.sendSuper(frames[at..][0..joined])) {
                    .SUCCESS => result.frames += joined,
                    .AGAIN, .NOBUFS, .NOMEM => return result,
                    // Not on this interface, or not these: one by one they tell which.
                    else => if (!s.sendPlain(frames[at..][0..joined], at, &result)) return result,
                }
                plain = at + joined;
            }
            at += joined;
        }
        _ = s.sendPlain(frames[plain..], plain, &result);
        return result;
    }

    /// Sends frames one by one; `first`: the number of the first in its batch. False when the
    /// transmit queue is full.
    fn sendPlain(s: *const Sender, frames: []const Outgoing, first: usize, result: *Sent) bool {
        for (frames, 0..) |*frame, i| s.describe(frame, i);
        var done: usize = 0;
        while (done < frames.len) {
            const rest: u32 = @intCast(frames.len - done);
            const messages = s.buffers.messages[done..].ptr;
            const rc = linux.sendmmsg(s.fd, messages, rest, linux.MSG.DONTWAIT);
            var sent: u32 = 0;
            switch (linux.errno(rc)) {
                .SUCCESS => sent = @intCast(rc),
                .INTR => {},
                .AGAIN, .NOBUFS, .NOMEM => return false,
                else => { // ENETDOWN, ENXIO, EMSGSIZE: this frame can't go
                    result.refused |= @as(u64, 1) << @intCast(first + done);
                    sent = 1;
                },
            }
            done += sent;
            result.frames += sent;
        }
        return true;
    }

    /// Sends the super-frame in `buffers.super`, whose frames these are.
    fn sendSuper(s: *const Sender, frames: []const Outgoing) linux.E {
        const b = s.buffers;
        const super = &b.super;
        const vectors = &b.super_vectors;
        vectors[0] = .{ .base = @ptrCast(&super.offload), .len = offload_bytes };
        vectors[1] = .{ .base = &super.header, .len = super.header_bytes };
        for (frames, vectors[2..][0..frames.len]) |frame, *vector| {
            const payload = frame.bytes[super.header_bytes..];
            vector.* = .{ .base = @constCast(payload.ptr), .len = payload.len };
        }
        const message: linux.msghdr_const = .{
            .name = null,
            .namelen = 0,
            .iov = @ptrCast(vectors),
            .iovlen = 2 + frames.len,
            .control = null,
            .controllen = 0,
            .flags = 0,
        };
        while (true) {
            const errno = linux.errno(linux.sendmsg(s.super_fd, &message, linux.MSG.DONTWAIT));
            if (errno != .INTR) return errno;
        }
    }

    fn describe(s: *const Sender, frame: *const Outgoing, i: usize) void {
        const vectors = &s.buffers.vectors[i];
        const bytes: [*]u8 = @constCast(frame.bytes.ptr);
        const header = &s.buffers.messages[i].hdr;
        if (s.vlan == abi.no_vlan) {
            vectors[0] = .{ .base = bytes, .len = frame.bytes.len };
            header.iovlen = 1;
            return;
        }
        // The tag goes back between the addresses and the type, with the priority it came with.
        const tag = &s.buffers.tags[i];
        std.mem.writeInt(u16, tag[0..2], 0x8100, .big);
        std.mem.writeInt(u16, tag[2..4], (frame.tag & 0xf000) | s.vlan, .big);
        vectors[0] = .{ .base = bytes, .len = 12 };
        vectors[1] = .{ .base = tag, .len = 4 };
        vectors[2] = .{ .base = bytes + 12, .len = frame.bytes.len - 12 };
        header.iovlen = 3;
    }
};
