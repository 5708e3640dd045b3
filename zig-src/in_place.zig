//! Frames that the kernel has put straight into slots of their VR's arena (`af_xdp`, where it needs
//! no copy): only their descriptors are made here. Dispatcher only.
//!
//! Their slots were the kernel's until now (`Owner.kernel`), so every frame that comes this way
//! ends here in a VRI's hands, or with its slot given back. The VR's other VRIs map the arena as
//! well and could write to a frame while it is looked at: what they can gain is another verdict on
//! a frame of their own VR, and no length or place is read from the frame's slot twice.
const std = @import("std");
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const frame_pool = @import("frame_pool.zig");
const ingest = @import("ingest.zig");
const segment = @import("segment.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const FramePool = frame_pool.FramePool;
const Port = @import("port.zig").Port;
const Vr = @import("vr.zig").Vr;
const Dispatcher = dispatch.Dispatcher;

/// What a descriptor can say of where a frame starts.
const offset_max = 2 * std.math.maxInt(u8);

/// As `ingest.serve`, for frames of which some lie in `pool`, a batch at most.
pub fn serve(d: *Dispatcher, vr: *Vr, port: *Port, pool: *FramePool, frames: []const Frame) void {
    var rest = frames;
    while (rest.len != 0) {
        const lies = pool.holds(rest[0].bytes);
        var end: usize = 1;
        while (end < rest.len and pool.holds(rest[end].bytes) == lies) end += 1;
        const run = rest[0..end];
        rest = rest[end..];
        if (lies and pool == &vr.pool) {
            hand(d, vr, port, run);
        } else {
            ingest.serve(d, vr, port, run);
            dismiss(pool, run);
        }
    }
}

/// Gives the slots back of those frames that lie in `pool`: they go no further.
pub fn dismiss(pool: *FramePool, frames: []const Frame) void {
    for (frames) |*frame| if (pool.holds(frame.bytes)) {
        const at = @intFromPtr(frame.bytes.ptr) - @intFromPtr(pool.segment.memory.ptr);
        pool.giveLent(@intCast(at / abi.slot_bytes));
    };
}

fn hand(d: *Dispatcher, vr: *Vr, port: *Port, frames: []const Frame) void {
    const pool = &vr.pool;
    const base = @intFromPtr(pool.segment.memory.ptr);
    const is_short = vr.running.len == 1 and !vr.tracking; // as in ingest.zig
    const flow: u32 = if (vr.by_frame) frame_pool.no_flow else frame_pool.untracked;
    var words: [dispatch.batch]u64 = undefined;
    var count: u32 = 0;
    var bytes: u64 = 0;
    pool.lent_count -= @intCast(frames.len);
    for (frames) |*frame| {
        const at = @intFromPtr(frame.bytes.ptr) - base;
        const slot: u32 = @intCast(at / abi.slot_bytes);
        bytes += frame.bytes.len;
        pool.slots[slot] = .{ .tag = frame.tag };
        const start = place(pool, slot, @intCast(at % abi.slot_bytes), frame) orelse {
            d.discard(vr, slot, .bad_segment);
            continue;
        };
        const word: abi.Descriptor = .{
            .slot = @intCast(slot),
            .length = @intCast(frame.bytes.len),
            .offset = @intCast(start / 2),
            .input_port = port.number,
            .output = abi.no_port,
        };
        if (is_short) {
            pool.slots[slot].owner = .frame(vr.running[0].number);
            pool.slots[slot].flow = flow;
            words[count] = @bitCast(word);
            count += 1;
        } else ingest.assign(d, vr, word, pool.bytes(slot)[start..][0..frame.bytes.len], .newest);
    }
    ingest.countReceived(d, port, frames.len, bytes);
    port.counters.uncopied_frames += frames.len;
    vr.counters.received_frames += frames.len;
    vr.counters.received_bytes += bytes;
    if (count == 0) return;
    if (!vr.by_frame) vr.running[0].untracked += count;
    d.hand(vr.running[0], words[0..count]);
}

/// Makes the frame what a VR expects, where it lies; returns at which offset of its slot that is.
/// Null: its offload header points out of it.
inline fn place(pool: *const FramePool, slot: u32, offset: u32, frame: *const Frame) ?u32 {
    var start = offset;
    const length = frame.bytes.len;
    const memory = pool.bytes(slot);
    if (start & 1 != 0 or start > offset_max) { // a driver's own idea of headroom
        start = abi.headroom_bytes;
        std.mem.copyForwards(u8, memory[start..][0..length], frame.bytes);
    }
    if (frame.offload.flags & segment.OffloadHeader.needs_checksum == 0) return start;
    return if (segment.completeChecksum(memory[start..][0..length], frame.offload)) start else null;
}

test {
    _ = @import("in_place_test.zig");
}
