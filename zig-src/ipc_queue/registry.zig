//! The IPC queues by name. A new variant is one file and one line here.
const std = @import("std");

pub const variants = .{
    .lamport = @import("lamport.zig"),
};

/// Names in the order of their numbers (`Link.queue`).
pub const names = std.meta.fieldNames(@TypeOf(variants));
