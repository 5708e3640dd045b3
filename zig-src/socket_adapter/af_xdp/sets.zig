//! The maps that the program looks into, and how they follow a plan. Control thread only.
//!
//! The program must never take a frame that the dispatcher would leave to the kernel, also not
//! while one plan takes another's place. So maps change in two steps: `narrow`, before the plan is
//! handed over, takes out what it doesn't serve any more; `widen`, once the dispatcher has taken
//! it, puts in what is new.
const std = @import("std");
const abi = @import("../../abi.zig");
const bpf = @import("bpf.zig");
const program = @import("program.zig");
const Served = @import("../../classifier.zig").Served;

pub const Error = bpf.Error || error{OutOfMemory};

const gpa = std.heap.c_allocator;
/// Room for so many prefixes in each map; it takes memory as it is filled.
const prefixes_max = 1 << 17;

const Prefix = struct { family: u8, length: u8, address: [16]u8 };
const Prefixes = std.AutoArrayHashMapUnmanaged(Prefix, u32); // to VR

const Key = extern struct { length: u32, address: [16]u8 };

pub const Sets = struct {
    served4: bpf.Map,
    served6: bpf.Map,
    local4: bpf.Map,
    local6: bpf.Map,
    watches: bpf.Map,
    /// What the maps hold.
    served: Prefixes = .empty,
    local: Prefixes = .empty,
    watched: [abi.max_vrs]program.WatchEntry = @splat(@splat(0)),

    pub fn init(s: *Sets) bpf.Error!void {
        const served4: bpf.Map = try .prefixes(4, prefixes_max);
        errdefer served4.close();
        const served6: bpf.Map = try .prefixes(16, prefixes_max);
        errdefer served6.close();
        const local4: bpf.Map = try .prefixes(4, prefixes_max);
        errdefer local4.close();
        const local6: bpf.Map = try .prefixes(16, prefixes_max);
        errdefer local6.close();
        s.* = .{
            .served4 = served4,
            .served6 = served6,
            .local4 = local4,
            .local6 = local6,
            .watches = try .array(@sizeOf(program.WatchEntry), abi.max_vrs),
        };
    }

    pub fn deinit(s: *Sets) void {
        inline for (.{ "served4", "served6", "local4", "local6", "watches" }) |name|
            @field(s, name).close();
        s.served.deinit(gpa);
        s.local.deinit(gpa);
    }

    /// Takes out what `wanted` doesn't serve. Returns whether that were sources.
    pub fn narrow(s: *Sets, wanted: *const Served) Error!bool {
        var served = try collect(wanted.served);
        defer served.deinit(gpa);
        var local = try collect(wanted.local);
        defer local.deinit(gpa);
        // Prefixes may change their VR: until that is over, nobody watches.
        if (!same(&s.served, &served) or !s.watchesAre(wanted.watches)) try s.setWatches(&.{});
        var narrowed = false;
        var i = s.served.count();
        while (i > 0) {
            i -= 1;
            const prefix = s.served.keys()[i];
            if (served.contains(prefix)) continue;
            try remove(s.served4, s.served6, prefix);
            s.served.swapRemoveAt(i);
            narrowed = true;
        }
        for (local.keys()) |prefix| {
            if (s.local.contains(prefix)) continue;
            try s.local.ensureUnusedCapacity(gpa, 1);
            try put(s.local4, s.local6, prefix, 0);
            s.local.putAssumeCapacity(prefix, 0);
        }
        return narrowed;
    }

    /// Puts in what `wanted` serves beyond that. What fails is left to the packet socket.
    pub fn widen(s: *Sets, wanted: *const Served) Error!void {
        var served = try collect(wanted.served);
        defer served.deinit(gpa);
        var local = try collect(wanted.local);
        defer local.deinit(gpa);
        for (served.keys(), served.values()) |prefix, vr| {
            if (s.served.get(prefix) == vr) continue;
            try s.served.ensureUnusedCapacity(gpa, 1);
            try put(s.served4, s.served6, prefix, vr);
            s.served.putAssumeCapacity(prefix, vr);
        }
        var i = s.local.count();
        while (i > 0) {
            i -= 1;
            const prefix = s.local.keys()[i];
            if (local.contains(prefix)) continue;
            try remove(s.local4, s.local6, prefix);
            s.local.swapRemoveAt(i);
        }
        if (!s.watchesAre(wanted.watches)) try s.setWatches(wanted.watches);
    }

    fn watchesAre(s: *const Sets, watches: []const program.WatchEntry) bool {
        for (&s.watched, 0..) |*known, vr| {
            const entry: program.WatchEntry = if (vr < watches.len) watches[vr] else @splat(0);
            if (!std.mem.eql(u64, known, &entry)) return false;
        }
        return true;
    }

    fn setWatches(s: *Sets, watches: []const program.WatchEntry) bpf.Error!void {
        for (&s.watched, 0..) |*known, vr| {
            const entry: program.WatchEntry = if (vr < watches.len) watches[vr] else @splat(0);
            if (std.mem.eql(u64, known, &entry)) continue;
            const key: u32 = @intCast(vr);
            try s.watches.put(std.mem.asBytes(&key), std.mem.asBytes(&entry));
            known.* = entry;
        }
    }
};

fn collect(prefixes: []const abi.PlanPrefix) error{OutOfMemory}!Prefixes {
    var all: Prefixes = .empty;
    errdefer all.deinit(gpa);
    for (prefixes) |*p| {
        var prefix: Prefix = .{ .family = p.family, .length = p.length, .address = p.address };
        for (&prefix.address, 0..) |*byte, i| { // host bits
            const kept = std.math.clamp(@as(i32, p.length) - @as(i32, @intCast(i)) * 8, 0, 8);
            byte.* &= @truncate(@as(u32, 0xff00) >> @intCast(kept));
        }
        try all.put(gpa, prefix, p.vr); // of equal ones the last wins, as in the classifier
    }
    return all;
}

fn same(a: *const Prefixes, b: *const Prefixes) bool {
    if (a.count() != b.count()) return false;
    for (a.keys(), a.values()) |prefix, vr| if (b.get(prefix) != vr) return false;
    return true;
}

fn put(map4: bpf.Map, map6: bpf.Map, prefix: Prefix, vr: u32) bpf.Error!void {
    const key: Key = .{ .length = prefix.length, .address = prefix.address };
    const map = if (prefix.family == 4) map4 else map6;
    try map.put(std.mem.asBytes(&key), std.mem.asBytes(&vr));
}

fn remove(map4: bpf.Map, map6: bpf.Map, prefix: Prefix) bpf.Error!void {
    const key: Key = .{ .length = prefix.length, .address = prefix.address };
    try (if (prefix.family == 4) map4 else map6).remove(std.mem.asBytes(&key));
}
