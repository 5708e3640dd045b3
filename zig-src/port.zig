//! A port: an adapter on an interface (or on an interface and VLAN tag), and the frames that are
//! about to leave by it.
const std = @import("std");
const abi = @import("abi.zig");
const frame_pool = @import("frame_pool.zig");
const Reason = @import("reason.zig").Reason;
const Served = @import("classifier.zig").Served;
const socket_adapter = @import("socket_adapter/registry.zig");
const Plan = @import("plan.zig").Plan;
const Borrower = frame_pool.Borrower;
const FramePool = frame_pool.FramePool;
const Residence = @import("residence.zig").Residence;

pub const batch = 64;
/// At once at most, where frames of many VRs come together: a run worth the while for each.
pub const burst = 2048;

pub const Port = struct {
    number: u8,
    config: abi.PortConfig,
    adapter: socket_adapter.Adapter,
    /// Where its frames lie, if they lie in their VRs' arenas already.
    residence: ?Residence = null,
    /// Where the kernel puts its frames, if it puts them into a VR's arena.
    arena: ?*FramePool = null,
    /// Whom slots are lent to that leave by it.
    borrower: Borrower = 0,
    counters: abi.PortCounters = .{},
    /// Frames of one VRI that leave with the next `send`, and their slots.
    outgoing: [batch]socket_adapter.Outgoing = undefined,
    slots: [batch]u32 = undefined,
    count: u32 = 0,

    /// After the adapter was opened: whether it works on an arena. Control thread.
    pub fn settleIn(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "arena")) {
                p.arena = a.arena();
                p.borrower = a.borrower();
            },
        }
    }

    /// Puts the adapter's frames into the arenas of the plan's VRs, where it wants that. Control
    /// thread, before the first plan that names the port is handed over.
    pub fn reside(p: *Port, gpa: std.mem.Allocator, plan: *const Plan) error{OutOfMemory}!void {
        if (p.residence != null) return;
        switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "resident")) {
                const frames = a.resident() orelse return;
                p.residence = try .init(gpa, frames, plan, p.number);
            },
        }
    }

    /// Frames that wait, at most `most` (`batchFrames`): in `room`, or where the adapter has them
    /// lying already.
    pub fn receive(
        p: *Port,
        room: *[batch]socket_adapter.Frame,
        most: u32,
    ) []const socket_adapter.Frame {
        return switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "borrow"))
                a.borrow(most)
            else
                room[0..a.receive(room)],
        };
    }

    /// What one `receive` gives at most, though more may wait: where the adapter has them lying, a
    /// batch for each of `vrs`.
    pub fn batchFrames(p: *const Port, vrs: usize) u32 {
        return switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "batch_frames"))
                @TypeOf(a.*).batch_frames
            else if (@hasDecl(@TypeOf(a.*), "in_bursts"))
                @intCast(std.math.clamp(batch * vrs, batch, burst))
            else
                batch,
        };
    }

    /// What its adapter tells of itself, for the status; nothing, as a rule. Control thread.
    pub fn describe(p: *const Port, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "describe")) try a.describe(writer),
        }
    }

    pub fn send(p: *Port) socket_adapter.Sent {
        return switch (p.adapter) {
            inline else => |*a| a.send(p.outgoing[0..p.count]),
        };
    }

    pub fn descriptor(p: *const Port) i32 {
        return switch (p.adapter) {
            inline else => |*a| a.descriptor(),
        };
    }

    /// The fanout group that its socket founded or joined; 0: none.
    pub fn fanout(p: *const Port) u32 {
        return switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "fanoutGroup")) a.fanoutGroup() else 0,
        };
    }

    /// Every dispatcher has it open: frames may come.
    pub fn begin(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "begin")) a.begin(),
        }
    }

    /// Takes over what the kernel lost and what failed since the last call.
    pub fn readStatistics(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| {
                p.counters.missed_frames += a.missed();
                p.counters.receive_errors += a.errors();
                if (@hasDecl(@TypeOf(a.*), "starved")) p.counters.starved_frames += a.starved();
                if (@hasDecl(@TypeOf(a.*), "ended")) p.counters.ended = @intFromBool(a.ended());
            },
        }
    }

    pub fn setPromiscuous(p: *Port, on: bool) void {
        switch (p.adapter) {
            inline else => |*a| a.setPromiscuous(on),
        }
    }

    pub fn setForeignTags(p: *Port, tags: []const u16) void {
        switch (p.adapter) {
            inline else => |*a| a.setForeignTags(tags),
        }
    }

    /// Before a plan is handed over: its adapter takes no frame any more that `served` doesn't
    /// cover; none at all where the plan doesn't name the port (null). True: to be settled.
    pub fn narrow(p: *Port, served: ?*const Served, reason: *Reason) error{Failed}!bool {
        return switch (p.adapter) {
            inline else => |*a| @hasDecl(@TypeOf(a.*), "narrow") and try a.narrow(served, reason),
        };
    }

    /// What its adapter took until then is judged by the plan in force.
    pub fn settle(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "settle")) a.settle(),
        }
    }

    /// Once the dispatcher has taken the plan: its adapter may take all that `served` covers.
    pub fn widen(p: *Port, served: *const Served) void {
        switch (p.adapter) {
            inline else => |*a| if (@hasDecl(@TypeOf(a.*), "widen")) a.widen(served, p.number),
        }
    }

    /// Whether its adapter has to follow plans.
    pub fn follows(p: *const Port) bool {
        return switch (p.adapter) {
            inline else => |*a| @hasDecl(@TypeOf(a.*), "narrow"),
        };
    }

    pub fn deinit(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| a.deinit(),
        }
        if (p.residence) |*it| it.deinit();
    }
};
