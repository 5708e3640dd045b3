//! How lvrm-click is built: C++23 by zig, nothing linked but libc++ (static), libc and liblvrm_vr.
//! Which elements there are is read from elements/*.def.
const std = @import("std");
const abi = @import("../../zig-src/abi.zig");

const flags = [_][]const u8{
    "-std=c++23",
    "-fno-exceptions",
    "-fno-rtti",
    "-Wall",
    "-Wextra",
    "-Wno-c99-designator",
    "-Wno-missing-field-initializers",
    "-Werror",
    "-DLVRM_VERSION=\"" ++ abi.version ++ "\"",
    // Packets are a stranger's bytes: an index out of bounds ends this VRI instead of reading on.
    "-U_LIBCPP_HARDENING_MODE",
    "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST",
};
const core_files = [_][]const u8{
    "address.cc",
    "arg_types.cc",
    "args.cc",
    "connections.cc",
    "driver.cc",
    "element.cc",
    "error.cc",
    "exchange.cc",
    "expand.cc",
    "flat.cc",
    "hosted.cc",
    "lexer.cc",
    "load.cc",
    "lvrm_handlers.cc",
    "lvrm_hub.cc",
    "names.cc",
    "numbers.cc",
    "order.cc",
    "packet.cc",
    "parser.cc",
    "registry.cc",
    "router.cc",
    "router_handlers.cc",
    "router_ports.cc",
    "substitute.cc",
    "text.cc",
    "time.cc",
};
const lists = [_][]const u8{
    @embedFile("elements/analysis.def"),  @embedFile("elements/ethernet.def"),
    @embedFile("elements/icmp.def"),      @embedFile("elements/ip.def"),
    @embedFile("elements/ip6.def"),       @embedFile("elements/lvrm.def"),
    @embedFile("elements/standard.def"),  @embedFile("elements/tcpudp.def"),
    @embedFile("elements/userlevel.def"),
};

/// The files of "ELEMENT(Class, topic/file)" and "HELPER(topic/file)" lines.
fn elementFiles(b: *std.Build) []const []const u8 {
    var files: std.ArrayList([]const u8) = .empty;
    for (lists) |list| {
        var lines = std.mem.splitScalar(u8, list, '\n');
        while (lines.next()) |line| {
            const is_helper = std.mem.startsWith(u8, line, "HELPER(");
            if (!is_helper and !std.mem.startsWith(u8, line, "ELEMENT(")) continue;
            const before: u8 = if (is_helper) '(' else ',';
            const start = std.mem.indexOfScalar(u8, line, before) orelse @panic("bad .def line");
            const end = std.mem.indexOfScalar(u8, line, ')') orelse @panic("bad .def line");
            const name = std.mem.trim(u8, line[start + 1 .. end], " ");
            files.append(b.allocator, b.fmt("elements/{s}.cc", .{name})) catch @panic("OOM");
        }
    }
    return files.items;
}

fn module(
    b: *std.Build,
    target: std.Build.ResolvedTarget,
    files: []const []const u8,
) *std.Build.Module {
    const made = b.createModule(.{
        .target = target,
        .optimize = .ReleaseFast,
        .link_libc = true,
        .link_libcpp = true,
        .strip = true,
    });
    made.addIncludePath(b.path("vrs/include"));
    made.addIncludePath(b.path("vrs/click"));
    made.addCSourceFiles(.{ .root = b.path("vrs/click"), .files = files, .flags = &flags });
    // After an incremental build zig 0.16 doesn't look at the headers of unchanged files any more:
    // a file that is new whenever a header is makes it do so.
    made.addCSourceFile(.{ .file = b.addWriteFiles().add("headers.cc", headerHash(b)) });
    return made;
}

fn headerHash(b: *std.Build) []const u8 {
    const io = b.graph.io;
    var sum: u64 = 0; // in no order
    for ([_][]const u8{ "vrs/click", "vrs/include" }) |path| {
        const folder = b.build_root.handle.openDir(io, path, .{ .iterate = true }) catch
            @panic("no headers");
        var walker = folder.walk(b.allocator) catch @panic("OOM");
        while (walker.next(io) catch @panic("can't list headers")) |entry| {
            if (entry.kind != .file or std.mem.endsWith(u8, entry.path, ".cc")) continue;
            const text = folder.readFileAlloc(io, entry.path, b.allocator, .unlimited) catch
                @panic("can't read a header");
            sum +%= std.hash.Wyhash.hash(std.hash.Wyhash.hash(0, entry.path), text);
        }
    }
    return b.fmt("// {x}\n", .{sum});
}

/// The targets of tests/fuzz, which run named inputs here; `deno task fuzz` looks for new ones.
const fuzz_targets = [_][]const u8{ "config", "packets" };

/// Adds `lvrm-click` to what is installed, and `lvrm-click-pair` and the fuzz targets for tests.
/// `library`: liblvrm_vr, static.
pub fn add(b: *std.Build, target: std.Build.ResolvedTarget, library: *std.Build.Step.Compile) void {
    const all = module(b, target, &core_files);
    const elements = elementFiles(b);
    all.addCSourceFiles(.{ .root = b.path("vrs/click"), .files = elements, .flags = &flags });
    const objects = b.addLibrary(.{ .name = "lvrm_click", .root_module = all });
    const step = b.step("click", "Build lvrm-click alone");
    // Configurations that `lvrm bench` runs.
    for ([_][2][]const u8{
        .{ "minimal.click", "click_minimal.click" },
        .{ "bench/counter.click", "click_counter.click" },
        .{ "bench/chain.click", "click_chain.click" },
        .{ "bench/router.click", "click_router.click" },
    }) |it| {
        const source = b.path("vrs/click/examples").path(b, it[0]);
        const install = b.addInstallFileWithDir(source, .lib, it[1]);
        b.getInstallStep().dependOn(&install.step);
        step.dependOn(&install.step);
    }
    for ([_][2][]const u8{ .{ "lvrm-click", "main.cc" }, .{ "lvrm-click-pair", "pair.cc" } }) |it| {
        const program = b.addExecutable(.{
            .name = it[0],
            .root_module = module(b, target, it[1..]),
        });
        program.root_module.linkLibrary(objects);
        program.root_module.linkLibrary(library);
        const install = b.addInstallArtifact(program, .{});
        b.getInstallStep().dependOn(&install.step);
        step.dependOn(&install.step);
    }
    for (fuzz_targets) |name| {
        const own = module(b, target, &.{});
        own.addCSourceFiles(.{
            .root = b.path("tests/fuzz"),
            .files = &.{ b.fmt("{s}.cc", .{name}), "replay.cc" },
            .flags = &flags,
        });
        own.linkLibrary(objects);
        own.linkLibrary(library);
        const program = b.addExecutable(.{
            .name = b.fmt("lvrm-click-fuzz-{s}", .{name}),
            .root_module = own,
        });
        const install = b.addInstallArtifact(program, .{});
        b.getInstallStep().dependOn(&install.step);
        step.dependOn(&install.step);
    }
}
