//! The one line that `lvrm-unpack` says before it ends with exit code 4.
const std = @import("std");

pub const Error = error{ Reported, OutOfMemory };

var text: [2048]u8 = undefined;
var bytes: usize = 0;

/// Keeps the line (a later one replaces it) and gives the error to return.
pub fn fail(comptime format: []const u8, values: anytype) Error {
    print(format, values);
    return error.Reported;
}

pub fn print(comptime format: []const u8, values: anytype) void {
    const line = std.fmt.bufPrint(&text, "lvrm: " ++ format ++ "\n", values) catch text[0..];
    bytes = line.len;
}

pub fn flush() void {
    _ = std.os.linux.write(2, &text, bytes);
}
