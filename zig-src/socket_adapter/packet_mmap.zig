//! Socket adapter `packet_mmap`: frames from a ring that the kernel writes and we read in place, so
//! that receiving takes no system call and no copy but the one into the arena. Sending is as `raw`
//! does it (`packet_socket.zig` says why there is no transmit ring).
//!
//! The ring is TPACKET_V2's: each slot has a status word of its own, so a frame can be read as soon
//! as it is written, and the socket becomes readable with it. TPACKET_V3 fills blocks and hands one
//! over when the next frame doesn't fit or its timer, of whole milliseconds, has run out: never
//! before, however small the blocks, and frames of an open block must not be read (their lengths
//! are written after their status). A frame that comes alone waits for that timer: echoes through a
//! veth pair took 1000 µs with V3, blocks of 4 KiB and a timer of 1 ms; 31 µs with V2; 30 µs with
//! `recvmmsg`. V3 takes some 15 % off the kernel's part of a flood: not worth a millisecond to all.
//!
//! What a slot can't hold (super-frames up to 64 KiB, an MTU that grew) the kernel queues whole as
//! on an ordinary socket, and says so in the slot (TP_STATUS_COPY): it is read from there, in its
//! turn. Only where that queue is full it is cut, and counted as `truncated`. Checksums and
//! super-frames are told by the virtio-net header before each frame (TP_STATUS_CSUMNOTREADY says
//! the same with less), VLAN tags by the slot's header. TP_STATUS_LOSING only announces what
//! `missed` reads anyway, every few milliseconds.
//!
//! Opened and closed by the control thread; `receive`, `send`, `missed`, `errors` by the
//! dispatcher. A slot belongs to the kernel while its status is 0, else to us; the frames of one
//! `receive` go back with the next. The memory is the socket's: it goes with the last descriptor.
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
const offload_bytes = packet_socket.offload_bytes;

/// Of the ring, where the configuration says nothing and they take no more than `raw` may take.
/// More bear longer pauses, but each frame is then further from the caches.
const default_slots = 4096;
const block_bytes = 1 << 16; // slots don't cross from one to the next
const slot_bytes_max = block_bytes / 4;
/// Frames of one `receive` that no slot could hold.
const copies_max = 16;
const copy_stride = packet_socket.frame_room + 320; // odd in cache lines

// <linux/if_packet.h>
const packet_rx_ring = 5;
const packet_copy_thresh = 7;
const packet_version = 10;
const tpacket_v2 = 1;
const status_user = 1 << 0;
const status_copy = 1 << 1;
const status_tpid_valid = 1 << 6;

const RingRequest = extern struct { block_bytes: u32, blocks: u32, slot_bytes: u32, slots: u32 };

/// What the kernel writes first in a slot: struct tpacket2_hdr, then struct sockaddr_ll.
const Slot = extern struct {
    status: u32,
    length: u32, // of the frame
    held: u32, // bytes of it in the slot
    mac: u16, // offset of the Ethernet header
    net: u16,
    sec: u32,
    nsec: u32,
    vlan_tci: u16,
    vlan_tpid: u16,
    padding: [4]u8,
    address: packet_socket.SockaddrLl,

    fn frame(s: *Slot) [*]u8 {
        return @as([*]u8, @ptrCast(s)) + s.mac;
    }
};
comptime {
    std.debug.assert(@sizeOf(Slot) == 52);
}
/// Where the kernel puts the Ethernet header: behind the slot's header, aligned, so that the IP
/// header has a place that is a multiple of 16, then the virtio-net header moves it by 10.
const frame_offset = 76;

/// Slot size for an MTU, with room for a tag that stays in the frame (802.1ad); odd in cache
/// lines, so that neighbours don't fall into the same sets of the cache.
fn slotBytesFor(mtu: u32) u32 {
    const lines = (frame_offset + 18 + @min(mtu, 1 << 16) + 63) / 64;
    return @min((lines | 1) * 64, slot_bytes_max);
}

pub const PacketMmap = struct {
    receiver: i32,
    sender: packet_socket.Sender,
    group: u32, // of its fanout; 0: none
    ifindex: u32,
    promiscuous: bool = false,
    tags: packet_socket.Tags,
    ring: []align(std.heap.page_size_min) u8,
    slot_bytes: u32,
    next: usize = 0, // offset of the slot that the kernel fills next
    block_end: usize, // offset behind the last slot of its block
    held: [batch]*Slot = undefined, // handed out by the last `receive`
    held_count: u32 = 0,
    copies: *[copies_max * copy_stride]u8,
    copy_count: u32 = 0,

    pub fn available(reason: *Reason) bool {
        const fd = packet_socket.open("packet_mmap", reason) catch return false;
        defer _ = linux.close(fd);
        packet_socket.set(fd, linux.SOL.PACKET, packet_version, @as(i32, tpacket_v2)) catch {
            reason.fail(.OPNOTSUPP, "packet_mmap: this kernel has no TPACKET_V2 rings " ++
                "(CONFIG_PACKET without memory mapping?). Use --adapter raw", .{}) catch {};
            return false;
        };
        return true;
    }

    pub fn init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!PacketMmap {
        return initBy(.flow, config, reason);
    }

    /// `how` frames come to the one of several dispatchers; null: this one's socket takes none.
    pub fn initBy(
        how: ?fanout.How,
        config: *const abi.PortConfig,
        reason: *Reason,
    ) error{Failed}!PacketMmap {
        const name = packet_socket.nameOf(config);
        const receiver = try packet_socket.openReceiver("packet_mmap", config, reason);
        errdefer _ = linux.close(receiver);
        const slot_bytes = slotBytesFor(config.mtu);
        const ring = try mapRing(receiver, slot_bytes, config, reason);
        errdefer _ = linux.munmap(ring.ptr, ring.len);
        const sender: packet_socket.Sender = try .init("packet_mmap", config, reason);
        errdefer sender.deinit();
        const tags = packet_socket.Tags.init(config.vlan) catch
            return reason.fail(.NOMEM, "packet_mmap: no memory for {s}", .{name});
        errdefer tags.deinit();
        const allocator = std.heap.page_allocator;
        const copies = allocator.create([copies_max * copy_stride]u8) catch
            return reason.fail(.NOMEM, "packet_mmap: no memory for {s}", .{name});
        errdefer allocator.destroy(copies);
        try packet_socket.bind("packet_mmap", receiver, linux.ETH.P.ALL, config, reason);
        const group = if (config.dispatchers == 1 or how == null)
            0
        else
            try fanout.join("packet_mmap", receiver, how.?, config, reason);
        return .{
            .receiver = receiver,
            .sender = sender,
            .group = group,
            .ifindex = config.ifindex,
            .tags = tags,
            .ring = ring,
            .slot_bytes = slot_bytes,
            .block_end = block_bytes / slot_bytes * slot_bytes,
            .copies = copies,
        };
    }

    pub fn deinit(m: *PacketMmap) void {
        _ = linux.munmap(m.ring.ptr, m.ring.len);
        _ = linux.close(m.receiver);
        m.sender.deinit();
        m.tags.deinit();
        std.heap.page_allocator.destroy(m.copies);
    }

    pub fn describe(m: *const PacketMmap, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        const slots = m.ring.len / block_bytes * (block_bytes / m.slot_bytes);
        try writer.print("{d} slots of {d} bytes", .{ slots, m.slot_bytes });
    }

    pub fn fanoutGroup(m: *const PacketMmap) u32 {
        return m.group;
    }

    pub fn begin(m: *const PacketMmap) void {
        if (m.group != 0) fanout.begin(m.receiver, m.tags.vlan);
    }

    pub fn descriptor(m: *const PacketMmap) i32 {
        return m.receiver;
    }

    pub fn setPromiscuous(m: *PacketMmap, on: bool) void {
        if (on == m.promiscuous) return;
        m.promiscuous = on;
        packet_socket.setPromiscuous(m.receiver, m.ifindex, on);
    }

    pub fn setForeignTags(m: *PacketMmap, tags: []const u16) void {
        m.tags.setForeign(tags);
    }

    /// Up to `frames.len` (at most 64) frames that wait; never blocks. Frames with a tag that is
    /// another port's are left out: that port has its own copy.
    pub fn receive(m: *PacketMmap, frames: []Frame) u32 {
        @setRuntimeSafety(false); // what the kernel wrote is taken at its word
        m.release();
        const want = @min(frames.len, batch);
        var count: u32 = 0;
        while (m.held_count < want and m.copy_count < copies_max) {
            const slot: *Slot = @ptrCast(@alignCast(m.ring.ptr + m.next));
            // Acquire: pairs with the kernel's barrier before the status; all else is there then.
            const status = @atomicLoad(u32, &slot.status, .acquire);
            if (status & status_user == 0) break;
            m.held[m.held_count] = slot;
            m.held_count += 1;
            m.advance();
            frames[count] = m.decode(slot, status) orelse continue;
            count += 1;
        }
        return count;
    }

    /// Gives the last call's slots back to the kernel.
    fn release(m: *PacketMmap) void {
        @setRuntimeSafety(false);
        // Release: our reads of the frame come before the kernel's next writes to its slot.
        for (m.held[0..m.held_count]) |slot| @atomicStore(u32, &slot.status, 0, .release);
        m.held_count = 0;
        m.copy_count = 0;
    }

    fn advance(m: *PacketMmap) void {
        m.next += m.slot_bytes;
        if (m.next != m.block_end) return;
        m.next = std.mem.alignForward(usize, m.next, block_bytes);
        if (m.next == m.ring.len) m.next = 0;
        m.block_end = m.next + block_bytes / m.slot_bytes * m.slot_bytes;
    }

    inline fn decode(m: *PacketMmap, slot: *Slot, status: u32) ?Frame {
        @setRuntimeSafety(false);
        const bytes = slot.frame();
        var frame: Frame = .{
            .bytes = bytes[0..slot.held],
            .tag = 0,
            .to = packet_socket.addressee(slot.address.pkttype),
            .offload = packet_socket.offloadOf((bytes - offload_bytes)[0..offload_bytes]),
        };
        var owner = m.tags.ownerOfUntagged();
        if (status & packet_socket.status_vlan_valid != 0) {
            frame.tag = slot.vlan_tci;
            const tpid = if (status & status_tpid_valid != 0) slot.vlan_tpid else 0x8100;
            owner = m.tags.ownerOf(frame.tag, tpid);
        }
        // The copy has to leave the queue, whosever it is.
        if (slot.held != slot.length) m.complete(&frame, slot.length, status & status_copy != 0);
        if (owner == .another or frame.bytes.len < 14) return null;
        if (owner == .unserved) frame.leaveToKernel();
        return frame;
    }

    /// A frame that its slot holds the beginning of: the kernel queued the whole of it, if it had
    /// the room.
    fn complete(m: *PacketMmap, frame: *Frame, length: u32, queued: bool) void {
        frame.fault = .truncated;
        if (!queued) return;
        const into = m.copies[m.copy_count * copy_stride ..][0..packet_socket.frame_room];
        const flags = linux.MSG.DONTWAIT | linux.MSG.TRUNC; // the frame's own length is returned
        var rc = linux.recvfrom(m.receiver, into.ptr, into.len, flags, null, null);
        // ENETDOWN of before is told first, once.
        if (linux.errno(rc) != .SUCCESS)
            rc = linux.recvfrom(m.receiver, into.ptr, into.len, flags, null, null);
        if (linux.errno(rc) != .SUCCESS or rc != offload_bytes + length or rc > into.len) return;
        m.copy_count += 1;
        frame.bytes = into[offload_bytes..rc];
        frame.offload = packet_socket.offloadOf(into[0..offload_bytes]);
        frame.fault = .none;
    }

    /// Sends up to 64 frames.
    pub fn send(m: *PacketMmap, frames: []const Outgoing) Sent {
        return m.sender.send(frames);
    }

    /// After `missed`: as it is now. Null: the interface is gone.
    pub fn mtu(m: *const PacketMmap) ?u32 {
        return m.sender.mtu();
    }

    pub fn missed(m: *PacketMmap) u64 {
        m.sender.refresh();
        return packet_socket.missed(m.receiver);
    }

    /// Whether the socket has an error, such as ENETDOWN when the interface went down. Nobody else
    /// takes it off, and the socket would stay readable by it.
    pub fn errors(m: *PacketMmap) u64 {
        var errno: u32 = 0;
        var length: linux.socklen_t = @sizeOf(u32);
        const into: [*]u8 = @ptrCast(&errno);
        _ = linux.getsockopt(m.receiver, linux.SOL.SOCKET, linux.SO.ERROR, into, &length);
        return @intFromBool(errno != 0);
    }
};

/// Has the kernel make the ring, and maps it.
fn mapRing(
    fd: i32,
    slot_bytes: u32,
    config: *const abi.PortConfig,
    reason: *Reason,
) error{Failed}![]align(std.heap.page_size_min) u8 {
    const name = packet_socket.nameOf(config);
    // What a slot can't hold is queued whole, whatever its size.
    inline for (.{ .{ packet_version, tpacket_v2 }, .{ packet_copy_thresh, 1 } }) |option|
        packet_socket.set(fd, linux.SOL.PACKET, option[0], @as(i32, option[1])) catch |e|
            return reason.fail(
                packet_socket.errnoOf(e),
                "packet_mmap: {s} can have no TPACKET_V2 ring. Use --adapter raw",
                .{name},
            );
    const most = packet_socket.default_receive_buffer_bytes;
    const wanted = if (config.receive_buffer_bytes == 0)
        @min(default_slots * slot_bytes, most)
    else
        @min(config.receive_buffer_bytes, 1 << 30);
    const blocks = @max(2, wanted / block_bytes);
    const request: RingRequest = .{
        .block_bytes = block_bytes,
        .blocks = blocks,
        .slot_bytes = slot_bytes,
        .slots = block_bytes / slot_bytes * blocks,
    };
    const bytes = @as(usize, blocks) * block_bytes;
    packet_socket.set(fd, linux.SOL.PACKET, packet_rx_ring, request) catch
        return reason.fail(
            .NOMEM,
            "packet_mmap: no memory for the ring of {s} ({d} KiB)",
            .{ name, bytes >> 10 },
        );
    const map: linux.MAP = .{ .TYPE = .SHARED };
    const rc = linux.mmap(null, bytes, .{ .READ = true, .WRITE = true }, map, fd, 0);
    if (linux.errno(rc) != .SUCCESS)
        return reason.fail(
            linux.errno(rc),
            "packet_mmap: cannot map the ring of {s} ({d} KiB): {t}",
            .{ name, bytes >> 10, linux.errno(rc) },
        );
    return @as([*]align(std.heap.page_size_min) u8, @ptrFromInt(rc))[0..bytes];
}

test "slots hold a frame of the MTU with its headers, and fit a block" {
    for ([_]u32{ 0, 68, 1500, 9000, 16_000, 65_535 }) |mtu| {
        const bytes = slotBytesFor(mtu);
        try std.testing.expectEqual(0, bytes % 64);
        try std.testing.expect(bytes <= block_bytes / 4);
        if (mtu < 16_000) try std.testing.expect(bytes >= frame_offset + 18 + mtu);
    }
}
