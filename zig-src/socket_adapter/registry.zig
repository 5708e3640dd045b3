const std = @import("std");
pub const variants = .{ .raw = @import("raw.zig") };
pub const names = std.meta.fieldNames(@TypeOf(variants));
