//! Socket adapter `af_xdp`: an XDP program in the kernel takes the frames that a VR serves, before
//! the kernel's own stack sees them, and puts them into memory that this process shares with it;
//! frames leave the same way. All else goes on through the kernel, so that a management session on
//! the same port is not touched.
//!
//! Beside it stands a packet socket, which sees what the program lets pass. Almost all of it is the
//! kernel's, to be counted and perhaps copied for a VR that asked. But also frames that a VR serves
//! come that way, and are served all the same: those with a tag that hardware took out, merged ones
//! in generic mode, and a few while the program's maps follow a plan. The nftables ingress table
//! keeps the kernel from forwarding these, as with every adapter; those that the program takes
//! never reach it.
//!
//! A frame is copied twice: by the kernel into the UMEM (not where the driver can do without), and
//! from there into its VR's arena; not the second time where the UMEM is that arena (`queues.zig`).
//! Frames are sent past the egress qdisc.
//!
//! Of several dispatchers each has some of the interface's queues for itself, both ways, and with
//! them the packet socket's frames that came in by these; one that gets no queue receives nothing
//! and sends by its packet socket. The first one's adapter follows the plans for all.
//!
//! Opened and closed by the control thread; `receive`, `send`, `missed` by the dispatcher.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const bpf = @import("af_xdp/bpf.zig");
const fanout = @import("fanout.zig");
const interfaces = @import("af_xdp/interface.zig");
const partial_checksum = @import("../partial_checksum.zig");
const program = @import("af_xdp/program.zig");
const receiver = @import("af_xdp/receiver.zig");
const socket = @import("af_xdp/socket.zig");
const Borrower = @import("../frame_pool.zig").Borrower;
const Frame = @import("frame.zig").Frame;
const FramePool = @import("../frame_pool.zig").FramePool;
const Interface = interfaces.Interface;
const monotonicNs = @import("../monotonic.zig").ns;
const Offer = @import("frame.zig").Offer;
const Outgoing = @import("frame.zig").Outgoing;
const Queue = @import("af_xdp/queue.zig").Queue;
const PacketMmap = @import("packet_mmap.zig").PacketMmap;
const Reason = @import("../reason.zig").Reason;
const Receiver = receiver.Receiver;
const Sent = @import("frame.zig").Sent;
const Served = @import("../classifier.zig").Served;

const batch = 64;
/// Full batches taken in a row without a look at the packet socket, and how many frames it gives
/// then.
const looks_between = 16;
const due_frames = 16;
/// Of the packet socket, where the configuration says nothing.
const packet_buffer_bytes = 2 << 20;
/// The same where it takes nothing.
const idle_buffer_bytes = 128 << 10;
/// How long the dispatcher may sleep on frames that the kernel had no room for.
const retry_ns = std.time.ns_per_ms;
const stock_ns_max = 200 * std.time.ns_per_ms;

pub const AfXdp = struct {
    interface: *Interface,
    place: u32,
    vlan: u16,
    mac: [6]u8,
    receivers: []Receiver,
    /// Frames leave by the first queue of the dispatcher's.
    sender: *Queue,
    dispatchers: u32,
    packets: PacketMmap,
    epoll: i32,
    timer: i32,
    /// Where frames that came in pieces are put together; none where they can't.
    bounce: []u8,
    turn: u32 = 0, // queue to begin with
    unlooked: u32 = 0, // batches since the packet socket was looked at
    waiting: bool = false, // frames that the kernel had no room for
    longest: u32, // bytes of a frame without tag that may be sent
    starved_frames: u64 = 0, // since they were asked for

    pub fn available(reason: *Reason) bool {
        const fd = socket.open(reason) catch return false;
        _ = linux.close(fd);
        const map = bpf.Map.prefixes(4, 1) catch |e| {
            reason.fail(
                if (e == error.Denied) .PERM else .OPNOTSUPP,
                "af_xdp: cannot make a BPF map: {t}. Run as root, or with CAP_BPF and " ++
                    "CAP_NET_ADMIN, on Linux 5.9 or later with CONFIG_BPF_SYSCALL",
                .{e},
            ) catch {};
            return false;
        };
        map.close();
        return true;
    }

    pub fn initOver(
        config: *const abi.PortConfig,
        offer: Offer,
        reason: *Reason,
    ) error{Failed}!AfXdp {
        const name = std.mem.sliceTo(&config.name, 0);
        // First: what the program lets pass is seen from the beginning.
        var own = config.*;
        if (own.receive_buffer_bytes == 0) own.receive_buffer_bytes = packet_buffer_bytes;
        const busy = interfaces.busyDispatchers(config);
        const how: ?fanout.How = if (config.dispatcher < busy) .queue else null;
        if (config.dispatchers > 1 and how == null) own.receive_buffer_bytes = idle_buffer_bytes;
        // Alone on a single queue it shares with nobody.
        if (config.dispatcher == 0 and busy == 1) own.dispatchers = 1;
        var packets: PacketMmap = try .initBy(how, &own, reason);
        errdefer packets.deinit();
        const interface = try interfaces.acquire(config, offer, reason);
        errdefer interfaces.release(interface);
        const place = try interface.take(keyOf(config.vlan), config.dispatcher, reason);
        errdefer interface.leave(place);
        const receivers = interface.receiversOf(place, config.dispatcher);
        const gpa = std.heap.page_allocator;
        const pieces: usize = if (interface.segments) batch * receiver.longest_bytes else 0;
        const bounce = gpa.alloc(u8, pieces) catch
            return reason.fail(.NOMEM, "af_xdp: no memory for the frames of {s}", .{name});
        errdefer gpa.free(bounce);
        const epoll = try descriptorOf(linux.epoll_create1(linux.EPOLL.CLOEXEC), reason);
        errdefer _ = linux.close(epoll);
        const flags: linux.TFD = .{ .CLOEXEC = true, .NONBLOCK = true };
        const timer = try descriptorOf(linux.timerfd_create(.MONOTONIC, flags), reason);
        errdefer _ = linux.close(timer);
        for (receivers) |*it| try watch(epoll, it.fd, reason);
        try watch(epoll, packets.descriptor(), reason);
        try watch(epoll, timer, reason);
        var x: AfXdp = .{
            .interface = interface,
            .place = place,
            .vlan = config.vlan,
            .mac = config.mac,
            .receivers = receivers,
            .sender = if (receivers.len == 0) &interface.queues[0] else receivers[0].queue,
            .dispatchers = config.dispatchers,
            .packets = packets,
            .epoll = epoll,
            .timer = timer,
            .bounce = bounce,
            .longest = 0,
        };
        x.longest = x.longestBy(config.mtu);
        return x;
    }

    pub fn deinit(x: *AfXdp) void {
        _ = linux.close(x.timer);
        _ = linux.close(x.epoll);
        std.heap.page_allocator.free(x.bounce);
        x.interface.leave(x.place);
        interfaces.release(x.interface);
        x.packets.deinit();
    }

    pub fn describe(x: *const AfXdp, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        const i = x.interface;
        const count = i.queues.len;
        try writer.print("{t} mode, {s}, {d} queue{s}", .{
            i.mode,
            if (x.sender.copies) "copying" else "zero copy",
            count,
            if (count == 1) "" else "s",
        });
        if (i.busy < x.dispatchers)
            try writer.print(" for {d} of {d} dispatchers", .{ i.busy, x.dispatchers });
        if (i.made.pool != null) return writer.writeAll("; no copy by lvrm: one VR");
        try writer.print("; copied by lvrm: {s}", .{i.made.why.message()});
    }

    pub fn arena(x: *AfXdp) ?*FramePool {
        return x.interface.made.pool;
    }

    pub fn borrower(x: *const AfXdp) Borrower {
        return x.interface.made.borrower;
    }

    pub fn fanoutGroup(x: *const AfXdp) u32 {
        return x.packets.fanoutGroup();
    }

    pub fn begin(x: *const AfXdp) void {
        x.packets.begin();
    }

    pub fn descriptor(x: *const AfXdp) i32 {
        return x.epoll;
    }

    pub fn setPromiscuous(x: *AfXdp, on: bool) void {
        x.packets.setPromiscuous(on);
    }

    pub fn setForeignTags(x: *AfXdp, tags: []const u16) void {
        x.packets.setForeignTags(tags);
    }

    pub fn narrow(x: *AfXdp, served: ?*const Served, reason: *Reason) error{Failed}!bool {
        const narrowed = if (served) |it|
            x.interface.sets.narrow(it)
        else
            x.interface.direct(keyOf(x.vlan), null, x.place);
        return narrowed catch |e| reason.fail(
            .NOMEM,
            "af_xdp: the XDP program of {s} can't follow a plan: {t}",
            .{ x.interface.name(), e },
        );
    }

    pub fn settle(x: *AfXdp) void {
        x.interface.settle(x.place);
    }

    /// What fails here goes on by the packet socket, until the next plan.
    pub fn widen(x: *AfXdp, served: *const Served, port: u8) void {
        x.interface.sets.widen(served) catch return;
        x.awaitStock();
        _ = x.interface.direct(keyOf(x.vlan), port, x.place) catch return;
    }

    /// Until the dispatcher, which has the plan, has lent the kernel something to receive into.
    fn awaitStock(x: *const AfXdp) void {
        const deadline = monotonicNs() + stock_ns_max;
        for (x.receivers) |*it| {
            while (!it.queue.isStocked() and monotonicNs() < deadline) _ = linux.sched_yield();
        }
    }

    /// Up to `frames.len` frames that wait; never blocks. The packet socket comes last, as long as
    /// it isn't overdue: a flood of what no VR serves must not keep out what one does.
    pub fn receive(x: *AfXdp, frames: []Frame) u32 {
        if (x.waiting) x.retry();
        for (x.receivers) |*it| {
            it.giveBack();
            it.queue.restock(it.fd);
            // Its slots may come back with nobody to tell.
            if (it.queue.isStarved() and !x.waiting) x.wait();
        }
        const is_due = x.unlooked == looks_between;
        var count: u32 = if (is_due) x.look(frames[0..@min(due_frames, frames.len)]) else 0;
        for (0..x.receivers.len) |_| {
            if (count == frames.len) break;
            x.turn = if (x.turn + 1 < x.receivers.len) x.turn + 1 else 0;
            count += x.take(&x.receivers[x.turn], frames[count..], count);
        }
        if (is_due) return count;
        if (count < frames.len) return count + x.look(frames[count..]);
        x.unlooked += 1;
        return count;
    }

    fn look(x: *AfXdp, frames: []Frame) u32 {
        x.unlooked = 0;
        return x.packets.receive(frames);
    }

    /// Frames of one queue. `first`: frames that this batch has already.
    fn take(x: *AfXdp, from: *Receiver, frames: []Frame, first: u32) u32 {
        var left = from.ring.side.filled();
        var count: u32 = 0;
        while (count < frames.len) : (count += 1) {
            const bytes = from.next(&left, x.bounceOf(first + count)) orelse break;
            frames[count] = x.decode(bytes);
        }
        return count;
    }

    /// Where frame `index` of a batch is put together.
    inline fn bounceOf(x: *const AfXdp, index: u32) []u8 {
        if (x.bounce.len == 0) return x.bounce;
        return x.bounce[index * receiver.longest_bytes ..][0..receiver.longest_bytes];
    }

    /// The program made sure of the length, and of the tag that the port stands for.
    inline fn decode(x: *const AfXdp, bytes: []u8) Frame {
        var start = bytes;
        var tci: u16 = 0;
        if (x.vlan != abi.no_vlan) {
            tci = std.mem.readInt(u16, bytes[14..16], .big);
            const addresses = bytes[0..12].*;
            bytes[4..16].* = addresses;
            start = bytes[4..];
        }
        return .{
            .bytes = start,
            .tag = tci,
            .to = if (std.mem.eql(u8, start[0..6], &x.mac)) .host else .other_host,
            .offload = partial_checksum.find(start),
        };
    }

    /// Sends up to 64 frames. One that is longer than the interface, or the memory shared with the
    /// kernel, had room for when it was opened goes by the packet socket, which knows its MTU.
    pub fn send(x: *AfXdp, frames: []const Outgoing) Sent {
        if (x.receivers.len == 0) return x.packets.send(frames);
        const vlan = if (x.vlan == abi.no_vlan) null else x.vlan;
        var result: Sent = .{ .frames = 0 };
        while (result.frames < frames.len) {
            const rest = frames[result.frames..];
            const long = for (rest, 0..) |*frame, i| {
                if (frame.bytes.len > x.longest or !x.sender.takes(frame, vlan)) break i;
            } else rest.len;
            const part = if (long == 0)
                x.packets.send(rest[0..1])
            else
                x.sender.send(rest[0..long], vlan);
            result.refused |= part.refused << @intCast(result.frames);
            result.lent |= part.lent << @intCast(result.frames);
            result.frames += part.frames;
            if (part.frames < @max(long, 1)) break;
        }
        if (x.sender.isWaiting() and !x.waiting) x.wait();
        return result;
    }

    /// Frames lie in the transmit ring that the kernel has no room for now.
    fn wait(x: *AfXdp) void {
        x.waiting = true;
        const once: linux.itimerspec = .{
            .it_interval = .{ .sec = 0, .nsec = 0 },
            .it_value = .{ .sec = 0, .nsec = retry_ns },
        };
        _ = linux.timerfd_settime(x.timer, .{}, &once, null);
    }

    fn retry(x: *AfXdp) void {
        var expired: u64 = 0;
        _ = linux.read(x.timer, std.mem.asBytes(&expired), 8);
        x.waiting = false;
        if (x.sender.flushAgain() and x.sender.isWaiting()) x.wait();
    }

    fn longestBy(x: *const AfXdp, mtu: u32) u32 {
        const tag_bytes: u32 = if (x.vlan == abi.no_vlan) 0 else 4;
        const room: u32 = if (x.interface.segments)
            abi.max_frame_bytes
        else
            x.sender.sizes.chunk_bytes - tag_bytes;
        return @min(mtu +| 14, room);
    }

    pub fn missed(x: *AfXdp) u64 {
        var frames = x.packets.missed();
        // As often as this: the MTU may change, and nobody else compares frames with it.
        if (x.packets.mtu()) |mtu| x.longest = x.longestBy(mtu);
        for (x.receivers) |*it| {
            const missed_here = it.missed();
            frames += missed_here;
            if (it.queue.is_short) x.starved_frames += missed_here;
            it.queue.is_short = false;
        }
        return frames;
    }

    /// After `missed`.
    pub fn starved(x: *AfXdp) u64 {
        defer x.starved_frames = 0;
        return x.starved_frames;
    }

    pub fn errors(x: *AfXdp) u64 {
        return x.packets.errors();
    }
};

/// What a port's frames are found by in the program's map.
fn keyOf(vlan: u16) u32 {
    return if (vlan == abi.no_vlan) program.untagged else vlan;
}

fn descriptorOf(rc: usize, reason: *Reason) error{Failed}!i32 {
    if (linux.errno(rc) == .SUCCESS) return @intCast(rc);
    return reason.fail(.MFILE, "af_xdp: no descriptor: too many open files? (`ulimit -n`)", .{});
}

fn watch(epoll: i32, fd: i32, reason: *Reason) error{Failed}!void {
    var event: linux.epoll_event = .{ .events = linux.EPOLL.IN, .data = .{ .fd = fd } };
    const rc = linux.epoll_ctl(epoll, linux.EPOLL.CTL_ADD, fd, &event);
    if (linux.errno(rc) == .SUCCESS) return;
    return reason.fail(.NOMEM, "af_xdp: cannot wait for frames: {t}", .{linux.errno(rc)});
}
