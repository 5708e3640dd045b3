//! Which VR serves a frame: the one predicate of `docs/design.md`. The ingress table that keeps the
//! kernel from forwarding the same frames (`mod/ingress/`) states it once more for the kernel.
//!
//! Served: unicast to this port's own MAC (or to another host's, on a port that the VR watches
//! promiscuously), untagged or with the port's own tag, from a served source by longest prefix, to
//! a destination that is not the gateway's own. All else is the kernel's.
const std = @import("std");
const abi = @import("abi.zig");
const Frame = @import("socket_adapter/frame.zig").Frame;
const prefix_trie = @import("prefix_trie.zig");
const Prefix = prefix_trie.Prefix;
const PrefixTrie = prefix_trie.PrefixTrie;

const ipv4 = 0x0800;
const ipv6 = 0x86dd;
const arp = 0x0806;
const icmpv6 = 58;

/// A verdict: the frame is the kernel's.
pub const kernels: u32 = std.math.maxInt(u32);

/// What a VR asked to see beyond what it serves.
pub const Watch = struct {
    wants: u32 = 0,
    ports: [4]u64 = @splat(0),

    pub fn has(w: *const Watch, want: u32, port: u8) bool {
        return w.wants & want != 0 and w.ports[port >> 6] >> @intCast(port & 63) & 1 != 0;
    }
};

/// What the classifier of a plan is made of, for adapters that classify in the kernel.
pub const Served = struct {
    served: []const abi.PlanPrefix = &.{}, // `vr` counts into `watches`
    local: []const abi.PlanPrefix = &.{},
    /// By VR: bitmap over the ports that it watches promiscuously.
    watches: []const [4]u64 = &.{},
};

pub const Classifier = struct {
    served4: PrefixTrie,
    served6: PrefixTrie,
    local4: PrefixTrie,
    local6: PrefixTrie,
    watches: []const Watch, // by VR, as the prefixes' values count them
    any_watch: bool,

    /// `vr` of each served prefix counts into `watches`.
    pub fn build(
        gpa: std.mem.Allocator,
        served: []const abi.PlanPrefix,
        local: []const abi.PlanPrefix,
        watches: []const Watch,
    ) !Classifier {
        const c: Classifier = .{
            .served4 = try trie(gpa, served, 4),
            .served6 = try trie(gpa, served, 6),
            .local4 = try trie(gpa, local, 4),
            .local6 = try trie(gpa, local, 6),
            .watches = &.{},
            .any_watch = false,
        };
        return c.watchedBy(watches);
    }

    /// The same for VRs that ask for other copies; shares memory with this one.
    pub fn watchedBy(c: Classifier, watches: []const Watch) Classifier {
        var other = c;
        other.watches = watches;
        other.any_watch = false;
        for (watches) |w| other.any_watch = other.any_watch or w.wants != 0;
        return other;
    }

    /// The VR that serves the frame, null when it is the kernel's.
    pub inline fn vrOf(c: *const Classifier, frame: *const Frame, port: u8) ?u32 {
        if (frame.fault == .foreign_tag or frame.to == .many) return null;
        const vr = c.sourceVr(frame.bytes) orelse return null;
        if (frame.to == .other_host and !c.watches[vr].has(abi.wants_promiscuous, port))
            return null;
        return if (c.isLocal(frame.bytes)) null else vr;
    }

    /// As `vrOf` for a batch, `kernels` for null. Works on plain numbers and local copies: an
    /// optional that goes through memory is written in two parts and read back as one, which
    /// stalls, and a verdict that is stored could be one of the tables for all the compiler knows.
    pub fn vrsOf(c: *const Classifier, frames: []const Frame, port: u8, into: []u32) void {
        @setRuntimeSafety(false);
        const served = c.served4;
        const local = c.local4;
        for (frames, into[0..frames.len]) |*frame, *verdict| {
            const bytes = frame.bytes;
            const usual = frame.to == .host and frame.fault != .foreign_tag and bytes.len >= 34;
            if (usual and etherType(bytes) == ipv4) {
                const vr = served.valueOf(bytes[26..].ptr);
                const is_local = local.valueOf(bytes[30..].ptr) != prefix_trie.none;
                verdict.* = if (is_local or vr == prefix_trie.none) kernels else vr;
            } else verdict.* = c.vrOf(frame, port) orelse kernels;
        }
    }

    inline fn sourceVr(c: *const Classifier, bytes: []const u8) ?u32 {
        return switch (etherType(bytes)) {
            ipv4 => if (bytes.len < 34) null else c.served4.lookup(bytes[26..].ptr),
            ipv6 => if (bytes.len < 54) null else c.served6.lookup(bytes[22..].ptr),
            else => null,
        };
    }

    /// Whether the destination is the gateway's own (for frames that `sourceVr` found long enough).
    inline fn isLocal(c: *const Classifier, bytes: []const u8) bool {
        return if (etherType(bytes) == ipv4)
            c.local4.lookup(bytes[30..].ptr) != null
        else
            c.local6.lookup(bytes[38..].ptr) != null;
    }

    /// Whether VR `vr` asked for a copy of a frame that stays with the kernel: ARP and neighbour
    /// discovery, whoever sent it; and of a VR that watches promiscuously, what its own sources
    /// send to many.
    pub fn wantsCopy(c: *const Classifier, frame: *const Frame, port: u8, vr: u32) bool {
        if (frame.fault != .none) return false;
        const watch = &c.watches[vr];
        if (watch.has(abi.wants_neighbour_frames, port) and isNeighbourFrame(frame.bytes))
            return true;
        return frame.to == .many and watch.has(abi.wants_promiscuous, port) and
            c.sourceVr(frame.bytes) == vr;
    }
};

fn trie(gpa: std.mem.Allocator, all: []const abi.PlanPrefix, family: u8) !PrefixTrie {
    var prefixes: std.ArrayList(Prefix) = .empty;
    defer prefixes.deinit(gpa);
    for (all) |*p| if (p.family == family)
        try prefixes.append(gpa, .{ .address = p.address, .length = p.length, .value = p.vr });
    return .build(gpa, prefixes.items);
}

inline fn etherType(bytes: []const u8) u16 {
    return std.mem.readInt(u16, bytes[12..14], .big);
}

fn isNeighbourFrame(bytes: []const u8) bool {
    return switch (etherType(bytes)) {
        arp => true,
        // Router and neighbour solicitations and advertisements, redirects (RFC 4861 4).
        ipv6 => bytes.len > 54 and bytes[20] == icmpv6 and bytes[54] >= 133 and bytes[54] <= 137,
        else => false,
    };
}

test {
    _ = @import("classifier_test.zig");
}
