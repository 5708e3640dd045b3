//! A VRI's time slice. One that wakes up runs before whoever has its core just then for longer
//! work: a process that starts, or the control plane on a machine with few cores. Linux goes by the
//! length of slices from 6.12 on; nobody gets a larger share of the core by it.
const std = @import("std");
const linux = std.os.linux;

const slice_ns = 100 * std.time.ns_per_us; // the shortest that the kernel takes

/// Of the calling thread, which says ready: of two with equal slices, who has the core keeps it for
/// a while, so one that still starts would keep VRIs waiting. On an older Linux nothing changes.
pub fn shorten() void {
    var attributes: linux.sched_attr = .{};
    const size = attributes.size;
    if (linux.errno(linux.sched_getattr(0, &attributes, size, 0)) != .SUCCESS) return;
    if (attributes.policy != 0) return; // SCHED_OTHER; somebody chose another
    attributes.runtime = slice_ns;
    _ = linux.sched_setattr(0, &attributes, 0);
}

test shorten {
    // In a thread of its own, which takes the slice with it.
    const Child = struct {
        fn run(slice: *u64) void {
            shorten();
            var attributes: linux.sched_attr = .{};
            _ = linux.sched_getattr(0, &attributes, attributes.size, 0);
            slice.* = attributes.runtime;
        }
    };
    var slice: u64 = 0;
    const thread = try std.Thread.spawn(.{}, Child.run, .{&slice});
    thread.join();
    var name: linux.utsname = undefined;
    _ = linux.uname(&name);
    const release = std.mem.sliceTo(&name.release, 0);
    const end = std.mem.indexOfNone(u8, release, "0123456789.") orelse release.len;
    var parts = std.mem.splitScalar(u8, release[0..end], '.');
    const major = try std.fmt.parseInt(u32, parts.next().?, 10);
    const minor = try std.fmt.parseInt(u32, parts.next().?, 10);
    const knows = major > 6 or (major == 6 and minor >= 12);
    const expected: u64 = if (knows) slice_ns else 0;
    try std.testing.expectEqual(expected, slice);
}
