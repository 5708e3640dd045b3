//! The IPC queues by name. A new variant is one file and one line in `variants`; the conformance
//! suite (`conformance.zig`) then runs on it, and `--queue` knows it.
const std = @import("std");
const abi = @import("../abi.zig");
const Either = @import("../either.zig").Either;

pub const variants = .{
    .mc_ring_buffer = @import("mc_ring_buffer.zig"), // the first is the default
    .lamport = @import("lamport.zig"),
    .fast_forward = @import("fast_forward.zig"),
    .locked = @import("locked.zig"),
};

/// Names in the order of their numbers (`Link.queue`).
pub const names = std.meta.fieldNames(@TypeOf(variants));

pub const Producer = Either(ends("Producer"));
pub const Consumer = Either(ends("Consumer"));

/// The variants' producers, or consumers, by the variants' names.
fn ends(comptime side: []const u8) EndTypes {
    var all: EndTypes = undefined;
    for (names) |name| @field(all, name) = @field(@field(variants, name), side);
    return all;
}

const EndTypes = @Struct(.auto, null, names, &@as([names.len]type, @splat(type)), &@splat(.{}));

/// Bytes for a queue of `capacity` words, of whichever variant.
pub fn bytesFor(queue: u32, capacity: u32) usize {
    inline for (names, 0..) |name, i|
        if (queue == i) return @field(variants, name).bytesFor(capacity);
    unreachable; // numbers come from our own link header, checked at creation
}

/// The producer's or consumer's end of queue number `queue` at `memory`.
pub fn open(
    comptime End: type,
    queue: u32,
    memory: [*]align(abi.cache_line_bytes) u8,
    capacity: u32,
) End {
    const side = if (End == Producer) "Producer" else "Consumer";
    inline for (names, 0..) |name, i|
        if (queue == i)
            return @unionInit(
                End,
                name,
                @field(@field(variants, name), side).init(memory, capacity),
            );
    unreachable;
}
