//! Socket adapter `raw`: AF_PACKET sockets, as the paper's raw-socket variant, in batches.
//!
//! One socket receives (bound to the interface, every protocol, with the virtio-net header that
//! tells partial checksums and super-frames, and auxiliary data that tells the VLAN tag which the
//! kernel has taken out); another sends (protocol 0, so that nothing is ever queued on it).
//! Outgoing frames are not captured. The egress qdisc is not bypassed: a user's shaping holds.
//!
//! Opened and closed by the control thread; `receive`, `send`, `missed` by the dispatcher.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const Frame = @import("frame.zig").Frame;
const Outgoing = @import("frame.zig").Outgoing;
const Sent = @import("frame.zig").Sent;
const Reason = @import("../reason.zig").Reason;
const OffloadHeader = @import("../segment.zig").OffloadHeader;

const batch = 64;
const frame_room = 65536 + 256; // the longest super-frame, and its Ethernet header
const offload_bytes = @sizeOf(OffloadHeader);
/// Odd in cache lines, so that the batch's frames don't fall into the same sets of the cache.
const stride = frame_room + 320;
const default_receive_buffer_bytes = 32 << 20;

// <linux/if_packet.h>, where std has no name for it.
const packet_add_membership = 1;
const packet_drop_membership = 2;
const packet_statistics = 6;
const packet_auxdata = 8;
const packet_vnet_hdr = 15;
const packet_ignore_outgoing = 23;
const packet_mr_promisc = 1;
const tp_status_vlan_valid = 1 << 4;
const SockaddrLl = linux.sockaddr.ll;

const AuxData = extern struct {
    status: u32,
    len: u32,
    snaplen: u32,
    mac: u16,
    net: u16,
    vlan_tci: u16,
    vlan_tpid: u16,
};
const ControlMessage = extern struct {
    len: usize,
    level: i32,
    type: i32,
    aux: AuxData,
    pad: u32 = 0,
};
const Membership = extern struct {
    ifindex: i32,
    type: u16,
    alen: u16 = 0,
    address: [8]u8 = @splat(0),
};

pub const Raw = struct {
    receiver: i32,
    sender: i32,
    ifindex: u32,
    vlan: u16,
    promiscuous: bool = false,
    foreign_tags: *Foreign,
    buffers: *Buffers,
    error_count: u64 = 0,

    /// Bitmap over the 4,096 VLAN ids that other ports of this interface stand for; replaced whole
    /// by the control thread, read by the dispatcher, word by word.
    const Foreign = [64]u64;

    const Buffers = struct {
        frames: [batch * stride]u8,
        messages: [batch]linux.mmsghdr,
        vectors: [batch]std.posix.iovec,
        names: [batch]SockaddrLl,
        controls: [batch]ControlMessage,
        out_messages: [batch]linux.mmsghdr,
        out_vectors: [batch][3]std.posix.iovec,
        out_tags: [batch][4]u8,
    };

    pub fn available(reason: *Reason) bool {
        const fd = packetSocket(0, reason) catch return false;
        _ = linux.close(fd);
        return true;
    }

    pub fn init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!Raw {
        const name = std.mem.sliceTo(&config.name, 0);
        const receiver = try packetSocket(0, reason);
        errdefer _ = linux.close(receiver);
        const sender = try packetSocket(0, reason);
        errdefer _ = linux.close(sender);
        inline for (.{
            .{ packet_vnet_hdr, "PACKET_VNET_HDR" },
            .{ packet_auxdata, "PACKET_AUXDATA" },
            .{ packet_ignore_outgoing, "PACKET_IGNORE_OUTGOING" },
        }) |option| set(receiver, linux.SOL.PACKET, option[0], @as(i32, 1)) catch |e|
            return reason.fail(
                errnoOf(e),
                "raw: cannot set {s} on {s}. Linux 4.20 or later is needed",
                .{ option[1], name },
            );
        const bytes = if (config.receive_buffer_bytes == 0)
            default_receive_buffer_bytes
        else
            config.receive_buffer_bytes;
        // Forced past rmem_max where we may; else what the system allows.
        set(receiver, linux.SOL.SOCKET, linux.SO.RCVBUFFORCE, @as(i32, @intCast(bytes / 2))) catch
            set(receiver, linux.SOL.SOCKET, linux.SO.RCVBUF, @as(i32, @intCast(bytes / 2))) catch
            {};
        // Bound last: nothing is captured without its options. The sender is bound to no protocol.
        try bind(receiver, std.mem.nativeToBig(u16, linux.ETH.P.ALL), config.ifindex, name, reason);
        try bind(sender, 0, config.ifindex, name, reason);
        const buffers = std.heap.page_allocator.create(Buffers) catch
            return reason.fail(.NOMEM, "raw: no memory for the buffers of {s}", .{name});
        errdefer std.heap.page_allocator.destroy(buffers);
        const foreign = std.heap.page_allocator.create(Foreign) catch
            return reason.fail(.NOMEM, "raw: no memory for {s}", .{name});
        foreign.* = @splat(0);
        prepare(buffers);
        return .{
            .receiver = receiver,
            .sender = sender,
            .ifindex = config.ifindex,
            .vlan = config.vlan,
            .foreign_tags = foreign,
            .buffers = buffers,
        };
    }

    pub fn deinit(r: *Raw) void {
        _ = linux.close(r.receiver);
        _ = linux.close(r.sender);
        std.heap.page_allocator.destroy(r.buffers);
        std.heap.page_allocator.destroy(r.foreign_tags);
    }

    pub fn descriptor(r: *const Raw) i32 {
        return r.receiver;
    }

    pub fn setPromiscuous(r: *Raw, on: bool) void {
        if (on == r.promiscuous) return;
        r.promiscuous = on;
        const membership: Membership = .{
            .ifindex = @intCast(r.ifindex),
            .type = packet_mr_promisc,
        };
        // Fails only when the interface is gone; then it isn't promiscuous either.
        const change: u32 = if (on) packet_add_membership else packet_drop_membership;
        set(r.receiver, linux.SOL.PACKET, change, membership) catch {};
    }

    pub fn setForeignTags(r: *Raw, tags: []const u16) void {
        var map: Foreign = @splat(0);
        for (tags) |tag| map[tag >> 6 & 63] |= @as(u64, 1) << @intCast(tag & 63);
        for (r.foreign_tags, map) |*word, value| @atomicStore(u64, word, value, .monotonic);
    }

    fn isForeign(r: *const Raw, tci: u16) bool {
        const id = tci & 0xfff;
        return @atomicLoad(u64, &r.foreign_tags[id >> 6], .monotonic) >> @intCast(id & 63) & 1 != 0;
    }

    /// Up to `frames.len` (at most 64) frames that wait; never blocks. Frames with a tag that is
    /// another port's are left out: that port has its own copy.
    pub fn receive(r: *Raw, frames: []Frame) u32 {
        const b = r.buffers;
        const want = @min(frames.len, batch);
        for (b.messages[0..want]) |*m| {
            m.hdr.namelen = @sizeOf(SockaddrLl);
            m.hdr.controllen = @sizeOf(ControlMessage);
        }
        const flags = linux.MSG.DONTWAIT;
        const rc = linux.recvmmsg(r.receiver, &b.messages, @intCast(want), flags, null);
        switch (linux.errno(rc)) {
            .SUCCESS => {},
            .AGAIN, .INTR => return 0,
            else => {
                r.error_count += 1; // ENETDOWN: the interface went down; reading it clears it
                return 0;
            },
        }
        var count: u32 = 0;
        for (0..rc) |i| {
            const frame = r.decode(i) orelse continue;
            frames[count] = frame;
            count += 1;
        }
        return count;
    }

    fn decode(r: *Raw, i: usize) ?Frame {
        const b = r.buffers;
        const m = &b.messages[i];
        if (m.len < offload_bytes + 14) return null; // no Ethernet frame
        const start = b.frames[i * stride ..];
        var tag: u16 = 0;
        var tagged = false;
        const control = &b.controls[i];
        const whole = m.hdr.controllen >= @offsetOf(ControlMessage, "pad");
        if (whole and control.level == linux.SOL.PACKET and
            control.type == packet_auxdata and control.aux.status & tp_status_vlan_valid != 0)
        {
            tag = control.aux.vlan_tci;
            tagged = true;
            // 802.1ad's outer tag is no port of ours.
            if (control.aux.vlan_tpid != 0x8100) {
                // Counted once, by the untagged port.
                return if (r.vlan == abi.no_vlan) unserved(start, m.len, tag) else null;
            }
        }
        const named = if (r.vlan == abi.no_vlan) !tagged else tagged and tag & 0xfff == r.vlan;
        if (!named) {
            if (r.vlan != abi.no_vlan or r.isForeign(tag)) return null;
            return unserved(start, m.len, tag);
        }
        return .{
            .bytes = start[offload_bytes..m.len],
            .tag = tag,
            .to = switch (b.names[i].pkttype) {
                0 => .host,
                3 => .other_host,
                else => .many,
            },
            .fault = if (m.hdr.flags & linux.MSG.TRUNC != 0) .truncated else .none,
            .offload = @bitCast(start[0..offload_bytes].*),
        };
    }

    /// A frame with a tag that no port stands for: the kernel's, only to be counted.
    fn unserved(start: []u8, length: u32, tag: u16) Frame {
        return .{
            .bytes = start[offload_bytes..length],
            .tag = tag,
            .to = .many,
            .fault = .foreign_tag,
            .offload = @bitCast(start[0..offload_bytes].*),
        };
    }

    /// Sends up to 64 frames. A frame that the port refuses is skipped and marked; when its
    /// transmit queue is full, the frames from there on are left to the caller.
    pub fn send(r: *Raw, frames: []const Outgoing) Sent {
        const b = r.buffers;
        for (frames, 0..) |*frame, i| r.describe(frame, i);
        var result: Sent = .{ .frames = 0 };
        while (result.frames < frames.len) {
            const rest: u32 = @intCast(frames.len - result.frames);
            const messages = b.out_messages[result.frames..].ptr;
            const rc = linux.sendmmsg(r.sender, messages, rest, linux.MSG.DONTWAIT);
            switch (linux.errno(rc)) {
                .SUCCESS => result.frames += @intCast(rc),
                .INTR => {},
                .AGAIN, .NOBUFS, .NOMEM => return result,
                else => { // ENETDOWN, ENXIO, EMSGSIZE: this frame can't go
                    result.refused |= @as(u64, 1) << @intCast(result.frames);
                    result.frames += 1;
                },
            }
        }
        return result;
    }

    fn describe(r: *Raw, frame: *const Outgoing, i: usize) void {
        const vectors = &r.buffers.out_vectors[i];
        const bytes: [*]u8 = @constCast(frame.bytes.ptr);
        const header = &r.buffers.out_messages[i].hdr;
        if (r.vlan == abi.no_vlan) {
            vectors[0] = .{ .base = bytes, .len = frame.bytes.len };
            header.iovlen = 1;
            return;
        }
        // The tag goes back between the addresses and the type, with the priority it came with.
        const tag = &r.buffers.out_tags[i];
        std.mem.writeInt(u16, tag[0..2], 0x8100, .big);
        std.mem.writeInt(u16, tag[2..4], (frame.tag & 0xf000) | r.vlan, .big);
        vectors[0] = .{ .base = bytes, .len = 12 };
        vectors[1] = .{ .base = tag, .len = 4 };
        vectors[2] = .{ .base = bytes + 12, .len = frame.bytes.len - 12 };
        header.iovlen = 3;
    }

    pub fn missed(r: *Raw) u64 {
        var statistics: [2]u32 = @splat(0); // packets, drops; reading resets them
        var length: linux.socklen_t = @sizeOf(@TypeOf(statistics));
        const rc = linux.getsockopt(
            r.receiver,
            linux.SOL.PACKET,
            packet_statistics,
            @ptrCast(&statistics),
            &length,
        );
        return if (linux.errno(rc) == .SUCCESS) statistics[1] else 0;
    }

    pub fn errors(r: *Raw) u64 {
        defer r.error_count = 0;
        return r.error_count;
    }
};

fn prepare(b: *Raw.Buffers) void {
    for (0..batch) |i| {
        b.vectors[i] = .{ .base = b.frames[i * stride ..].ptr, .len = frame_room };
        b.messages[i] = .{ .len = 0, .hdr = .{
            .name = @ptrCast(&b.names[i]),
            .namelen = @sizeOf(SockaddrLl),
            .iov = b.vectors[i..].ptr,
            .iovlen = 1,
            .control = &b.controls[i],
            .controllen = @sizeOf(ControlMessage),
            .flags = 0,
        } };
        b.out_messages[i] = .{ .len = 0, .hdr = .{
            .name = null,
            .namelen = 0,
            .iov = &b.out_vectors[i],
            .iovlen = 1,
            .control = null,
            .controllen = 0,
            .flags = 0,
        } };
    }
}

fn packetSocket(protocol: u16, reason: *Reason) error{Failed}!i32 {
    const kind = linux.SOCK.RAW | linux.SOCK.CLOEXEC | linux.SOCK.NONBLOCK;
    const rc = linux.socket(linux.AF.PACKET, kind, protocol);
    return switch (linux.errno(rc)) {
        .SUCCESS => @intCast(rc),
        .PERM, .ACCES => |e| reason.fail(
            e,
            "raw: cannot open a packet socket: not permitted. Run as root, or with " ++
                "CAP_NET_RAW and CAP_NET_ADMIN",
            .{},
        ),
        .AFNOSUPPORT => |e| reason.fail(
            e,
            "raw: this kernel has no packet sockets (CONFIG_PACKET)",
            .{},
        ),
        else => |e| reason.fail(e, "raw: cannot open a packet socket: {t}", .{e}),
    };
}

fn bind(
    fd: i32,
    protocol: u16,
    ifindex: u32,
    name: []const u8,
    reason: *Reason,
) error{Failed}!void {
    const address: SockaddrLl = .{
        .family = linux.AF.PACKET,
        .protocol = protocol,
        .ifindex = @intCast(ifindex),
        .hatype = 0,
        .pkttype = 0,
        .halen = 0,
        .addr = @splat(0),
    };
    const rc = linux.bind(fd, @ptrCast(&address), @sizeOf(SockaddrLl));
    switch (linux.errno(rc)) {
        .SUCCESS => {},
        .NODEV, .NXIO => |e| return reason.fail(
            e,
            "raw: interface {s} is gone. See `ip link`",
            .{name},
        ),
        else => |e| return reason.fail(e, "raw: cannot bind to interface {s}: {t}", .{ name, e }),
    }
}

const SetError = error{ Denied, Other };

fn errnoOf(e: SetError) linux.E {
    return if (e == error.Denied) .PERM else .OPNOTSUPP;
}

fn set(fd: i32, level: i32, option: u32, value: anytype) SetError!void {
    const rc = linux.setsockopt(fd, level, option, @ptrCast(&value), @sizeOf(@TypeOf(value)));
    return switch (linux.errno(rc)) {
        .SUCCESS => {},
        .PERM, .ACCES => error.Denied,
        else => error.Other,
    };
}
