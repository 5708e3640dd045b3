const std = @import("std");
const clickvr = @import("vrs/click/build.zig");
const cppvr = @import("vrs/cpp/build.zig");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{ .default_target = .{
        .cpu_arch = .x86_64,
        .os_tag = .linux,
        .abi = .gnu,
        .cpu_model = .baseline,
    } });
    const optimize = b.standardOptimizeOption(.{});

    // The library behind Deno's FFI. ReleaseFast by default: -Doptimize=ReleaseSafe|Debug for
    // checks.
    const core_optimize = if (optimize == .Debug and !(b.option(
        bool,
        "debug",
        "Build the libraries with debug checks",
    ) orelse false)) .ReleaseFast else optimize;
    const core = b.createModule(.{
        .root_source_file = b.path("zig-src/exports.zig"),
        .target = target,
        .optimize = core_optimize,
        .link_libc = true,
        .pic = true,
        .strip = core_optimize != .Debug,
    });
    b.installArtifact(b.addLibrary(.{ .name = "lvrm", .linkage = .dynamic, .root_module = core }));

    // The library that VRs link, static and shared.
    const vr_module = b.createModule(.{
        .root_source_file = b.path("zig-src/vr_exports.zig"),
        .target = target,
        .optimize = core_optimize,
        .link_libc = true,
        .pic = true,
        .strip = core_optimize != .Debug,
    });
    const vr_static = b.addLibrary(
        .{ .name = "lvrm_vr", .linkage = .static, .root_module = vr_module },
    );
    vr_static.bundle_compiler_rt = true;
    vr_static.installHeader(b.path("vrs/include/lvrm_vr.h"), "lvrm_vr.h");
    b.installArtifact(vr_static);
    b.installArtifact(
        b.addLibrary(.{ .name = "lvrm_vr", .linkage = .dynamic, .root_module = vr_module }),
    );

    cppvr.add(b, target, vr_static);
    clickvr.add(b, target, vr_static);

    // Tests: those in the files, and the conformance suites.
    const test_step = b.step("test", "Run the Zig and C++ tests");
    const filters = b.option(
        []const []const u8,
        "test-filter",
        "Run only the tests that match",
    ) orelse &.{};
    const tests = b.addTest(.{ .filters = filters, .root_module = b.createModule(.{
        .root_source_file = b.path("zig-src/tests.zig"),
        .target = target,
        .optimize = if (optimize == .Debug) .Debug else optimize,
        .link_libc = true,
    }) });
    test_step.dependOn(&b.addRunArtifact(tests).step);
    cppvr.addTests(b, target, test_step);

    // The generated files.
    const generate = b.addExecutable(.{ .name = "abi_gen", .root_module = b.createModule(.{
        .root_source_file = b.path("zig-src/abi_gen.zig"),
        .target = b.graph.host,
        .link_libc = true,
    }) });
    const update = b.addUpdateSourceFiles();
    for ([_][2][]const u8{
        .{ "ts", "ffi/abi.gen.ts" },
        .{ "h", "vrs/include/lvrm_vr.h" },
        .{ "rs", "vrs/rust/src/sys.rs" },
        .{ "vr_ts", "vrs/typescript/abi.gen.ts" },
    }) |pair| {
        const run = b.addRunArtifact(generate);
        run.addArg(pair[0]);
        update.addCopyFileToSource(run.addOutputFileArg(std.fs.path.basename(pair[1])), pair[1]);
    }
    b.step("abi", "Write what is generated from zig-src/abi.zig").dependOn(&update.step);

    // The dispatcher looped back on itself, for measuring. As the library is built.
    b.installArtifact(b.addExecutable(.{ .name = "lvrm-loopback", .root_module = b.createModule(.{
        .root_source_file = b.path("zig-src/loopback.zig"),
        .target = target,
        .optimize = core_optimize,
        .link_libc = true,
    }) }));

    // The machine's limit, with the library's own copy: libc's too.
    b.installArtifact(b.addExecutable(.{ .name = "lvrm-limit", .root_module = b.createModule(.{
        .root_source_file = b.path("zig-src/limit.zig"),
        .target = target,
        .optimize = .ReleaseFast,
        .link_libc = true,
        .strip = true,
    }) }));

    // Small static programs without libc: the launcher that becomes a VRI, the one that dist/lvrm
    // starts with, and the traffic generator.
    const static = b.resolveTargetQuery(.{
        .cpu_arch = .x86_64,
        .os_tag = .linux,
        .abi = .none,
        .cpu_model = .baseline,
    });
    for ([_][2][]const u8{
        .{ "lvrm-launch", "zig-src/launch.zig" },
        .{ "lvrm-unpack", "zig-src/unpack.zig" },
        .{ "lvrm-gen", "zig-src/generate.zig" },
        .{ "lvrm-echo", "zig-src/echo.zig" },
    }) |program| {
        const module = b.createModule(.{
            .root_source_file = b.path(program[1]),
            .target = static,
            // What measures is not to be slowed down by checks.
            .optimize = switch (std.mem.eql(u8, program[0], "lvrm-echo")) {
                true => .ReleaseFast,
                false => .ReleaseSafe,
            },
            .strip = true,
        });
        b.installArtifact(b.addExecutable(.{ .name = program[0], .root_module = module }));
        const own_tests = b.addTest(.{ .name = program[0], .root_module = module });
        test_step.dependOn(&b.addRunArtifact(own_tests).step);
    }
}
