//! Frames of a trace that lie in the arenas of the VRs that serve them, for `--zero-copy`: each has
//! a slot of its own there for good (`FramePool.resident_from`), and is handed out by its
//! descriptor. Nothing is copied but its first bytes, which a router edits in place: they are
//! written anew from the trace each time. What a VR changes behind them stays changed.
//!
//! Made by the control thread before the dispatcher knows the port, then read by the dispatcher. A
//! frame without a slot (its VR's are used up, it doesn't fit one, it is for nobody), and one that
//! comes again before it is back, goes the ordinary way, with a copy.
const std = @import("std");
const abi = @import("abi.zig");
const claim = @import("copy.zig").claim;
const copy = @import("copy.zig").copy;
const dispatch = @import("dispatch.zig");
const frame_pool = @import("frame_pool.zig");
const ingest = @import("ingest.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const Plan = @import("plan.zig").Plan;
const Port = @import("port.zig").Port;
const Vr = @import("vr.zig").Vr;
const Dispatcher = dispatch.Dispatcher;

/// The rest of the cache line that a frame starts in (`abi.headroom_bytes`): the headers of all
/// that a router forwards without options, and some of the payload.
pub const restored_bytes = 64 - abi.headroom_bytes % 64;

/// As in ingest.zig.
const ahead = 16;

/// Of a frame: the VR in whose arena it lies (`Vr.serial`; 0: in none), and where.
const Place = struct { vr: u32 = 0, slot: u32 = 0 };

pub const Residence = struct {
    gpa: std.mem.Allocator,
    frames: []const Frame,
    places: []Place, // by frame

    /// Puts as many frames as there is room for into the arenas of the plan's VRs.
    pub fn init(
        gpa: std.mem.Allocator,
        frames: []const Frame,
        plan: *const Plan,
        port: u8,
    ) error{OutOfMemory}!Residence {
        const places = try gpa.alloc(Place, frames.len);
        for (frames, places) |*frame, *place| {
            place.* = .{};
            if (!frame.isPlain()) continue;
            const number = plan.classifier.vrOf(frame, port) orelse continue;
            place.* = put(plan.vrs[number].vr, frame.bytes) orelse .{};
        }
        return .{ .gpa = gpa, .frames = frames, .places = places };
    }

    pub fn deinit(r: *Residence) void {
        r.gpa.free(r.places);
    }

    /// As `ingest.serve`, for a run of the trace's frames that one VR serves.
    pub fn serve(
        r: *const Residence,
        d: *Dispatcher,
        vr: *Vr,
        port: *Port,
        frames: []const Frame,
    ) void {
        var rest = frames;
        while (rest.len != 0) {
            const at = (@intFromPtr(rest.ptr) - @intFromPtr(r.frames.ptr)) / @sizeOf(Frame);
            const places = r.places[at..][0..rest.len];
            const is_here = isHere(vr, places[0]);
            var end: usize = 1;
            while (end < rest.len and isHere(vr, places[end]) == is_here) end += 1;
            if (is_here) {
                hand(d, vr, port, rest[0..end], places[0..end]);
            } else ingest.serve(d, vr, port, rest[0..end]);
            rest = rest[end..];
        }
    }
};

fn put(vr: *Vr, bytes: []const u8) ?Place {
    const pool = &vr.pool;
    const slot = pool.resident_from + pool.resident_used;
    const room = @min(pool.slot_bytes - abi.headroom_bytes, abi.max_frame_bytes);
    if (slot == pool.slot_count or bytes.len > room) return null;
    pool.resident_used += 1;
    @memcpy(pool.bytes(slot)[abi.headroom_bytes..][0..bytes.len], bytes);
    return .{ .vr = vr.serial, .slot = slot };
}

fn isHere(vr: *const Vr, place: Place) bool {
    return place.vr == vr.serial and vr.pool.slots[place.slot].owner.is(.nobody);
}

inline fn lineOf(pool: *const frame_pool.FramePool, place: Place) [*]u8 {
    return pool.bytes(place.slot) + abi.headroom_bytes;
}

/// Frames whose slots are there and free.
fn hand(
    d: *Dispatcher,
    vr: *Vr,
    port: *Port,
    frames: []const Frame,
    places: []const Place,
) void {
    const pool = &vr.pool;
    const is_short = vr.running.len == 1 and !vr.tracking; // as in ingest.zig
    const flow: u32 = if (vr.by_frame) frame_pool.no_flow else frame_pool.untracked;
    const words = &d.words; // free until the way out
    var bytes: u64 = 0;
    for (places[0..@min(ahead, places.len)]) |place| claim(lineOf(pool, place));
    for (frames, places, words[0..frames.len], 0..) |*frame, place, *word, i| {
        if (i + ahead < places.len) claim(lineOf(pool, places[i + ahead]));
        const length = frame.bytes.len;
        copy(lineOf(pool, place), frame.bytes.ptr, @min(length, restored_bytes));
        pool.slots[place.slot] = .{ .tag = frame.tag };
        if (is_short) pool.slots[place.slot] = .{
            .owner = .frame(vr.running[0].number),
            .tag = frame.tag,
            .flow = flow,
        };
        bytes += length;
        word.* = @bitCast(abi.Descriptor{
            .slot = @intCast(place.slot),
            .length = @intCast(length),
            .offset = abi.headroom_bytes / 2,
            .input_port = port.number,
            .output = abi.no_port,
        });
    }
    ingest.countReceived(d, port, frames.len, bytes);
    port.counters.uncopied_frames += frames.len;
    vr.counters.received_frames += frames.len;
    vr.counters.received_bytes += bytes;
    if (is_short) {
        if (!vr.by_frame) vr.running[0].untracked += @intCast(frames.len);
        return d.hand(vr.running[0], words[0..frames.len]);
    }
    for (words[0..frames.len], frames) |word, *frame|
        ingest.assign(d, vr, @bitCast(word), frame.bytes, .newest);
}

test {
    _ = @import("residence_test.zig");
}
