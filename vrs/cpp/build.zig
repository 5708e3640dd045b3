//! How cppvr and its tests are built: C++23 by zig, nothing linked but libc++ (static), libc and
//! liblvrm_vr.
const std = @import("std");
const abi = @import("../../zig-src/abi.zig");

const flags = [_][]const u8{
    "-std=c++23",
    "-fno-exceptions",
    "-fno-rtti",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Werror",
    "-DLVRM_VERSION=\"" ++ abi.version ++ "\"",
    // Frames are a stranger's bytes: an index out of bounds ends this VRI instead of reading on.
    // It costs a seventh of the router's own speed (58 to 50 million frames per second).
    "-U_LIBCPP_HARDENING_MODE",
    "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST",
};
const core_files = [_][]const u8{
    "control.cpp", "icmp.cpp",   "neighbours.cpp",
    "options.cpp", "router.cpp", "tables.cpp",
};
const test_files = [_][]const u8{
    "tests/main.cpp",           "tests/checksum_test.cpp", "tests/control_test.cpp",
    "tests/fib_test.cpp",       "tests/fragment_test.cpp", "tests/icmp_test.cpp",
    "tests/neighbour_test.cpp", "tests/options_test.cpp",  "tests/router_test.cpp",
    "tests/service_test.cpp",   "tests/shortcut_test.cpp",
};

fn program(
    b: *std.Build,
    target: std.Build.ResolvedTarget,
    name: []const u8,
    files: []const []const u8,
) *std.Build.Step.Compile {
    const module = b.createModule(.{
        .target = target,
        .optimize = .ReleaseFast,
        .link_libc = true,
        .link_libcpp = true,
        .strip = true,
    });
    module.addIncludePath(b.path("vrs/include"));
    module.addIncludePath(b.path("vrs/cpp"));
    for ([_][]const []const u8{ &core_files, files }) |list| {
        module.addCSourceFiles(.{ .root = b.path("vrs/cpp"), .files = list, .flags = &flags });
    }
    return b.addExecutable(.{ .name = name, .root_module = module });
}

/// Adds `cppvr` to what is installed. `library`: liblvrm_vr, static.
pub fn add(b: *std.Build, target: std.Build.ResolvedTarget, library: *std.Build.Step.Compile) void {
    const cppvr = program(b, target, "cppvr", &.{"main.cpp"});
    cppvr.root_module.linkLibrary(library);
    b.installArtifact(cppvr);
}

/// Adds cppvr's unit tests to `step`. They need no link, and no library.
pub fn addTests(b: *std.Build, target: std.Build.ResolvedTarget, step: *std.Build.Step) void {
    const tests = program(b, target, "cppvr-test", &test_files);
    tests.root_module.sanitize_c = .trap;
    step.dependOn(&b.addRunArtifact(tests).step);
}
