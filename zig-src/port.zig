//! A port: an adapter on an interface (or on an interface and VLAN tag), and the frames that are
//! about to leave by it.
const std = @import("std");
const abi = @import("abi.zig");
const socket_adapter = @import("socket_adapter/registry.zig");

pub const batch = 64;

pub const Port = struct {
    number: u8,
    config: abi.PortConfig,
    adapter: socket_adapter.Adapter,
    counters: abi.PortCounters = .{},
    /// Frames of one VRI that leave with the next `send`, and their slots.
    outgoing: [batch]socket_adapter.Outgoing = undefined,
    slots: [batch]u32 = undefined,
    count: u32 = 0,

    pub fn receive(p: *Port, frames: []socket_adapter.Frame) u32 {
        return switch (p.adapter) {
            inline else => |*a| a.receive(frames),
        };
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

    /// Takes over what the kernel lost and what failed since the last call.
    pub fn readStatistics(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| {
                p.counters.missed_frames += a.missed();
                p.counters.receive_errors += a.errors();
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

    pub fn deinit(p: *Port) void {
        switch (p.adapter) {
            inline else => |*a| a.deinit(),
        }
    }
};
