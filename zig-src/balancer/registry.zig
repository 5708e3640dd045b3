const std = @import("std");
pub const variants = .{ .jsq = @import("jsq.zig") };
pub const names = std.meta.fieldNames(@TypeOf(variants));
