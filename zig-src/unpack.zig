//! `lvrm-unpack`: the start of `dist/lvrm` where `deno compile` can't make it. `tools/compile.ts`
//! appends a compressed Deno, the bundled control plane, the library and the virtual routers to
//! this program (layout: `unpack_package.zig`). It unpacks them once into a private, content-named
//! directory (rules: `unpack_cache.zig`) and becomes Deno, in the same process: signals, exit code
//! and pid are those of lvrm.
//!
//! On failure: one line on standard error, exit 4 (the host can't).
const std = @import("std");
const cache = @import("unpack_cache.zig");
const package = @import("unpack_package.zig");
const report = @import("unpack_report.zig");
const linux = std.os.linux;

pub const panic = std.debug.simple_panic;
pub const std_options: std.Options = .{ .enable_segfault_handler = false };

pub fn main(init: std.process.Init) u8 {
    start(init) catch |failure| switch (failure) {
        error.Reported => {},
        error.OutOfMemory => report.print("out of memory", .{}),
    };
    report.flush();
    return 4;
}

/// Returns only with an error; on success this process has become Deno.
fn start(init: std.process.Init) report.Error!void {
    const arena = init.arena.allocator();
    const packed_program = try package.open() orelse
        return checksums(init.minimal.args.vector);
    const root = try cacheRoot(arena, init.environ_map);
    const directory = try cache.ready(init.io, arena, root, packed_program);
    if (clickArguments(init.minimal.args.vector)) |given|
        return becomeClick(arena, directory, given, init.environ_map);
    const argv = try arguments(arena, directory, init.minimal.args.vector);
    const environment = try surroundings(arena, directory, init.environ_map);
    const program = try std.fmt.allocPrintSentinel(arena, "{s}/{s}", .{
        directory, package.runtime,
    }, 0);
    const rc = linux.execve(program, argv, environment);
    return switch (linux.errno(rc)) {
        .ACCES => report.fail("Cannot run {s}: its file system is mounted noexec. Set " ++
            "LVRM_CACHE to a directory that programs may be run from", .{program}),
        else => |code| report.fail("Cannot run {s}: {t}. Remove {s} and start again", .{
            program, code, directory,
        }),
    };
}

/// What follows `lvrm click`, or the name `click` that a link to this program has.
fn clickArguments(given: []const [*:0]const u8) ?[]const [*:0]const u8 {
    if (given.len == 0) return null;
    const name = std.fs.path.basename(std.mem.span(given[0]));
    if (std.mem.eql(u8, name, "click")) return given[1..];
    if (given.len > 1 and std.mem.eql(u8, std.mem.span(given[1]), "click")) return given[2..];
    return null;
}

/// Needs no Deno: this process becomes lvrm-click, with the user's own environment.
fn becomeClick(
    arena: std.mem.Allocator,
    directory: []const u8,
    given: []const [*:0]const u8,
    environ: *const std.process.Environ.Map,
) report.Error!void {
    const program = try std.fmt.allocPrintSentinel(arena, "{s}/bin/lvrm-click", .{directory}, 0);
    const argv = try arena.allocSentinel(?[*:0]const u8, given.len + 1, null);
    argv[0] = "click";
    for (argv[1..], given) |*word, value| word.* = value;
    var words: std.ArrayList(?[*:0]const u8) = .empty;
    var entries = environ.iterator();
    while (entries.next()) |entry|
        try words.append(arena, try variable(arena, entry.key_ptr.*, entry.value_ptr.*));
    const rc = linux.execve(program, argv, try words.toOwnedSliceSentinel(arena, null));
    return report.fail("Cannot run {s}: {t}. Remove {s} and start again", .{
        program, linux.errno(rc), directory,
    });
}

/// Bare, the program is a tool of the build: one checksum per line, for each file it is given.
fn checksums(given: []const [*:0]const u8) report.Error {
    if (given.len < 2)
        return report.fail("This program carries nothing: damaged? Copy or build it again", .{});
    for (given[1..]) |path| {
        const rc = linux.open(path, .{ .CLOEXEC = true }, 0);
        if (linux.errno(rc) != .SUCCESS)
            return report.fail("Cannot read {s}: {t}", .{ path, linux.errno(rc) });
        const content = package.map(@intCast(rc)) orelse
            return report.fail("Cannot read {s}: it is empty", .{path});
        var line: [17]u8 = undefined;
        const text = std.fmt.bufPrint(&line, "{x:0>16}\n", .{package.checksum(content)}) catch
            unreachable;
        _ = linux.write(1, text.ptr, text.len);
    }
    linux.exit(0);
}

/// LVRM_CACHE, else what `defaultCacheDirectory()` in `mod/runtime/cache.ts` says too.
fn cacheRoot(
    arena: std.mem.Allocator,
    environ: *const std.process.Environ.Map,
) report.Error![]const u8 {
    if (environ.get("LVRM_CACHE")) |path| if (path.len > 0) {
        if (path[0] == '/') return path;
        var buffer: [4096]u8 = undefined;
        if (linux.errno(linux.getcwd(&buffer, buffer.len)) != .SUCCESS)
            return report.fail("Cannot use LVRM_CACHE={s}: the working directory is gone. Give " ++
                "an absolute path", .{path});
        return std.fs.path.join(arena, &.{ std.mem.sliceTo(&buffer, 0), path });
    };
    const user = linux.getuid();
    if (user == 0) return "/var/cache/lvrm";
    if (environ.get("XDG_CACHE_HOME")) |home| if (home.len > 0 and home[0] == '/')
        return std.fs.path.join(arena, &.{ home, "lvrm" });
    if (environ.get("HOME")) |home| if (home.len > 0 and home[0] == '/')
        return std.fs.path.join(arena, &.{ home, ".cache/lvrm" });
    return std.fmt.allocPrint(arena, "/var/tmp/lvrm-{d}", .{user});
}

/// `lvrm run … main.js` and then the user's own arguments, untouched. `--no-config`: a deno.json
/// above the cache directory is none of ours. Nothing may be fetched: all is in the bundle.
fn arguments(
    arena: std.mem.Allocator,
    directory: []const u8,
    given: []const [*:0]const u8,
) report.Error![:null]?[*:0]const u8 {
    const main_js = try std.fmt.allocPrintSentinel(arena, "{s}/main.js", .{directory}, 0);
    const fixed = [_][*:0]const u8{
        "lvrm",     "run",         "-A",          "--no-config", "--no-lock",
        "--no-npm", "--no-remote", "--no-prompt", main_js,
    };
    const rest = given[@min(1, given.len)..];
    const argv = try arena.allocSentinel(?[*:0]const u8, fixed.len + rest.len, null);
    for (argv[0..fixed.len], fixed) |*word, value| word.* = value;
    for (argv[fixed.len..], rest) |*word, value| word.* = value;
    return argv;
}

/// The user's environment, but for what would steer Deno itself: both ways to make `dist/lvrm`
/// must behave the same.
fn surroundings(
    arena: std.mem.Allocator,
    directory: []const u8,
    environ: *std.process.Environ.Map,
) report.Error![:null]?[*:0]const u8 {
    var words: std.ArrayList(?[*:0]const u8) = .empty;
    var entries = environ.iterator();
    while (entries.next()) |entry| {
        const name = entry.key_ptr.*;
        if (std.mem.startsWith(u8, name, "DENO_")) continue;
        if (std.mem.eql(u8, name, "NODE_OPTIONS")) continue;
        try words.append(arena, try variable(arena, name, entry.value_ptr.*));
    }
    // Compiled code is kept here: the second start saves more than 100 ms.
    const deno_dir = try std.fs.path.join(arena, &.{ directory, "deno_dir" });
    try words.append(arena, try variable(arena, "DENO_DIR", deno_dir));
    try words.append(arena, "DENO_NO_UPDATE_CHECK=1");
    if (environ.get("LVRM_RUNTIME") == null)
        try words.append(arena, try variable(arena, "LVRM_RUNTIME", directory));
    // Deno colours the text of an uncaught error even into a pipe.
    var size: std.posix.winsize = undefined;
    const terminal = linux.errno(linux.ioctl(2, linux.T.IOCGWINSZ, @intFromPtr(&size))) == .SUCCESS;
    if (!terminal and environ.get("NO_COLOR") == null) try words.append(arena, "NO_COLOR=1");
    return words.toOwnedSliceSentinel(arena, null);
}

fn variable(
    arena: std.mem.Allocator,
    name: []const u8,
    value: []const u8,
) std.mem.Allocator.Error![:0]const u8 {
    return std.fmt.allocPrintSentinel(arena, "{s}={s}", .{ name, value }, 0);
}

test {
    _ = cache;
    _ = package;
}
