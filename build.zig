const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{ .default_target = .{
        .cpu_arch = .x86_64,
        .os_tag = .linux,
        .abi = .gnu,
        .cpu_model = .baseline,
    } });
    const optimize = b.standardOptimizeOption(.{});
    _ = target;
    _ = optimize;

    // The generated files.
    const generate = b.addExecutable(.{ .name = "abi_gen", .root_module = b.createModule(.{
        .root_source_file = b.path("zig-src/abi_gen.zig"),
        .target = b.graph.host,
        .link_libc = true,
    }) });
    const update = b.addUpdateSourceFiles();
    for ([_][2][]const u8{ .{ "ts", "ffi/abi.gen.ts" }, .{ "h", "vrs/include/lvrm_vr.h" } }) |pair| {
        const run = b.addRunArtifact(generate);
        run.addArg(pair[0]);
        update.addCopyFileToSource(run.addOutputFileArg(std.fs.path.basename(pair[1])), pair[1]);
    }
    b.step("abi", "Write ffi/abi.gen.ts and vrs/include/lvrm_vr.h").dependOn(&update.step);
}
