//! XDP sockets: system calls, and what to say when one fails. Control thread, but for
//! `wakeReceiver` and `missed`.
const std = @import("std");
const linux = std.os.linux;
const Reason = @import("../../reason.zig").Reason;

// <linux/if_xdp.h>, where std has no name for it.
const use_segments = 1 << 4; // XDP_USE_SG: frames in several chunks
const most_sent_at_once = 9; // XDP_MAX_TX_SKB_BUDGET
const busy_tries = 40;
const busy_wait_ns = 5 * std.time.ns_per_ms;
/// In a descriptor's options: the frame goes on in the next one.
pub const continued = 1; // XDP_PKT_CONTD

/// Before a received frame in its chunk.
pub const headroom_bytes = 256;
const unaligned_chunks = 1 << 0; // XDP_UMEM_UNALIGNED_CHUNK_FLAG: of any size, at any place
/// After which an address within an unaligned chunk has the frame's offset in it.
const offset_shift = 48;

/// Where the bytes lie that a descriptor names.
pub inline fn placeOf(address: u64) u64 {
    return (address & ((1 << offset_shift) - 1)) + (address >> offset_shift);
}

/// How a UMEM is cut.
pub const Chunks = struct {
    bytes: u32,
    /// More room before a received frame.
    headroom: u32 = 0,

    fn flags(c: *const Chunks) u32 {
        return if (std.math.isPowerOfTwo(c.bytes)) 0 else unaligned_chunks;
    }
};

pub const RingKind = enum(i64) {
    receive = linux.XDP.PGOFF_RX_RING,
    transmit = linux.XDP.PGOFF_TX_RING,
    fill = linux.XDP.UMEM_PGOFF_FILL_RING,
    completion = linux.XDP.UMEM_PGOFF_COMPLETION_RING,
};

/// What the sockets of an interface's queue have in common.
pub const Options = struct {
    name: []const u8, // of the interface, for errors
    ifindex: u32,
    queue: u32,
    native: bool, // the driver runs the program
    segments: bool, // frames may lie in several chunks
    moving: Moving = .any,
};

/// How frames come into the UMEM.
pub const Moving = enum {
    any, // the kernel copies only where the driver can't do without
    copied, // by the kernel: only those that the program takes
    uncopied, // by the driver: all that come by the queue
};

pub fn open(reason: *Reason) error{Failed}!i32 {
    const rc = linux.socket(linux.AF.XDP, linux.SOCK.RAW | linux.SOCK.CLOEXEC, 0);
    return switch (linux.errno(rc)) {
        .SUCCESS => @intCast(rc),
        .PERM, .ACCES => |e| reason.fail(
            e,
            "af_xdp: cannot open an XDP socket: not permitted. Run as root, or with " ++
                "CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF",
            .{},
        ),
        .AFNOSUPPORT => |e| reason.fail(
            e,
            "af_xdp: this kernel has no XDP sockets (CONFIG_XDP_SOCKETS). Use another adapter",
            .{},
        ),
        else => |e| reason.fail(e, "af_xdp: cannot open an XDP socket: {t}", .{e}),
    };
}

fn set(fd: i32, option: u32, value: anytype) linux.E {
    const bytes = @sizeOf(@TypeOf(value));
    return linux.errno(linux.setsockopt(fd, linux.SOL.XDP, option, @ptrCast(&value), bytes));
}

/// Makes `memory` the socket's UMEM.
pub fn register(
    fd: i32,
    memory: []u8,
    chunks: Chunks,
    options: *const Options,
    reason: *Reason,
) error{Failed}!void {
    const region: linux.xdp_umem_reg = .{
        .addr = @intFromPtr(memory.ptr),
        .len = memory.len,
        .chunk_size = chunks.bytes,
        .headroom = chunks.headroom,
        .flags = chunks.flags(),
    };
    return switch (set(fd, linux.XDP.UMEM_REG, region)) {
        .SUCCESS => {},
        .NOBUFS => |e| reason.fail(
            e,
            "af_xdp: {s} needs {d} KiB of locked memory for each queue, more than this process " ++
                "may have. Raise it (`ulimit -l unlimited`, LimitMEMLOCK= of a systemd unit), " ++
                "or run with CAP_IPC_LOCK",
            .{ options.name, memory.len >> 10 },
        ),
        .NOMEM => |e| reason.fail(e, "af_xdp: no memory for the frames of {s}", .{options.name}),
        else => |e| reason.fail(
            e,
            "af_xdp: cannot register memory for frames of {s}: {t}",
            .{ options.name, e },
        ),
    };
}

pub fn makeRing(
    fd: i32,
    option: u32,
    size: u32,
    options: *const Options,
    reason: *Reason,
) error{Failed}!void {
    return switch (set(fd, option, size)) {
        .SUCCESS => {},
        else => |e| reason.fail(
            e,
            "af_xdp: cannot make the rings of {s}: {t}. Out of memory?",
            .{ options.name, e },
        ),
    };
}

pub fn offsets(
    fd: i32,
    options: *const Options,
    reason: *Reason,
) error{Failed}!linux.xdp_mmap_offsets {
    var all: linux.xdp_mmap_offsets = undefined;
    var bytes: linux.socklen_t = @sizeOf(@TypeOf(all));
    const into: [*]u8 = @ptrCast(&all);
    const rc = linux.getsockopt(fd, linux.SOL.XDP, linux.XDP.MMAP_OFFSETS, into, &bytes);
    // Before Linux 5.4 there were no flags.
    if (linux.errno(rc) == .SUCCESS and bytes == @sizeOf(@TypeOf(all))) return all;
    return reason.fail(
        .OPNOTSUPP,
        "af_xdp: the XDP sockets of this kernel are too old for {s}. Linux 5.9 or later is needed",
        .{options.name},
    );
}

/// Binds to a queue. `sharing`: the socket whose UMEM it uses, bound to the same queue.
pub fn bind(
    fd: i32,
    options: *const Options,
    sharing: ?i32,
    reason: *Reason,
) error{Failed}!void {
    var flags: u16 = linux.XDP.USE_NEED_WAKEUP;
    if (!options.native or options.moving == .copied) flags |= linux.XDP.COPY;
    if (options.moving == .uncopied) flags |= linux.XDP.ZEROCOPY;
    if (options.segments) flags |= use_segments;
    if (sharing != null) flags = linux.XDP.SHARED_UMEM;
    const address: linux.sockaddr.xdp = .{
        .flags = flags,
        .ifindex = options.ifindex,
        .queue_id = options.queue,
        .shared_umem_fd = @bitCast(sharing orelse 0),
    };
    return switch (bindPatiently(fd, &address)) {
        .SUCCESS => {},
        .BUSY => |e| reason.fail(
            e,
            "af_xdp: queue {d} of {s} belongs to another XDP socket: another lvrm's, or some " ++
                "other program's. End that one, or use another adapter",
            .{ options.queue, options.name },
        ),
        .NODEV, .NXIO => |e| reason.fail(
            e,
            "af_xdp: interface {s} is gone. See `ip link`",
            .{options.name},
        ),
        .NETDOWN => |e| reason.fail(
            e,
            "af_xdp: {s} is down. Try `ip link set {s} up`",
            .{ options.name, options.name },
        ),
        .INVAL => |e| if (options.segments) reason.fail(
            e,
            "af_xdp: cannot bind to {s}: its MTU needs frames in several pieces, for which " ++
                "Linux 6.6 is needed. Use an MTU of at most 1774, or another adapter",
            .{options.name},
        ) else reason.fail(
            e,
            "af_xdp: cannot bind to queue {d} of {s}: {t}",
            .{ options.queue, options.name, e },
        ),
        else => |e| reason.fail(
            e,
            "af_xdp: cannot bind to queue {d} of {s}: {t}",
            .{ options.queue, options.name, e },
        ),
    };
}

/// The kernel lets go of a queue a while after the last socket on it was closed.
fn bindPatiently(fd: i32, address: *const linux.sockaddr.xdp) linux.E {
    for (0..busy_tries) |_| {
        const rc = linux.bind(fd, @ptrCast(address), @sizeOf(linux.sockaddr.xdp));
        if (linux.errno(rc) != .BUSY) return linux.errno(rc);
        _ = linux.nanosleep(&.{ .sec = 0, .nsec = busy_wait_ns }, null);
    }
    return .BUSY;
}

/// Lets more frames be on their way out at once, where the kernel allows.
pub fn enlarge(fd: i32, bytes: i32) void {
    const value = std.mem.asBytes(&bytes);
    for ([_]u32{ linux.SO.SNDBUFFORCE, linux.SO.SNDBUF }) |option| {
        const rc = linux.setsockopt(fd, linux.SOL.SOCKET, option, value.ptr, value.len);
        if (linux.errno(rc) == .SUCCESS) break;
    }
    _ = set(fd, most_sent_at_once, @as(u32, 64)); // since Linux 6.18: else 32
}

pub fn isZeroCopy(fd: i32) bool {
    var found: linux.xdp_options = undefined;
    var bytes: linux.socklen_t = @sizeOf(@TypeOf(found));
    const into: [*]u8 = @ptrCast(&found);
    const rc = linux.getsockopt(fd, linux.SOL.XDP, linux.XDP.OPTIONS, into, &bytes);
    return linux.errno(rc) == .SUCCESS and found.flags & linux.XDP.OPTIONS_ZEROCOPY != 0;
}

/// Tells a driver that waits for empty chunks that there are some.
pub fn wakeReceiver(fd: i32) void {
    _ = linux.recvfrom(fd, @constCast(""), 0, linux.MSG.DONTWAIT, null, null);
}

/// Frames that were for the socket and found no place, ever: no empty chunk, too long for one, or
/// no entry in its ring. (`rx_fill_ring_empty_descs` counts the first kind once more.)
pub fn missed(fd: i32) ?u64 {
    var counts: linux.xdp_statistics = undefined;
    var bytes: linux.socklen_t = @sizeOf(@TypeOf(counts));
    const into: [*]u8 = @ptrCast(&counts);
    const rc = linux.getsockopt(fd, linux.SOL.XDP, linux.XDP.STATISTICS, into, &bytes);
    if (linux.errno(rc) != .SUCCESS or bytes != @sizeOf(@TypeOf(counts))) return null;
    return counts.rx_dropped + counts.rx_ring_full;
}
