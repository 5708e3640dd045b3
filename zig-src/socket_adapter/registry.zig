//! The socket adapters by name. A new one is one file and one line in `variants`.
//!
//! Every adapter declares
//!   init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!T   opens; control thread
//!   deinit(*T)                                                             closes
//!   available(reason: *Reason) bool         can it work on this machine
//!   descriptor(*T) i32                      readable when frames wait
//!   setPromiscuous(*T, bool)                control thread, while the dispatcher runs
//!   setForeignTags(*T, []const u16)         tags that other ports of this interface stand for
//!   receive(*T, []Frame) u32                dispatcher; frames stay valid until the next call
//!   or borrow(*T, usize) []const Frame      the same, for who has its frames described already
//!   send(*T, []const Outgoing) Sent         dispatcher; at most 64 frames
//!   missed(*T) u64                          frames lost by the kernel since the last call
//!   errors(*T) u64                          failed receives since the last call
const std = @import("std");
const Either = @import("../either.zig").Either;
const abi = @import("../abi.zig");
pub const Frame = @import("frame.zig").Frame;
pub const Outgoing = @import("frame.zig").Outgoing;
pub const Sent = @import("frame.zig").Sent;
const Reason = @import("../reason.zig").Reason;

pub const variants = .{
    .raw = @import("raw.zig").Raw,
    .memory = @import("memory.zig").Memory,
    .pcap = @import("pcap.zig").Pcap,
};

pub const names = std.meta.fieldNames(@TypeOf(variants));

pub const Adapter = Either(variants);

/// Opens the adapter that the configuration names.
pub fn open(config: *const abi.PortConfig, reason: *Reason) error{Failed}!Adapter {
    inline for (names, 0..) |name, i|
        if (config.adapter == i)
            return @unionInit(Adapter, name, try @field(variants, name).init(config, reason));
    return reason.fail(.INVAL, "no socket adapter has number {d}", .{config.adapter});
}

pub fn available(adapter: u32, reason: *Reason) bool {
    inline for (names, 0..) |name, i|
        if (adapter == i) return @field(variants, name).available(reason);
    reason.fail(.INVAL, "no socket adapter has number {d}", .{adapter}) catch {};
    return false;
}
