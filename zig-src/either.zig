//! Makes one type of a registry's variants.
const std = @import("std");

/// A union over `variants` (a struct of types by name), numbered in their order: one branch per
/// call through `switch (it) { inline else => … }`, no function pointer.
pub fn Either(comptime variants: anytype) type {
    const names = std.meta.fieldNames(@TypeOf(variants));
    var types: [names.len]type = undefined;
    var tags: [names.len]u8 = undefined;
    var fields: [names.len][]const u8 = undefined;
    for (names, 0..) |name, i| {
        types[i] = @field(variants, name);
        tags[i] = i;
        fields[i] = name;
    }
    const Tag = @Enum(u8, .exhaustive, &fields, &tags);
    return @Union(.auto, Tag, &fields, &types, &@splat(.{}));
}
