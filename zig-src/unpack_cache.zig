//! The directory that a packed program is unpacked into, once. Rules (the same as in
//! `mod/runtime/embedded.ts`): it belongs to this user, nobody else may write to it, and every
//! file is as it was packed. Anything else is refused with the cure, never repaired silently.
//!
//! Concurrent starts: each writes a directory of its own and renames it; a rename onto a directory
//! that isn't empty fails, so the first one wins and the others use it. Every lvrm holds a shared
//! lock on the file `lock` of its directory as long as it runs (the descriptor survives the exec);
//! old directories are removed only by who gets that lock exclusively.
const std = @import("std");
const package = @import("unpack_package.zig");
const report = @import("unpack_report.zig");
const linux = std.os.linux;

const lock_shared = 1;
const lock_exclusive_now = 2 | 4;
/// From `linux/statfs.h`.
const mounted_noexec = 8;

/// The verified directory of `program` below `root`, unpacked if it wasn't there.
pub fn ready(
    io: std.Io,
    arena: std.mem.Allocator,
    root: []const u8,
    program: package.Package,
) report.Error![]const u8 {
    const directory = try std.fmt.allocPrint(arena, "{s}/{s}", .{ root, program.name });
    // Another lvrm may remove an unused directory between our look and our lock; then it is
    // unpacked again. More than once means that something else removes it.
    for (0..3) |_| {
        const there = try status(arena, directory) != null;
        if (there) try checkRoot(arena, root) else try unpack(io, arena, root, directory, program);
        if (try lock(arena, directory)) {
            try verify(arena, directory, program);
            if (!there) prune(io, arena, root, program.name);
            return directory;
        }
        if (there) try checkOwner(arena, directory, linux.S.IFDIR);
        if (there and try status(arena, directory) != null) break;
    }
    return refused(directory, "its file `lock` is missing", .{});
}

fn unpack(
    io: std.Io,
    arena: std.mem.Allocator,
    root: []const u8,
    directory: []const u8,
    program: package.Package,
) report.Error!void {
    try makeRoot(arena, root);
    var random: [8]u8 = undefined;
    io.random(&random);
    const temporary = try std.fmt.allocPrint(arena, "{s}/tmp-{x}", .{ root, &random });
    errdefer std.Io.Dir.cwd().deleteTree(io, temporary) catch {};
    try makeDirectory(arena, temporary);
    for ([_][]const u8{ "bin", "lib", "include", "typescript", "deno_dir" }) |name|
        try makeDirectory(arena, try std.fs.path.join(arena, &.{ temporary, name }));
    try write(arena, try std.fs.path.join(arena, &.{ temporary, "lock" }), 0o600, "");
    for (program.entries) |*entry| {
        const path = try std.fs.path.join(arena, &.{ temporary, entry.name() });
        const content = try expand(program.stream(entry), entry);
        defer _ = linux.munmap(content.ptr, content.len);
        try write(arena, path, entry.mode, content[0..entry.bytes]);
    }
    const from = try arena.dupeZ(u8, temporary);
    switch (linux.errno(linux.rename(from, try arena.dupeZ(u8, directory)))) {
        .SUCCESS => {},
        .EXIST, .NOTEMPTY => std.Io.Dir.cwd().deleteTree(io, temporary) catch {},
        else => |code| return cannot("make", directory, code),
    }
}

fn makeRoot(arena: std.mem.Allocator, root: []const u8) report.Error!void {
    const rootz = try arena.dupeZ(u8, root);
    // Every directory on the way; not with createDirPath of 0.16, which never ends below /proc.
    for (1..rootz.len + 1) |at| {
        if (at < rootz.len and rootz[at] != '/') continue;
        const code = linux.errno(linux.mkdir(try arena.dupeZ(u8, root[0..at]), 0o700));
        if (at == rootz.len and code != .SUCCESS and code != .EXIST)
            return cannot("make", root, code);
    }
    try checkRoot(arena, root);
    var filesystem: [16]u64 = @splat(0);
    const rc = linux.syscall2(.statfs, @intFromPtr(rootz.ptr), @intFromPtr(&filesystem));
    // Word 10 of struct statfs on 64-bit Linux: f_flags.
    if (linux.errno(rc) == .SUCCESS and filesystem[10] & mounted_noexec != 0)
        return report.fail("Cannot unpack into {s}: its file system is mounted noexec. Set " ++
            "LVRM_CACHE to a directory that programs may be run from", .{root});
}

/// Who can rename our directory could put another in its place after we have checked it: the owner
/// of the root, also of a sticky one, and whoever may write to one that isn't sticky.
fn checkRoot(arena: std.mem.Allocator, root: []const u8) report.Error!void {
    const found = try status(arena, root) orelse return cannot("find", root, .NOENT);
    if (found.mode & linux.S.IFMT != linux.S.IFDIR)
        return report.fail("Cannot unpack into {s}: it is no directory. Set LVRM_CACHE to a " ++
            "directory of your own", .{root});
    if (found.uid != 0 and found.uid != linux.getuid())
        return report.fail("Cannot unpack into {s}: it belongs to user {d}. Set LVRM_CACHE to a " ++
            "directory of your own", .{ root, found.uid });
    const sticky = found.mode & linux.S.ISVTX != 0 and found.uid == 0;
    if (found.mode & 0o022 != 0 and !sticky)
        return report.fail("Cannot unpack into {s}: others may write there. Run `chmod go-w " ++
            "{s}`, or set LVRM_CACHE to a directory of your own", .{ root, root });
}

fn makeDirectory(arena: std.mem.Allocator, path: []const u8) report.Error!void {
    const code = linux.errno(linux.mkdir(try arena.dupeZ(u8, path), 0o700));
    if (code != .SUCCESS) return cannot("make", path, code);
}

fn write(
    arena: std.mem.Allocator,
    path: []const u8,
    mode: u32,
    content: []const u8,
) report.Error!void {
    const flags: linux.O = .{
        .ACCMODE = .WRONLY,
        .CREAT = true,
        .EXCL = true,
        .NOFOLLOW = true,
        .CLOEXEC = true,
    };
    const rc = linux.open(try arena.dupeZ(u8, path), flags, mode);
    if (linux.errno(rc) != .SUCCESS) return cannot("write", path, linux.errno(rc));
    const descriptor: linux.fd_t = @intCast(rc);
    defer _ = linux.close(descriptor);
    var done: usize = 0;
    while (done < content.len) {
        const written = linux.write(descriptor, content[done..].ptr, content.len - done);
        switch (linux.errno(written)) {
            .SUCCESS => done += written,
            .INTR => {},
            else => |code| return cannot("write", path, code),
        }
    }
}

/// Decompresses into anonymous memory, so that a full disk is an error of write(2), not a SIGBUS.
/// The memory is longer than the content, as the decoder wants room behind what it writes.
fn expand(stream: []const u8, entry: *const package.Entry) report.Error![]u8 {
    const room = entry.bytes + std.compress.flate.max_window_len;
    const address = linux.mmap(null, room, .{ .READ = true, .WRITE = true }, .{
        .TYPE = .PRIVATE,
        .ANONYMOUS = true,
    }, -1, 0);
    if (linux.errno(address) != .SUCCESS)
        return report.fail("Cannot unpack: {d} MB of memory are needed", .{room >> 20});
    const content = @as([*]u8, @ptrFromInt(address))[0..room];
    var input: std.Io.Reader = .fixed(stream);
    var output: std.Io.Writer = .fixed(content);
    var expander: std.compress.flate.Decompress = .init(&input, .raw, &.{});
    const bytes = expander.reader.streamRemaining(&output) catch 0;
    if (bytes != entry.bytes or package.checksum(content[0..bytes]) != entry.checksum)
        return report.fail("This program is damaged: {s} doesn't unpack. Copy or build it again", .{
            entry.name(),
        });
    return content;
}

/// Takes the shared lock that this process and its successor hold until they end. False: the
/// directory has been removed.
fn lock(arena: std.mem.Allocator, directory: []const u8) report.Error!bool {
    const path = try std.fmt.allocPrint(arena, "{s}/lock", .{directory});
    const rc = linux.open(try arena.dupeZ(u8, path), .{ .NOFOLLOW = true }, 0);
    if (linux.errno(rc) == .NOENT) return false;
    if (linux.errno(rc) != .SUCCESS) return refused(directory, "{t} on its file `lock`", .{
        linux.errno(rc),
    });
    const descriptor: linux.fd_t = @intCast(rc);
    while (linux.errno(linux.flock(descriptor, lock_shared)) == .INTR) {}
    var held: linux.Statx = undefined;
    _ = linux.statx(descriptor, "", linux.AT.EMPTY_PATH, .BASIC_STATS, &held);
    const found = try status(arena, path);
    if (found != null and found.?.ino == held.ino) return true;
    _ = linux.close(descriptor);
    return false;
}

fn verify(
    arena: std.mem.Allocator,
    directory: []const u8,
    program: package.Package,
) report.Error!void {
    try checkOwner(arena, directory, linux.S.IFDIR);
    for ([_][]const u8{ "bin", "lib", "include", "typescript", "deno_dir" }) |name|
        try checkOwner(arena, try std.fs.path.join(arena, &.{ directory, name }), linux.S.IFDIR);
    for (program.entries) |*entry| {
        const path = try std.fs.path.joinZ(arena, &.{ directory, entry.name() });
        try checkOwner(arena, path, linux.S.IFREG);
        const rc = linux.open(path, .{ .NOFOLLOW = true, .CLOEXEC = true }, 0);
        if (linux.errno(rc) != .SUCCESS) return refused(directory, "{t} on {s}", .{
            linux.errno(rc), entry.name(),
        });
        defer _ = linux.close(@intCast(rc));
        const content = package.map(@intCast(rc)) orelse
            return refused(directory, "{s} is empty", .{entry.name()});
        defer _ = linux.munmap(content.ptr, content.len);
        // One fault per page would take longer than the sum itself.
        _ = linux.madvise(@constCast(content.ptr), content.len, 22);
        if (content.len != entry.bytes or package.checksum(content) != entry.checksum)
            return refused(directory, "{s} was changed", .{entry.name()});
    }
}

fn checkOwner(arena: std.mem.Allocator, path: []const u8, kind: u32) report.Error!void {
    const found = try status(arena, path) orelse return refused(path, "it is missing", .{});
    if (found.mode & linux.S.IFMT != kind) return refused(path, "it is of another kind", .{});
    if (found.uid != linux.getuid()) return refused(path, "it belongs to user {d}", .{found.uid});
    if (found.mode & 0o022 != 0) return refused(path, "others may write to it", .{});
}

fn refused(path: []const u8, comptime why: []const u8, values: anytype) report.Error {
    var text: [256]u8 = undefined;
    const reason = std.fmt.bufPrint(&text, why, values) catch &text;
    return report.fail("Refused {s}: {s}. Remove the unpacked directory, or set LVRM_CACHE to " ++
        "another place, and start again", .{ path, reason });
}

fn cannot(what: []const u8, path: []const u8, code: linux.E) report.Error {
    return report.fail("Cannot {s} {s}: {t}. Set LVRM_CACHE to a directory that you can write " ++
        "and run programs from", .{ what, path, code });
}

/// Null when it isn't there or can't be looked at. Doesn't follow a link.
fn status(arena: std.mem.Allocator, path: []const u8) report.Error!?linux.Statx {
    var found: linux.Statx = undefined;
    const pathz = try arena.dupeZ(u8, path);
    const rc = linux.statx(linux.AT.FDCWD, pathz, linux.AT.SYMLINK_NOFOLLOW, .BASIC_STATS, &found);
    return if (linux.errno(rc) == .SUCCESS) found else null;
}

/// Removes what earlier versions and interrupted starts left, but for directories in use. Each
/// takes about 100 MB. Best effort: a failure here must not keep lvrm from starting.
fn prune(io: std.Io, arena: std.mem.Allocator, root: []const u8, current: []const u8) void {
    var directory = std.Io.Dir.openDirAbsolute(io, root, .{ .iterate = true }) catch return;
    defer directory.close(io);
    var entries = directory.iterate();
    while (entries.next(io) catch null) |entry| {
        if (entry.kind != .directory or std.mem.eql(u8, entry.name, current)) continue;
        if (!ours(entry.name)) continue;
        const path = std.fs.path.joinZ(arena, &.{ root, entry.name, "lock" }) catch return;
        // A temporary directory gets its lock file right after it was made, but isn't locked: one
        // that is younger than a minute may be another start's.
        const found = (status(arena, path) catch return) orelse continue;
        if (std.mem.startsWith(u8, entry.name, "tmp-")) {
            const now = std.Io.Timestamp.now(io, .real).toSeconds();
            if (now - found.mtime.sec < 60) continue;
        }
        const rc = linux.open(path, .{ .NOFOLLOW = true, .CLOEXEC = true }, 0);
        if (linux.errno(rc) != .SUCCESS) continue;
        defer _ = linux.close(@intCast(rc));
        if (linux.errno(linux.flock(@intCast(rc), lock_exclusive_now)) != .SUCCESS) continue;
        directory.deleteTree(io, entry.name) catch {};
    }
}

/// A name that this program gives: 32 hexadecimal digits, or `tmp-` and 16.
fn ours(name: []const u8) bool {
    const temporary = std.mem.startsWith(u8, name, "tmp-");
    const digits = if (temporary) name[4..] else name;
    if (digits.len != @as(usize, if (temporary) 16 else 32)) return false;
    for (digits) |digit| if (!std.ascii.isHex(digit)) return false;
    return true;
}

test ours {
    try std.testing.expect(ours("0123456789abcdef0123456789abcdef"));
    try std.testing.expect(ours("tmp-0123456789abcdef"));
    try std.testing.expect(!ours("tmp-important"));
    try std.testing.expect(!ours("documents"));
}
