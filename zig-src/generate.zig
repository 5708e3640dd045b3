//! `lvrm-gen`: traffic out (`send`) and in (`sink`), for the benchmark, the demo and the tests.
//! Never chooses an interface by itself and never runs without a bound in time.
//!
//! Exit codes as lvrm's: 0, 1 failed, 2 usage. One line on standard error says why.
const std = @import("std");
const linux = std.os.linux;
const options = @import("generator/options.zig");
const socket = @import("generator/socket.zig");

pub const panic = std.debug.simple_panic;
pub const std_options: std.Options = .{ .enable_segfault_handler = false };

pub fn main(init: std.process.Init.Minimal) u8 {
    const words = init.args.vector;
    if (words.len == 2 and std.mem.eql(u8, std.mem.span(words[1]), "--help")) {
        _ = linux.write(1, options.usage, options.usage.len);
        return 0;
    }
    const parsed = options.parse(words) catch {
        complain(options.complaint[0..options.complaint_bytes]);
        _ = linux.write(2, options.usage, options.usage.len);
        return 2;
    };
    run(&parsed) catch {
        complain(socket.failure[0..socket.failure_bytes]);
        return 1;
    };
    return 0;
}

fn run(parsed: *const options.Options) socket.Error!void {
    try socket.settle(parsed.core);
    @import("generator/progress.zig").listen();
    switch (parsed.command) {
        .send => try @import("generator/send.zig").run(parsed),
        .sink => try @import("generator/sink.zig").run(parsed),
        .ping => try @import("generator/ping.zig").run(parsed),
    }
}

fn complain(text: []const u8) void {
    var buffer: [320]u8 = undefined;
    const line = std.fmt.bufPrint(&buffer, "lvrm-gen: {s}\n", .{text}) catch buffer[0..];
    _ = linux.write(2, line.ptr, line.len);
}

test {
    _ = @import("generator/addresses.zig");
    _ = @import("generator/capture_reader.zig");
    _ = @import("generator/default_route.zig");
    _ = @import("generator/frames.zig");
    _ = @import("generator/numbered.zig");
    _ = @import("generator/options.zig");
    _ = @import("generator/payload.zig");
    _ = @import("generator/ping.zig");
    _ = @import("generator/send.zig");
    _ = @import("generator/sizes.zig");
    _ = @import("generator/sink.zig");
    _ = @import("generator/tally.zig");
    _ = @import("generator/trace.zig");
    _ = @import("generator/transmit_queues.zig");
}
