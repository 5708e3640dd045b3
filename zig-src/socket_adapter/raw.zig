//! Socket adapter `raw`: AF_PACKET sockets, as the paper's raw-socket variant, in batches.
//!
//! One socket receives (bound to the interface, every protocol, with the virtio-net header that
//! tells partial checksums and super-frames, and auxiliary data that tells the VLAN tag which the
//! kernel has taken out); another sends (`packet_socket.zig`). Outgoing frames are not captured.
//!
//! Opened and closed by the control thread; `receive`, `send`, `missed` by the dispatcher.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const fanout = @import("fanout.zig");
const packet_socket = @import("packet_socket.zig");
const Frame = @import("frame.zig").Frame;
const Outgoing = @import("frame.zig").Outgoing;
const Sent = @import("frame.zig").Sent;
const Reason = @import("../reason.zig").Reason;

const batch = packet_socket.batch;
const frame_room = packet_socket.frame_room;
const offload_bytes = packet_socket.offload_bytes;
const SockaddrLl = packet_socket.SockaddrLl;
/// Odd in cache lines, so that the batch's frames don't fall into the same sets of the cache.
const stride = frame_room + 320;

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

pub const Raw = struct {
    receiver: i32,
    sender: packet_socket.Sender,
    group: u32, // of its fanout; 0: none
    ifindex: u32,
    promiscuous: bool = false,
    tags: packet_socket.Tags,
    buffers: *Buffers,
    error_count: u64 = 0,

    const Buffers = struct {
        frames: [batch * stride]u8,
        messages: [batch]linux.mmsghdr,
        vectors: [batch]std.posix.iovec,
        names: [batch]SockaddrLl,
        controls: [batch]ControlMessage,
    };

    pub fn available(reason: *Reason) bool {
        const fd = packet_socket.open("raw", reason) catch return false;
        _ = linux.close(fd);
        return true;
    }

    pub fn init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!Raw {
        const name = packet_socket.nameOf(config);
        const receiver = try packet_socket.openReceiver("raw", config, reason);
        errdefer _ = linux.close(receiver);
        const on: i32 = 1;
        packet_socket.set(receiver, linux.SOL.PACKET, packet_socket.auxdata, on) catch |e|
            return reason.fail(
                packet_socket.errnoOf(e),
                "raw: cannot set PACKET_AUXDATA on {s}",
                .{name},
            );
        const sender: packet_socket.Sender = try .init("raw", config, reason);
        errdefer sender.deinit();
        try packet_socket.bind("raw", receiver, linux.ETH.P.ALL, config, reason);
        const group = if (config.dispatchers == 1)
            0
        else
            try fanout.join("raw", receiver, .flow, config, reason);
        const tags = packet_socket.Tags.init(config.vlan) catch
            return reason.fail(.NOMEM, "raw: no memory for {s}", .{name});
        errdefer tags.deinit();
        const buffers = std.heap.page_allocator.create(Buffers) catch
            return reason.fail(.NOMEM, "raw: no memory for the buffers of {s}", .{name});
        prepare(buffers);
        return .{
            .receiver = receiver,
            .sender = sender,
            .group = group,
            .ifindex = config.ifindex,
            .tags = tags,
            .buffers = buffers,
        };
    }

    pub fn deinit(r: *Raw) void {
        _ = linux.close(r.receiver);
        r.sender.deinit();
        r.tags.deinit();
        std.heap.page_allocator.destroy(r.buffers);
    }

    pub fn fanoutGroup(r: *const Raw) u32 {
        return r.group;
    }

    pub fn begin(r: *const Raw) void {
        if (r.group != 0) fanout.begin(r.receiver, r.tags.vlan);
    }

    pub fn descriptor(r: *const Raw) i32 {
        return r.receiver;
    }

    pub fn setPromiscuous(r: *Raw, on: bool) void {
        if (on == r.promiscuous) return;
        r.promiscuous = on;
        packet_socket.setPromiscuous(r.receiver, r.ifindex, on);
    }

    pub fn setForeignTags(r: *Raw, tags: []const u16) void {
        r.tags.setForeign(tags);
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
        var owner = r.tags.ownerOfUntagged();
        const control = &b.controls[i];
        const whole = m.hdr.controllen >= @offsetOf(ControlMessage, "pad") and
            control.level == linux.SOL.PACKET and control.type == packet_socket.auxdata;
        if (whole and control.aux.status & packet_socket.status_vlan_valid != 0) {
            tag = control.aux.vlan_tci;
            owner = r.tags.ownerOf(tag, control.aux.vlan_tpid);
        }
        if (owner == .another) return null;
        var frame: Frame = .{
            .bytes = start[offload_bytes..m.len],
            .tag = tag,
            .to = packet_socket.addressee(b.names[i].pkttype),
            .offload = packet_socket.offloadOf(start[0..offload_bytes]),
        };
        if (m.hdr.flags & linux.MSG.TRUNC != 0) frame.fault = .truncated;
        if (owner == .unserved) frame.leaveToKernel();
        return frame;
    }

    /// Sends up to 64 frames.
    pub fn send(r: *Raw, frames: []const Outgoing) Sent {
        return r.sender.send(frames);
    }

    pub fn missed(r: *Raw) u64 {
        r.sender.refresh();
        return packet_socket.missed(r.receiver);
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
    }
}
