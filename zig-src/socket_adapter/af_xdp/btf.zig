//! Finds a function of the running kernel by name, as a program has to call it (a kfunc): its
//! number in the kernel's type information, /sys/kernel/btf/vmlinux. The file is the kernel's, but
//! every offset in it is compared with its length before it is followed.
const std = @import("std");
const linux = std.os.linux;

const kind_func = 12;

const Header = extern struct {
    magic: u16,
    version: u8,
    flags: u8,
    header_bytes: u32,
    types_offset: u32,
    types_bytes: u32,
    strings_offset: u32,
    strings_bytes: u32,
};

const Type = extern struct { name: u32, info: u32, size_or_type: u32 };

/// Number of the kernel function `name`, or null: an older kernel, or one without type information.
pub fn functionId(name: []const u8) ?u32 {
    const fd = linux.open("/sys/kernel/btf/vmlinux", .{ .CLOEXEC = true }, 0);
    if (linux.errno(fd) != .SUCCESS) return null;
    defer _ = linux.close(@intCast(fd));
    var stat: linux.Statx = undefined;
    const mask: linux.STATX = .{ .SIZE = true };
    const rc = linux.statx(@intCast(fd), "", linux.AT.EMPTY_PATH, mask, &stat);
    if (linux.errno(rc) != .SUCCESS) return null;
    const gpa = std.heap.page_allocator;
    const bytes = gpa.alloc(u8, @intCast(stat.size)) catch return null;
    defer gpa.free(bytes);
    var have: usize = 0;
    while (have < bytes.len) {
        const got = linux.read(@intCast(fd), bytes[have..].ptr, bytes.len - have);
        if (linux.errno(got) != .SUCCESS or got == 0) return null;
        have += got;
    }
    return find(bytes, name);
}

fn find(bytes: []const u8, name: []const u8) ?u32 {
    if (bytes.len < @sizeOf(Header)) return null;
    const header: *align(1) const Header = @ptrCast(bytes.ptr);
    if (header.magic != 0xeb9f) return null;
    const types = part(bytes, header.header_bytes, header.types_offset, header.types_bytes) orelse
        return null;
    const strings =
        part(bytes, header.header_bytes, header.strings_offset, header.strings_bytes) orelse
        return null;
    var at: usize = 0;
    var number: u32 = 1; // 0 is void
    while (at + @sizeOf(Type) <= types.len) : (number += 1) {
        const it: *align(1) const Type = @ptrCast(types[at..].ptr);
        const kind = it.info >> 24 & 0x1f;
        if (kind == kind_func and it.name < strings.len and
            std.mem.eql(u8, std.mem.sliceTo(strings[it.name..], 0), name)) return number;
        at += @sizeOf(Type) + (followingBytes(kind, it.info & 0xffff) orelse return null);
    }
    return null;
}

fn part(bytes: []const u8, header_bytes: u32, offset: u32, length: u32) ?[]const u8 {
    const start = @as(u64, header_bytes) + offset;
    if (start + length > bytes.len) return null;
    return bytes[@intCast(start)..][0..length];
}

/// Bytes after a type's first three words, by its kind (the kernel's Documentation/bpf/btf.rst).
fn followingBytes(kind: u32, count: u32) ?usize {
    return switch (kind) {
        1, 14, 17 => 4, // integer, variable, declaration tag
        3 => 12, // array
        4, 5, 15, 19 => 12 * @as(usize, count), // struct, union, section, 64-bit enumeration
        6, 13 => 8 * @as(usize, count), // enumeration, prototype
        2, 7, 8, 9, 10, 11, 12, 16, 18 => 0,
        else => null,
    };
}

test "a file that isn't type information, or is cut off anywhere, has no function" {
    try std.testing.expectEqual(null, find("", "main"));
    var bytes: [@sizeOf(Header) + 12 + 6]u8 = undefined;
    const header: *align(1) Header = @ptrCast(&bytes);
    header.* = .{
        .magic = 0xeb9f,
        .version = 1,
        .flags = 0,
        .header_bytes = @sizeOf(Header),
        .types_offset = 0,
        .types_bytes = 12,
        .strings_offset = 12,
        .strings_bytes = 6,
    };
    const function: *align(1) Type = @ptrCast(bytes[@sizeOf(Header)..]);
    function.* = .{ .name = 1, .info = kind_func << 24, .size_or_type = 0 };
    @memcpy(bytes[bytes.len - 6 ..], "\x00main\x00");
    try std.testing.expectEqual(1, find(&bytes, "main"));
    try std.testing.expectEqual(null, find(&bytes, "mai"));
    for (0..bytes.len) |length| try std.testing.expectEqual(null, find(bytes[0..length], "main"));
}
