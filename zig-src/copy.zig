//! The copy of a captured frame into its slot: the one that the dispatcher's short loop makes, and
//! `lvrm-limit` too, so that the machine's limit is measured with the very same one.

const builtin = @import("builtin");

/// Frames before its turn that a slot's first line is fetched: as many as a core has misses under
/// way at once.
pub const claim_ahead = 16;

/// Fetches a line that is about to be overwritten, from the core that wrote it last: a store that
/// misses would hold up those behind it.
pub inline fn claim(line: [*]u8) void {
    // For the baseline, the builtin makes it a fetch for reading. The instruction does nothing on a
    // processor that lacks it.
    if (builtin.cpu.arch == .x86_64 and builtin.zig_backend == .stage2_llvm) {
        asm volatile ("prefetchw (%[line])"
            :
            : [line] "r" (line),
        );
    } else @prefetch(line, .{ .rw = .write });
}

/// Copies `length` (at least 14) bytes. Short frames in four overlapping 16-byte pieces at most,
/// without a call.
pub inline fn copy(into: [*]u8, from: [*]const u8, length: usize) void {
    const V = @Vector(16, u8);
    if (length < 16 or length > 64) {
        @memcpy(into[0..length], from[0..length]);
        return;
    }
    const last = length - 16;
    const a: V = from[0..16].*;
    const b: V = from[@min(16, last)..][0..16].*;
    const c: V = from[@min(32, last)..][0..16].*;
    const e: V = from[last..][0..16].*;
    into[0..16].* = a;
    into[@min(16, last)..][0..16].* = b;
    into[@min(32, last)..][0..16].* = c;
    into[last..][0..16].* = e;
}
