//! What the adapters over AF_PACKET share: making and binding packet sockets, whose frame it is by
//! its VLAN tag, and what the kernel tells about a frame. Sending: `packet/sender.zig`.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const fanout = @import("fanout.zig");
const Frame = @import("frame.zig").Frame;
const Reason = @import("../reason.zig").Reason;
const OffloadHeader = @import("../segment.zig").OffloadHeader;

pub const batch = 64;
pub const frame_room = 65536 + 256; // the longest super-frame, and its Ethernet header
pub const offload_bytes = @sizeOf(OffloadHeader);
pub const default_receive_buffer_bytes = 32 << 20;

// <linux/if_packet.h>, where std has no name for it.
pub const auxdata = 8;
pub const vnet_hdr = 15;
pub const ignore_outgoing = 23;
const add_membership = 1;
const drop_membership = 2;
const statistics = 6;
const mr_promisc = 1;
pub const status_vlan_valid = 1 << 4;
pub const Sender = @import("packet/sender.zig").Sender;
pub const SockaddrLl = linux.sockaddr.ll;

/// VLAN id bitmap: replaced whole by the control thread, read by the dispatcher, word by word.
const Ids = [64]u64;

/// Which frames of an interface are a port's, by their VLAN tags.
pub const Tags = struct {
    vlan: u16,
    /// Ids that other ports of this interface stand for.
    foreign: *Ids,

    pub fn init(vlan: u16) error{OutOfMemory}!Tags {
        const foreign = try std.heap.page_allocator.create(Ids);
        foreign.* = @splat(0);
        return .{ .vlan = vlan, .foreign = foreign };
    }

    pub fn deinit(t: *const Tags) void {
        std.heap.page_allocator.destroy(t.foreign);
    }

    pub fn setForeign(t: *const Tags, ids: []const u16) void {
        var map: Ids = @splat(0);
        for (ids) |id| map[id >> 6 & 63] |= @as(u64, 1) << @intCast(id & 63);
        for (t.foreign, map) |*word, value| @atomicStore(u64, word, value, .monotonic);
    }

    /// `own`: this port's. `unserved`: no port's, so the kernel's; the untagged port counts it.
    /// `another`: some other port has its own copy.
    pub const Owner = enum { own, unserved, another };

    pub inline fn ownerOfUntagged(t: *const Tags) Owner {
        return if (t.vlan == abi.no_vlan) .own else .another;
    }

    /// Of a frame with tag control information `tci` of protocol `tpid`. 802.1ad's outer tag is no
    /// port of ours.
    pub fn ownerOf(t: *const Tags, tci: u16, tpid: u16) Owner {
        const id = tci & 0xfff;
        if (t.vlan != abi.no_vlan) return if (tpid == 0x8100 and id == t.vlan) .own else .another;
        if (tpid != 0x8100) return .unserved;
        const word = @atomicLoad(u64, &t.foreign[id >> 6], .monotonic);
        return if (word >> @intCast(id & 63) & 1 != 0) .another else .unserved;
    }
};

/// Whom a frame is for, by the kernel's packet type.
pub inline fn addressee(pkttype: u8) Frame.To {
    return switch (pkttype) {
        0 => .host,
        3 => .other_host,
        else => .many,
    };
}

/// The header that the kernel puts before a frame, without the bit that says the checksum was
/// found right (VIRTIO_NET_HDR_F_DATA_VALID): nothing has to be done for it.
pub inline fn offloadOf(bytes: *const [offload_bytes]u8) OffloadHeader {
    var header: OffloadHeader = @bitCast(bytes.*);
    header.flags &= OffloadHeader.needs_checksum;
    return header;
}

pub fn open(adapter: []const u8, reason: *Reason) error{Failed}!i32 {
    const kind = linux.SOCK.RAW | linux.SOCK.CLOEXEC | linux.SOCK.NONBLOCK;
    const rc = linux.socket(linux.AF.PACKET, kind, 0);
    return switch (linux.errno(rc)) {
        .SUCCESS => @intCast(rc),
        .PERM, .ACCES => |e| reason.fail(
            e,
            "{s}: cannot open a packet socket: not permitted. Run as root, or with " ++
                "CAP_NET_RAW and CAP_NET_ADMIN",
            .{adapter},
        ),
        .AFNOSUPPORT => |e| reason.fail(
            e,
            "{s}: this kernel has no packet sockets (CONFIG_PACKET)",
            .{adapter},
        ),
        else => |e| reason.fail(e, "{s}: cannot open a packet socket: {t}", .{ adapter, e }),
    };
}

/// A socket that takes every frame of an interface and tells its offload state; not yet bound.
pub fn openReceiver(
    adapter: []const u8,
    config: *const abi.PortConfig,
    reason: *Reason,
) error{Failed}!i32 {
    const fd = try open(adapter, reason);
    errdefer _ = linux.close(fd);
    inline for (.{
        .{ vnet_hdr, "PACKET_VNET_HDR" },
        .{ ignore_outgoing, "PACKET_IGNORE_OUTGOING" },
    }) |option| set(fd, linux.SOL.PACKET, option[0], @as(i32, 1)) catch |e|
        return reason.fail(
            errnoOf(e),
            "{s}: cannot set {s} on {s}. Linux 4.20 or later is needed",
            .{ adapter, option[1], nameOf(config) },
        );
    if (config.dispatchers > 1) fanout.hold(fd) catch |e|
        return reason.fail(errnoOf(e), "{s}: cannot attach a filter to the socket of {s}", .{
            adapter,
            nameOf(config),
        }) else if (config.vlan != abi.no_vlan) filterTag(fd, config.vlan) catch |e|
        return reason.fail(
            errnoOf(e),
            "{s}: cannot have frames of tag {d} only from {s}. Linux 4.20 or later is needed",
            .{ adapter, config.vlan, nameOf(config) },
        );
    const bytes = if (config.receive_buffer_bytes == 0)
        default_receive_buffer_bytes
    else
        config.receive_buffer_bytes;
    // Forced past rmem_max where we may; else what the system allows.
    set(fd, linux.SOL.SOCKET, linux.SO.RCVBUFFORCE, @as(i32, @intCast(bytes / 2))) catch
        set(fd, linux.SOL.SOCKET, linux.SO.RCVBUF, @as(i32, @intCast(bytes / 2))) catch {};
    return fd;
}

/// Has the kernel leave out what is not of tag `vlan` before it takes any room. (Tags are never in
/// the frame by then: the kernel takes them out before it looks for sockets.)
fn filterTag(fd: i32, vlan: u16) SetError!void {
    const program = tagFilter(vlan);
    try set(fd, linux.SOL.SOCKET, linux.SO.ATTACH_FILTER, fanout.Program.of(&program));
}

pub fn tagFilter(vlan: u16) [9]fanout.Instruction {
    const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const equal = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const ret = 0x06; // BPF_RET | BPF_K
    const auxiliary: u32 = 0xffff_f000; // SKF_AD_OFF
    return .{
        .{ .code = load, .jt = 0, .jf = 0, .k = auxiliary + 48 }, // VLAN_TAG_PRESENT
        .{ .code = equal, .jt = 5, .jf = 0, .k = 0 },
        .{ .code = load, .jt = 0, .jf = 0, .k = auxiliary + 60 }, // VLAN_TPID
        .{ .code = equal, .jt = 0, .jf = 3, .k = 0x8100 },
        .{ .code = load, .jt = 0, .jf = 0, .k = auxiliary + 44 }, // VLAN_TAG
        .{ .code = 0x54, .jt = 0, .jf = 0, .k = 0xfff }, // BPF_ALU | BPF_AND | BPF_K
        .{ .code = equal, .jt = 1, .jf = 0, .k = vlan },
        .{ .code = ret, .jt = 0, .jf = 0, .k = 0 },
        .{ .code = ret, .jt = 0, .jf = 0, .k = 0xffff_ffff },
    };
}

/// Binds to the interface: every protocol (`linux.ETH.P.ALL`), or none (0). After all options, so
/// that nothing is captured without them.
pub fn bind(
    adapter: []const u8,
    fd: i32,
    protocol: u16,
    config: *const abi.PortConfig,
    reason: *Reason,
) error{Failed}!void {
    const address: SockaddrLl = .{
        .family = linux.AF.PACKET,
        .protocol = std.mem.nativeToBig(u16, protocol),
        .ifindex = @intCast(config.ifindex),
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
            "{s}: interface {s} is gone. See `ip link`",
            .{ adapter, nameOf(config) },
        ),
        else => |e| return reason.fail(
            e,
            "{s}: cannot bind to interface {s}: {t}",
            .{ adapter, nameOf(config), e },
        ),
    }
}

pub fn nameOf(config: *const abi.PortConfig) []const u8 {
    return std.mem.sliceTo(&config.name, 0);
}

pub const SetError = error{ Denied, Other };

pub fn errnoOf(e: SetError) linux.E {
    return if (e == error.Denied) .PERM else .OPNOTSUPP;
}

pub fn set(fd: i32, level: i32, option: u32, value: anytype) SetError!void {
    const rc = linux.setsockopt(fd, level, option, @ptrCast(&value), @sizeOf(@TypeOf(value)));
    return switch (linux.errno(rc)) {
        .SUCCESS => {},
        .PERM, .ACCES => error.Denied,
        else => error.Other,
    };
}

/// Joins or leaves promiscuous mode. Fails only when the interface is gone; then it isn't
/// promiscuous either.
pub fn setPromiscuous(fd: i32, ifindex: u32, on: bool) void {
    const Membership = extern struct {
        ifindex: i32,
        type: u16 = mr_promisc,
        alen: u16 = 0,
        address: [8]u8 = @splat(0),
    };
    const membership: Membership = .{ .ifindex = @intCast(ifindex) };
    const change: u32 = if (on) add_membership else drop_membership;
    set(fd, linux.SOL.PACKET, change, membership) catch {};
}

/// Frames that the kernel dropped for want of room since the last call: reading resets the count.
pub fn missed(fd: i32) u64 {
    var counts: [2]u32 = @splat(0); // packets, drops
    var length: linux.socklen_t = @sizeOf(@TypeOf(counts));
    const into: [*]u8 = @ptrCast(&counts);
    const rc = linux.getsockopt(fd, linux.SOL.PACKET, statistics, into, &length);
    return if (linux.errno(rc) == .SUCCESS) counts[1] else 0;
}

test "a tag's frames belong to its port, others' to them, the rest to the kernel" {
    const untagged: Tags = try .init(abi.no_vlan);
    defer untagged.deinit();
    untagged.setForeign(&.{ 100, 4094 });
    const tagged: Tags = try .init(100);
    defer tagged.deinit();
    const expectEqual = std.testing.expectEqual;
    try expectEqual(.own, untagged.ownerOfUntagged());
    try expectEqual(.another, tagged.ownerOfUntagged());
    const priority = 0xe000;
    try expectEqual(.own, tagged.ownerOf(100 | priority, 0x8100));
    try expectEqual(.another, tagged.ownerOf(101, 0x8100));
    try expectEqual(.another, tagged.ownerOf(100, 0x88a8));
    try expectEqual(.another, untagged.ownerOf(4094 | priority, 0x8100));
    try expectEqual(.unserved, untagged.ownerOf(101, 0x8100));
    try expectEqual(.unserved, untagged.ownerOf(100, 0x88a8));
    untagged.setForeign(&.{});
    try expectEqual(.unserved, untagged.ownerOf(100, 0x8100));
}
