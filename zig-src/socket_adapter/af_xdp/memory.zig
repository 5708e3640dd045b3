//! Memory that queues and the kernel share: mapped and unmapped. Control thread only.
const std = @import("std");
const linux = std.os.linux;
const Reason = @import("../../reason.zig").Reason;
const Ring = @import("ring.zig").Ring;
const socket = @import("socket.zig");

pub fn unmap(memory: []align(std.heap.page_size_min) u8) void {
    _ = linux.munmap(memory.ptr, memory.len);
}

/// For the frames of a queue.
pub fn mapMemory(
    bytes: usize,
    options: *const socket.Options,
    reason: *Reason,
) error{Failed}![]align(std.heap.page_size_min) u8 {
    const rc = linux.mmap(
        null,
        bytes,
        .{ .READ = true, .WRITE = true },
        .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .POPULATE = true },
        -1,
        0,
    );
    if (linux.errno(rc) != .SUCCESS)
        return reason.fail(.NOMEM, "af_xdp: no memory for the frames of {s}", .{options.name});
    const start: [*]align(std.heap.page_size_min) u8 = @ptrFromInt(rc);
    return start[0..bytes];
}

pub fn mapRing(
    comptime T: type,
    fd: i32,
    kind: socket.RingKind,
    offsets: *const linux.xdp_ring_offset,
    size: u32,
    options: *const socket.Options,
    reason: *Reason,
) error{Failed}!Ring(T) {
    return Ring(T).map(fd, kind, offsets, size) catch
        return reason.fail(.NOMEM, "af_xdp: no memory for the rings of {s}", .{options.name});
}
