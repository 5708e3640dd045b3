//! Makes the queues of an interface: over the arena of the only VR, without a copy, where that is
//! possible and safe; else over memory of their own. Control thread only.
//!
//! Safe is what the kernel copies: then nothing comes into the UMEM but what the program takes,
//! which is the VR's. A driver that does without a copy puts every frame of the queue there, the
//! kernel's own too, before the program runs: VRIs could read them. So that has to be asked for.
const std = @import("std");
const abi = @import("../../abi.zig");
const ethtool = @import("ethtool.zig");
const Borrower = @import("../../frame_pool.zig").Borrower;
const FramePool = @import("../../frame_pool.zig").FramePool;
const Home = @import("queue.zig").Home;
const Offer = @import("../frame.zig").Offer;
const Queue = @import("queue.zig").Queue;
const Reason = @import("../../reason.zig").Reason;
const socket = @import("socket.zig");

const gpa = std.heap.c_allocator;
const small_chunk_bytes = 2048;
const large_chunk_bytes = 4096;
/// Longest frame, with a tag, that lies in one piece.
pub const longest_in_small = small_chunk_bytes - socket.headroom_bytes;

comptime {
    std.debug.assert(abi.slot_bytes >= small_chunk_bytes + 64); // the arena's headroom besides
}

pub const Queues = struct {
    all: []Queue,
    /// The arena that they lie over.
    pool: ?*FramePool = null,
    borrower: Borrower = 0,
    /// Why they don't.
    why: Reason = .{},

    pub fn deinit(q: *Queues) void {
        const copies = q.all[0].copies;
        for (q.all) |*queue| queue.deinit();
        gpa.free(q.all);
        // With that the kernel is out of them. A card is only later, at a time that nobody tells:
        // the slots that it was lent stay out.
        if (copies) if (q.pool) |pool| pool.lending.disown(q.borrower);
    }
};

var last_borrower: Borrower = 0;

/// `options`: of the first one; there are `count`.
pub fn make(
    options: *const socket.Options,
    count: u32,
    config: *const abi.PortConfig,
    offer: Offer,
    reason: *Reason,
) error{Failed}!Queues {
    var why: Reason = .{};
    if (overArena(options, count, config, offer, &why)) |found| {
        if (found) |queues| return queues;
    } else |_| {}
    return .{ .all = try open(options, count, ownHome(options, count), reason), .why = why };
}

/// Queues over the arena, or without a copy by the driver; null: neither, and `why` says so.
fn overArena(
    options: *const socket.Options,
    count: u32,
    config: *const abi.PortConfig,
    offer: Offer,
    why: *Reason,
) error{Failed}!?Queues {
    const pool = try poolFor(options, config, offer, why);
    var wish = options.*;
    // What is no hardware has no driver that could do without a copy.
    if (config.zero_copy == 0 and options.native and ethtool.isDevice(options.name)) {
        wish.moving = .uncopied;
        var ignored: Reason = .{};
        if (open(&wish, count, ownHome(options, count), &ignored)) |all| {
            const text = "the kernel's own frames would lie there too (--zero-copy)";
            why.fail(.PERM, text, .{}) catch {};
            return .{ .all = all, .why = why.* };
        } else |_| {}
    }
    wish.moving = if (config.zero_copy == 0) .copied else .any;
    last_borrower += 1;
    const home: Home = .{ .arena = .{ .pool = pool, .borrower = last_borrower } };
    var queues: Queues = .{
        .all = try open(&wish, count, home, why),
        .pool = pool,
        .borrower = last_borrower,
    };
    if (queues.all[0].copies or pool.pages == .huge) return queues;
    queues.deinit();
    return why.fail(.NOMEM, "the driver needs the arena on huge pages (vm.nr_hugepages)", .{});
}

fn poolFor(
    options: *const socket.Options,
    config: *const abi.PortConfig,
    offer: Offer,
    why: *Reason,
) error{Failed}!*FramePool {
    const pool = switch (offer) {
        .arena => |pool| pool,
        .none => |text| return why.fail(.INVAL, "{s}", .{text}),
    };
    if (isRefused()) return why.fail(.PERM, "LVRM_XDP_ARENA=no", .{});
    if (options.segments)
        return why.fail(.INVAL, "frames for an MTU of {d} come in pieces", .{config.mtu});
    if (pool.slot_bytes != abi.slot_bytes)
        return why.fail(.INVAL, "some port's MTU needs slots larger than a page", .{});
    if (pool.kernel_count == 0)
        return why.fail(.INVAL, "the arena was made without slots for the kernel", .{});
    return pool;
}

/// For measuring and tests.
fn isRefused() bool {
    const text = std.c.getenv("LVRM_XDP_ARENA") orelse return false;
    return std.mem.eql(u8, std.mem.span(text), "no");
}

/// Fewer chunks for each of many queues.
fn ownHome(options: *const socket.Options, count: u32) Home {
    return .{ .own = .{
        .chunk_bytes = if (options.segments) large_chunk_bytes else small_chunk_bytes,
        .receive_chunks = if (count <= 4) 4096 else if (count <= 16) 2048 else 1024,
    } };
}

fn open(
    options: *const socket.Options,
    count: u32,
    home: Home,
    reason: *Reason,
) error{Failed}![]Queue {
    const queues = gpa.alloc(Queue, count) catch
        return reason.fail(.NOMEM, "af_xdp: no memory for {s}", .{options.name});
    errdefer gpa.free(queues);
    var made: u32 = 0;
    errdefer for (queues[0..made]) |*queue| queue.deinit();
    while (made < count) : (made += 1) {
        var its = options.*;
        its.queue = made;
        queues[made] = try .init(&its, home, reason);
    }
    return queues;
}
