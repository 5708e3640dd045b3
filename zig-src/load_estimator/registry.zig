const std = @import("std");
pub const variants = .{ .queue_length = @import("queue_length.zig") };
pub const names = std.meta.fieldNames(@TypeOf(variants));
