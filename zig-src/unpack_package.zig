//! What `tools/compile.ts` appends to `lvrm-unpack`, all numbers little-endian:
//!
//!     program | deflate stream of each file … | Entry … | Footer
//!
//! Deflate and not zstd: std's decoder of 0.16 needs 4 s for a zstd frame of Deno, and 0.6 s for a
//! deflate stream that is 7 % larger.
//!
//! Every entry has its content's checksum (XXH64), to compare with the unpacked file on each
//! start. It is fast, and finds accidents; an attacker who can write there is this user or root
//! already. Without anything behind it, the program prints the checksums of the files it is given:
//! that is how `tools/compile.ts` gets them.
const std = @import("std");
const report = @import("unpack_report.zig");
const linux = std.os.linux;

/// The file that is executed: Deno under lvrm's name, which `ps` shows.
pub const runtime = "bin/lvrm";

/// One packed file.
pub const Entry = extern struct {
    /// Of the stream, from the start of the packed program.
    offset: u64,
    packed_bytes: u64,
    bytes: u64,
    checksum: u64,
    /// Permission bits.
    mode: u32,
    /// Relative, with a zero behind it; at most one directory deep.
    path: [92]u8,

    comptime {
        std.debug.assert(@sizeOf(Entry) == 128);
    }

    pub fn name(entry: *const Entry) [:0]const u8 {
        return std.mem.sliceTo(entry.path[0 .. entry.path.len - 1 :0], 0);
    }
};

pub const Footer = extern struct {
    magic: [8]u8,
    entries_offset: u64,
    count: u32,
    reserved: [12]u8,
    /// Name of the directory: hexadecimal, from the contents of all files.
    name: [32]u8,

    comptime {
        std.debug.assert(@sizeOf(Footer) == 64);
    }
};

pub const magic = "LVRMPACK";

pub const Package = struct {
    /// The whole packed program, mapped.
    content: []align(std.heap.page_size_min) const u8,
    entries: []const Entry,
    name: []const u8,

    /// The stream of one file.
    pub fn stream(package: Package, entry: *const Entry) []const u8 {
        return package.content[entry.offset..][0..entry.packed_bytes];
    }
};

/// Maps this very program and finds what is packed in it; null when that is nothing.
pub fn open() report.Error!?Package {
    const rc = linux.open("/proc/self/exe", .{ .CLOEXEC = true }, 0);
    if (linux.errno(rc) != .SUCCESS)
        return report.fail("Cannot read this program: {t} on /proc/self/exe. Mount /proc", .{
            linux.errno(rc),
        });
    const descriptor: linux.fd_t = @intCast(rc);
    defer _ = linux.close(descriptor);
    const content = map(descriptor) orelse
        return report.fail("Cannot map this program into memory", .{});
    return parse(content);
}

/// Maps a whole file for reading; null when it is empty or can't be mapped.
pub fn map(descriptor: linux.fd_t) ?[]align(std.heap.page_size_min) const u8 {
    var status: linux.Statx = undefined;
    const rc = linux.statx(descriptor, "", linux.AT.EMPTY_PATH, .BASIC_STATS, &status);
    if (linux.errno(rc) != .SUCCESS or status.size == 0) return null;
    const address = linux.mmap(null, status.size, .{ .READ = true }, .{
        .TYPE = .PRIVATE,
    }, descriptor, 0);
    if (linux.errno(address) != .SUCCESS) return null;
    const pointer: [*]align(std.heap.page_size_min) const u8 = @ptrFromInt(address);
    return pointer[0..status.size];
}

pub fn checksum(content: []const u8) u64 {
    return std.hash.XxHash64.hash(0, content);
}

/// Null unless every offset lies within the file.
fn parse(content: []align(std.heap.page_size_min) const u8) ?Package {
    if (content.len < @sizeOf(Footer)) return null;
    const end = content.len - @sizeOf(Footer);
    const footer: *align(1) const Footer = @ptrCast(content[end..].ptr);
    if (!std.mem.eql(u8, &footer.magic, magic)) return null;
    const table_bytes = @as(u64, footer.count) * @sizeOf(Entry);
    if (footer.entries_offset % @alignOf(Entry) != 0 or footer.entries_offset > end) return null;
    if (end - footer.entries_offset != table_bytes) return null;
    const table: [*]const Entry = @ptrCast(@alignCast(content[footer.entries_offset..].ptr));
    const entries = table[0..footer.count];
    for (entries) |*entry| {
        if (entry.offset > footer.entries_offset) return null;
        if (entry.packed_bytes > footer.entries_offset - entry.offset) return null;
        if (entry.path[entry.path.len - 1] != 0) return null;
    }
    return .{ .content = content, .entries = entries, .name = &footer.name };
}

test parse {
    var content: [256]u8 align(std.heap.page_size_min) = @splat(0);
    try std.testing.expectEqual(null, parse(content[0..]));
    const footer: Footer = .{
        .magic = magic.*,
        .entries_offset = 64,
        .count = 1,
        .reserved = @splat(0),
        .name = @splat('a'),
    };
    @memcpy(content[192..256], std.mem.asBytes(&footer));
    const entry: *Entry = @ptrCast(@alignCast(content[64..192].ptr));
    entry.* = .{
        .offset = 8,
        .packed_bytes = 56,
        .bytes = 100,
        .mode = 0o600,
        .checksum = 0,
        .path = @splat(0),
    };
    @memcpy(entry.path[0..7], "main.js");
    const package = parse(content[0..]).?;
    try std.testing.expectEqualStrings("main.js", package.entries[0].name());
    try std.testing.expectEqual(56, package.stream(&package.entries[0]).len);
    entry.packed_bytes = 57;
    try std.testing.expectEqual(null, parse(content[0..]));
}
