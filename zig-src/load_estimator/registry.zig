//! The load estimators by name. A new one is one file and one line in `variants`.
//!
//! An estimator declares `load: u32` (frames × 256) and `observe(*T, queue_frames: u32) void`,
//! called whenever frames are dispatched to the VRI.
const std = @import("std");

pub const variants = .{
    .queue_length = @import("queue_length.zig").QueueLength,
};

pub const names = std.meta.fieldNames(@TypeOf(variants));

/// The one in use.
pub const Estimator = variants.queue_length;
