//! What passes between a socket adapter and the dispatcher.
const segment = @import("../segment.zig");
const FramePool = @import("../frame_pool.zig").FramePool;

/// The arena of the only VR there is, for an adapter that the kernel can fill it by; or why not.
pub const Offer = union(enum) { arena: *FramePool, none: []const u8 };

/// A captured frame: it stays in the adapter's memory until the next `receive`. Its VLAN tag, if
/// it had one, is not in the bytes but in `tag`.
pub const Frame = struct {
    bytes: []const u8,
    tag: u16, // VLAN tag control information; only its priority matters past the adapter
    to: To,
    fault: Fault = .none,
    offload: segment.OffloadHeader,

    /// Nothing to be completed or cut, and all of it there.
    pub inline fn isPlain(f: *const Frame) bool {
        return @intFromEnum(f.fault) | f.offload.flags | f.offload.gso_type == 0;
    }

    /// It bears a tag that no port stands for: the kernel's, only to be counted.
    pub fn leaveToKernel(f: *Frame) void {
        f.to = .many;
        f.fault = .foreign_tag;
    }

    /// Whom the frame is for, by its destination MAC address.
    pub const To = enum(u8) { host, other_host, many };
    /// What makes it unusable, found while capturing.
    pub const Fault = enum(u8) { none, truncated, foreign_tag };
};

/// A frame to be sent: it lies in an arena until `send` returns.
pub const Outgoing = struct {
    bytes: []const u8,
    tag: u16, // as captured: a tagged port keeps the priority bits
};

/// What `send` did with a batch.
pub const Sent = struct {
    frames: u32, // the first so many were sent or refused one by one
    refused: u64 = 0, // bit i: frame i was refused by the port (down, too long)
    lent: u64 = 0, // bit i: the kernel has frame i's slot; the adapter will give it back
};
