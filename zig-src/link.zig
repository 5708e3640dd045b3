//! A link: the segment that the dispatchers and one VRI share. Here: where its queues lie, two of
//! control events and three for each dispatcher. The control thread lays it out (`layOut`), the VRI
//! finds it laid out (`vr_link.zig`).
const std = @import("std");
const abi = @import("abi.zig");
const ipc_queue = @import("ipc_queue/registry.zig");
const control = @import("ipc_queue/control.zig");

pub const Memory = [*]align(abi.cache_line_bytes) u8;

/// Fills in a header's constant part but for the arena's, and as many lanes, and returns the
/// segment's size.
pub fn layOut(header: *abi.Link, lanes: []abi.Lane, config: *const abi.VriConfig) usize {
    header.magic = abi.magic;
    header.abi_hash = abi.hash;
    header.vr = config.vr;
    header.vri = config.vri;
    header.queue = config.queue;
    header.queue_capacity = config.queue_capacity;
    header.free_capacity = config.free_capacity;
    header.control_capacity = config.control_capacity;
    header.lanes = @intCast(lanes.len);
    var end: usize = @sizeOf(abi.Link);
    header.lanes_offset = place(&end, lanes.len * @sizeOf(abi.Lane));
    const data = ipc_queue.bytesFor(config.queue, config.queue_capacity);
    for (lanes) |*lane| {
        lane.data_in_offset = place(&end, data);
        lane.data_out_offset = place(&end, data);
        lane.free_offset = place(&end, ipc_queue.bytesFor(config.queue, config.free_capacity));
    }
    header.control_in_offset = place(&end, control.bytesFor(config.control_capacity));
    header.control_out_offset = place(&end, control.bytesFor(config.control_capacity));
    header.bytes = end;
    return end;
}

/// The lanes of a link that is laid out.
pub fn lanesOf(header: *abi.Link) []abi.Lane {
    const first: [*]abi.Lane = @ptrCast(at(header, header.lanes_offset));
    return first[0..header.lanes];
}

fn place(end: *usize, bytes: usize) u32 {
    const start = std.mem.alignForward(usize, end.*, abi.cache_line_bytes);
    end.* = start + bytes;
    return @intCast(start);
}

/// Null when sizes that a plan or user gave can't make a link, else why.
pub fn refuse(config: *const abi.VriConfig) ?[]const u8 {
    if (config.queue >= ipc_queue.names.len) return "no such queue variant";
    for ([_]u32{ config.queue_capacity, config.free_capacity }) |capacity|
        if (!std.math.isPowerOfTwo(capacity) or capacity < 2 or capacity > 1 << 20)
            return "a data queue's capacity must be a power of two from 2 to 1048576";
    if (!std.math.isPowerOfTwo(config.control_capacity) or config.control_capacity < 8192 or
        config.control_capacity > 1 << 24)
        return "a control queue's capacity must be a power of two from 8 KiB to 16 MiB";
    return null;
}

/// The queue memory that lies `offset` bytes into the segment.
pub fn at(header: *abi.Link, offset: u32) Memory {
    return @alignCast(@as([*]u8, @ptrCast(header)) + offset);
}
