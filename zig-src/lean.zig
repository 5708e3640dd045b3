//! Options of every library root: no 256 KiB thread-local signal stack, no stack traces, no log. A
//! panic (a broken invariant of our own) prints its message and aborts.
const std = @import("std");

pub const std_options: std.Options = .{
    .logFn = noLog,
    .enable_segfault_handler = false,
    .allow_stack_tracing = false,
    .signal_stack_size = null,
};

fn noLog(
    comptime _: std.log.Level,
    comptime _: @EnumLiteral(),
    comptime _: []const u8,
    _: anytype,
) void {}

pub const panic = std.debug.FullPanic(struct {
    fn abort(message: []const u8, _: ?usize) noreturn {
        _ = std.c.write(2, message.ptr, message.len);
        _ = std.c.write(2, "\n", 1);
        std.c.abort();
    }
}.abort);
