//! Why a set-up step failed: an errno and a sentence for the user. Never used on the frame path.
const std = @import("std");
const linux = std.os.linux;

pub const Reason = struct {
    errno: linux.E = .SUCCESS,
    text: [512]u8 = undefined,
    length: usize = 0,

    /// Records the sentence; returns the error, so that a caller can `return reason.fail(…)`.
    pub fn fail(
        r: *Reason,
        errno: linux.E,
        comptime format: []const u8,
        values: anytype,
    ) error{Failed} {
        r.errno = errno;
        var writer: std.Io.Writer = .fixed(&r.text);
        writer.print(format, values) catch {}; // too long: the first 512 bytes will do
        r.length = writer.end;
        return error.Failed;
    }

    pub fn message(r: *const Reason) []const u8 {
        return r.text[0..r.length];
    }
};
