//! What the other side of the FFI must know to the letter: the variants' names in their order, and
//! the exported functions' signatures. Printed into `ffi/abi.gen.ts`, and hashed.
const std = @import("std");
const abi = @import("abi.zig");
const exports = @import("exports.zig");

pub const variants = .{
    .adapters = @import("socket_adapter/registry.zig").names,
    .queues = @import("ipc_queue/registry.zig").names,
    .balancers = @import("balancer/registry.zig").names,
    .load_estimators = @import("load_estimator/registry.zig").names,
};

/// Names of the exported functions.
pub const functions = blk: {
    var names: []const []const u8 = &.{};
    for (@typeInfo(exports).@"struct".decls) |decl|
        if (std.mem.startsWith(u8, decl.name, "lvrm_")) {
            names = names ++ .{decl.name};
        };
    break :blk names;
};

/// Deno's name of a parameter's or result's type.
pub fn ffiType(comptime T: type, comptime pointer: []const u8) []const u8 {
    return switch (@typeInfo(T)) {
        .void => "void",
        .pointer, .optional => pointer,
        .int => @typeName(T),
        else => @compileError("no FFI type for " ++ @typeName(T)),
    };
}

/// The layout hash, then every signature, then every variant name.
pub const hash: u64 = blk: {
    @setEvalBranchQuota(1_000_000);
    var h = abi.hash;
    for (functions) |name| {
        const signature = @typeInfo(@TypeOf(@field(exports, name))).@"fn";
        h = abi.fnv1a(name ++ ffiType(signature.return_type.?, "pointer"), h);
        for (signature.params) |p| h = abi.fnv1a(ffiType(p.type.?, "buffer"), h);
    }
    for (@typeInfo(@TypeOf(variants)).@"struct".fields) |field|
        for (@field(variants, field.name)) |name| {
            h = abi.fnv1a(field.name ++ name, h);
        };
    break :blk h;
};
