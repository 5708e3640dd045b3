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
//! Each dispatcher opens a port for itself (`config.dispatcher` of `config.dispatchers`), the first
//! one first. All frames of a flow come to one of them (`flow.zig` says what a flow is), and what
//! no VR serves to one only; an adapter that can't see to that fails to open.
//! It may declare
//!   describe(*const T, *std.Io.Writer)      what the status says beside its name; control thread
//!   batch_frames                            what `receive` gives at most, where not 64
//!   fanoutGroup(*const T) u32               handed to the other dispatchers' (`config.fanout`)
//!   begin(*T) void                          all have it open: only now do frames come
//!   in_bursts                               `borrow` can give more than 64 at once
//! An adapter whose frames the kernel can put into an arena declares
//!   initOver(*const abi.PortConfig, Offer, *Reason) error{Failed}!T           instead of `init`
//!   arena(*T) ?*FramePool                   where that is so: frames that lie there are handed on
//!                                           with their slots; those of `Sent.lent` it gives back
//!   borrower(*const T) Borrower             whom it borrows slots for
//!   starved(*T) u64                         of `missed`, those that no slot was left for
//! An adapter that takes only what VRs serve follows the plans (`core.plan`; control thread):
//!   narrow(*T, ?*const Served, *Reason) error{Failed}!bool
//!                                           before a plan is handed over: takes nothing any more
//!                                           that it doesn't serve; null: nothing at all. True:
//!                                           what was taken before may be such
//!   settle(*T) void                         then: waits until the dispatcher has received that
//!   widen(*T, *const Served, u8) void       once the dispatcher has the plan: all that it serves
//!                                           may be taken, for the port of this number
const std = @import("std");
const Either = @import("../either.zig").Either;
const abi = @import("../abi.zig");
pub const Frame = @import("frame.zig").Frame;
pub const Outgoing = @import("frame.zig").Outgoing;
pub const Sent = @import("frame.zig").Sent;
const Reason = @import("../reason.zig").Reason;
pub const Offer = @import("frame.zig").Offer;

pub const variants = .{
    .raw = @import("raw.zig").Raw,
    .memory = @import("memory.zig").Memory,
    .packet_mmap = @import("packet_mmap.zig").PacketMmap,
    .pf_ring = @import("pf_ring.zig").PfRing,
    .af_xdp = @import("af_xdp.zig").AfXdp,
    .pcap = @import("pcap.zig").Pcap,
};

pub const names = std.meta.fieldNames(@TypeOf(variants));

pub const Adapter = Either(variants);

/// Opens the adapter that the configuration names. `offer`: an arena for its frames.
pub fn open(
    config: *const abi.PortConfig,
    offer: Offer,
    reason: *Reason,
) error{Failed}!Adapter {
    inline for (names, 0..) |name, i| if (config.adapter == i) {
        const T = @field(variants, name);
        return @unionInit(Adapter, name, if (@hasDecl(T, "initOver"))
            try T.initOver(config, offer, reason)
        else
            try T.init(config, reason));
    };
    return reason.fail(.INVAL, "no socket adapter has number {d}", .{config.adapter});
}

pub fn available(adapter: u32, reason: *Reason) bool {
    inline for (names, 0..) |name, i|
        if (adapter == i) return @field(variants, name).available(reason);
    reason.fail(.INVAL, "no socket adapter has number {d}", .{adapter}) catch {};
    return false;
}
