//! `lvrm-launch`: becomes a virtual router instance. `Deno.Command` starts it on the main thread;
//! it sets what `Deno.Command` can't and then executes the VR in the same process, so that the pid
//! which the VRI monitor watches is the VR's own.
//!
//!     lvrm-launch --parent PID [--core N]… [--keep-fd N]… -- EXECUTABLE ARGUMENTS…
//!
//! On failure: one line on standard error; exit 127 when EXECUTABLE isn't there, else 126.
//! One thread, no allocation, no libc: the program is static and starts in well under 1 ms.
const std = @import("std");
const linux = std.os.linux;

pub const panic = std.debug.simple_panic;
pub const std_options: std.Options = .{ .enable_segfault_handler = false };

const keep_max = 16;

const Request = struct {
    parent: linux.pid_t = 0,
    /// Cores that the VR may run on; none: those that this process inherited.
    cores: ?linux.cpu_set_t = null,
    /// Descriptors above 2 that the VR gets.
    keep: [keep_max]linux.fd_t = undefined,
    keep_len: usize = 0,
    /// EXECUTABLE and its arguments.
    command: [:null]const ?[*:0]const u8 = &.{},
};

pub fn main(init: std.process.Init.Minimal) u8 {
    const request = parse(init.args.vector) catch |failure| return refuse(failure);
    launch(request, init.environ.block.slice) catch |failure| return refuse(failure);
    unreachable;
}

/// What a failure says, and its exit code.
const Failure = error{Reported};
var report: struct { code: u8 = 126, text: [512]u8 = undefined, len: usize = 0 } = .{};

fn fail(code: u8, comptime format: []const u8, values: anytype) Failure {
    report.code = code;
    const text = std.fmt.bufPrint(&report.text, "lvrm-launch: " ++ format ++ "\n", values) catch
        report.text[0..];
    report.len = text.len;
    return error.Reported;
}

fn refuse(_: Failure) u8 {
    _ = linux.write(2, &report.text, report.len);
    return report.code;
}

const usage = "usage: lvrm-launch --parent PID [--core N]... [--keep-fd N]... " ++
    "-- EXECUTABLE [ARGUMENT]...";

fn parse(words: []const [*:0]const u8) Failure!Request {
    var request: Request = .{};
    var at: usize = 1;
    while (at < words.len) : (at += 2) {
        const word = std.mem.span(words[at]);
        if (std.mem.eql(u8, word, "--")) {
            at += 1;
            break;
        }
        if (at + 1 >= words.len) return fail(126, usage, .{});
        const value = std.fmt.parseInt(u31, std.mem.span(words[at + 1]), 10) catch
            return fail(126, "{s} needs a number; " ++ usage, .{word});
        if (std.mem.eql(u8, word, "--parent")) {
            request.parent = value;
        } else if (std.mem.eql(u8, word, "--core")) {
            if (request.cores == null) request.cores = @splat(0);
            try addCore(&request.cores.?, value);
        } else if (std.mem.eql(u8, word, "--keep-fd") and request.keep_len < keep_max) {
            request.keep[request.keep_len] = value;
            request.keep_len += 1;
        } else return fail(126, usage, .{});
    }
    if (request.parent == 0 or at >= words.len) return fail(126, usage, .{});
    // The words come from the kernel as argv: a null pointer follows the last one.
    const command: [*:null]const ?[*:0]const u8 = @ptrCast(words.ptr + at);
    request.command = command[0 .. words.len - at :null];
    return request;
}

fn launch(request: Request, environment: [:null]const ?[*:0]const u8) Failure!void {
    const path = request.command[0].?;
    try keepOpen(request.keep[0..request.keep_len]);
    // Opened early: once its uid is dropped, the process may not reach the file any more.
    const executable = try openExecutable(path);
    leaveTerminal();
    if (request.cores) |*cores| try pin(cores);
    resetSignals();
    closeOthers(request.keep[0..request.keep_len], executable);
    try restrict();
    // After `restrict`, for the kernel clears the signal whenever credentials change.
    try dieWithParent(request.parent);
    return execute(executable, path, request.command, environment);
}

/// Before anything is opened here, so that a number that isn't open can't become ours.
fn keepOpen(keep: []const linux.fd_t) Failure!void {
    for (keep) |descriptor| {
        const rc = linux.fcntl(descriptor, linux.F.SETFD, 0);
        if (linux.errno(rc) != .SUCCESS)
            return fail(126, "descriptor {d} (--keep-fd) is not open", .{descriptor});
    }
}

fn openExecutable(path: [*:0]const u8) Failure!linux.fd_t {
    const rc = linux.open(path, .{ .PATH = true, .CLOEXEC = true }, 0);
    return switch (linux.errno(rc)) {
        .SUCCESS => @intCast(rc),
        .NOENT, .NOTDIR => fail(127, "cannot run {s}: no such file", .{path}),
        .ACCES => fail(126, "cannot run {s}: a directory on its path may not be searched", .{path}),
        else => |code| fail(126, "cannot run {s}: {t}", .{ path, code }),
    };
}

/// A session of its own: a terminal's Ctrl-C reaches lvrm, which then drains its VRIs; they must
/// not end before it tells them to. Fails only for a process group leader, which has what we want.
fn leaveTerminal() void {
    _ = linux.setsid();
}

fn addCore(cores: *linux.cpu_set_t, core: u32) Failure!void {
    const bits = @bitSizeOf(usize);
    if (core >= cores.len * bits) return fail(126, "there is no core {d}", .{core});
    cores[core / bits] |= @as(usize, 1) << @intCast(core % bits);
}

/// The kernel leaves out cores that it doesn't have, or that the cpuset excludes, and fails when
/// none is left.
fn pin(cores: *const linux.cpu_set_t) Failure!void {
    linux.sched_setaffinity(0, cores) catch
        return fail(126, "cannot pin to core {f}: this machine doesn't have it, it is offline, " ++
            "or lvrm's cpuset excludes it; see --cores", .{List{ .cores = cores }});
}

/// Prints core numbers with commas.
const List = struct {
    cores: *const linux.cpu_set_t,

    pub fn format(list: List, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        const bits = @bitSizeOf(usize);
        var first = true;
        for (0..list.cores.len * bits) |core| {
            if (list.cores[core / bits] >> @intCast(core % bits) & 1 == 0) continue;
            try writer.print("{s}{d}", .{ if (first) "" else ", ", core });
            first = false;
        }
    }
};

/// An exec keeps the mask and the ignored signals; a VR starts as one started from a shell does.
fn resetSignals() void {
    const default: linux.Sigaction = .{
        .handler = .{ .handler = linux.SIG.DFL },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    var signal: u32 = 1;
    while (signal <= 64) : (signal += 1) {
        const which: linux.SIG = @enumFromInt(signal);
        if (which != .KILL and which != .STOP) _ = linux.sigaction(which, &default, null);
    }
    const none = linux.sigemptyset();
    _ = linux.sigprocmask(linux.SIG.SETMASK, &none, null);
}

/// Closes every descriptor above 2 but `keep`, which stay open across the exec, and `executable`,
/// which closes with it.
fn closeOthers(keep: []const linux.fd_t, executable: linux.fd_t) void {
    var open: [keep_max + 1]linux.fd_t = undefined;
    @memcpy(open[0..keep.len], keep);
    open[keep.len] = executable;
    const sorted = open[0 .. keep.len + 1];
    std.mem.sort(linux.fd_t, sorted, {}, std.sort.asc(linux.fd_t));
    const whole: linux.CLOSE_RANGE = .{ .UNSHARE = false, .CLOEXEC = false };
    var next: linux.fd_t = 3;
    for (sorted) |descriptor| {
        if (descriptor > next) _ = linux.close_range(next, descriptor - 1, whole);
        next = @max(next, descriptor + 1);
    }
    _ = linux.close_range(next, std.math.maxInt(linux.fd_t), whole);
}

/// What the VR may not do. The order matters to whoever adds to it: resource limits and the VR's
/// own uid first, then `no_new_privs`, and a seccomp filter last, since it may forbid the others.
fn restrict() Failure!void {
    const rc = linux.prctl(@intFromEnum(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0);
    if (linux.errno(rc) != .SUCCESS) return fail(126, "cannot set no_new_privs", .{});
}

/// The kernel kills this process when the thread that started it ends. Had it ended before we
/// asked for that, our parent is another process by now.
fn dieWithParent(parent: linux.pid_t) Failure!void {
    const signal = @intFromEnum(linux.SIG.KILL);
    const rc = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), signal, 0, 0, 0);
    if (linux.errno(rc) != .SUCCESS) return fail(126, "cannot set the parent-death signal", .{});
    if (linux.getppid() != parent)
        return fail(126, "lvrm (pid {d}) has gone; not starting", .{parent});
}

/// By path first, which gives the process its name in `ps`; by descriptor where the path can't be
/// reached (any more). Returns only when both failed.
fn execute(
    executable: linux.fd_t,
    path: [*:0]const u8,
    command: [:null]const ?[*:0]const u8,
    environment: [:null]const ?[*:0]const u8,
) Failure {
    const by_path = linux.errno(linux.execve(path, command.ptr, environment.ptr));
    if (by_path == .ACCES or by_path == .NOENT)
        _ = linux.execveat(executable, "", command.ptr, environment.ptr, .{
            .EMPTY_PATH = true,
            .SYMLINK_NOFOLLOW = false,
        });
    return switch (by_path) {
        .ACCES => fail(126, "cannot run {s}: not executable; `chmod +x` it, and check that it " ++
            "isn't a directory or on a file system mounted noexec", .{path}),
        .NOENT => fail(126, "cannot run {s}: its interpreter (program loader, or the one its " ++
            "#! line names) is missing", .{path}),
        .NOEXEC => fail(126, "cannot run {s}: not a program for this machine (for a script: no " ++
            "#! line)", .{path}),
        else => |code| fail(126, "cannot run {s}: {t}", .{ path, code }),
    };
}

test parse {
    const words = [_:null]?[*:0]const u8{
        "lvrm-launch", "--parent", "7",  "--keep-fd", "5",    "--core",
        "1",           "--core",   "70", "--",        "./vr", "--core",
        "9",
    };
    const argv: []const [*:0]const u8 = @ptrCast(words[0..]);
    const request = try parse(argv);
    try std.testing.expectEqual(7, request.parent);
    var cores: linux.cpu_set_t = @splat(0);
    cores[0] = 1 << 1;
    cores[1] = 1 << (70 - 64);
    try std.testing.expectEqual(cores, request.cores.?);
    var text: [16]u8 = undefined;
    const list = try std.fmt.bufPrint(&text, "{f}", .{List{ .cores = &cores }});
    try std.testing.expectEqualStrings("1, 70", list);
    try std.testing.expectEqualSlices(linux.fd_t, &.{5}, request.keep[0..request.keep_len]);
    try std.testing.expectEqual(3, request.command.len);
    try std.testing.expectEqualStrings("./vr", std.mem.span(request.command[0].?));
    // No parent, no value, no command, not a number.
    try std.testing.expectError(error.Reported, parse(argv[0..1]));
    try std.testing.expectError(error.Reported, parse(argv[0..2]));
    try std.testing.expectError(error.Reported, parse(argv[0..8]));
    const bad = [_:null]?[*:0]const u8{ "lvrm-launch", "--parent", "x", "--", "./vr" };
    const bad_argv: []const [*:0]const u8 = @ptrCast(bad[0..]);
    try std.testing.expectError(error.Reported, parse(bad_argv));
}
