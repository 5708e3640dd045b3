//! A capture file that an offline run writes (adapter `pcap`), by a thread of its own: the
//! dispatcher puts records into a ring in memory and never waits for a disk. The run's ports read
//! no further while the ring is half full, so that nothing on its way finds it full.
//!
//! Made and finished by the control thread; `put`, `publish` and `schedule` are the dispatcher's;
//! `run` is the writer's. The ring has one producer and one consumer: the release of `tail` lets
//! the writer see the records before it, the release of `head` gives their room back.
//!
//! When a write fails (disk full), the file is cut behind its last whole record, everything that
//! was to follow is counted as lost, and from then on the ports refuse what they are to send.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const dispatch = @import("dispatch.zig");
const Format = @import("capture_format.zig").Format;
const header_bytes_max = @import("capture_format.zig").header_bytes_max;
const interfaces_max = @import("capture_format.zig").interfaces_max;
const Reason = @import("reason.zig").Reason;
const Schedule = @import("schedule.zig").Schedule;

const Failed = error{Failed};

/// A page that was never used costs no memory.
pub const ring_bytes = 64 << 20;
const stage_bytes = 1 << 20; // one write
/// Instead of a record's length: the next one is at the ring's start.
const skip: u32 = 0xffff_ffff;
const captures_max = 16;
const page = std.heap.page_allocator;

pub const Capture = struct {
    fd: i32,
    wake_fd: i32,
    format: Format,
    schedule: Schedule,
    ports: u32 = 0,
    memory: []u8, // of both:
    ring: []u8,
    stage: []u8,
    thread: std.Thread = undefined,

    // The dispatcher's.
    next: u64 = 0, // where the next record goes, in bytes since ever

    // The writer's.
    staged: usize = 0,
    taken: u64 = 0, // records, since ever
    written: abi.CaptureReport = .{},

    // Shared, each written by one side.
    tail: u64 align(abi.cache_line_bytes) = 0,
    stop: u32 = 0, // no more will be put
    head: u64 align(abi.cache_line_bytes) = 0,
    sleeping: u32 = 0,
    failed: u32 = 0,
    done: u32 = 0,

    /// Whether the ports may read on: what is on its way will find room.
    pub fn hasRoom(c: *const Capture) bool {
        return c.next - @atomicLoad(u64, &c.head, .acquire) <= ring_bytes / 2;
    }

    /// Whether the file takes no more.
    pub fn hasFailed(c: *const Capture) bool {
        return @atomicLoad(u32, &c.failed, .acquire) != 0;
    }

    /// Puts a frame's record into the ring; false when there is no room.
    pub fn put(c: *Capture, interface: u32, time_ns: u64, frame: []const u8) bool {
        const bytes = c.format.recordBytes(frame.len);
        const room = std.mem.alignForward(usize, 8 + bytes, 8);
        var at: usize = @intCast(c.next % ring_bytes);
        const gap = if (at + room > ring_bytes) ring_bytes - at else 0;
        const used = c.next - @atomicLoad(u64, &c.head, .acquire);
        if (used + gap + room > ring_bytes) return false;
        if (gap != 0) {
            std.mem.writeInt(u32, c.ring[at..][0..4], skip, .little);
            at = 0;
        }
        std.mem.writeInt(u32, c.ring[at..][0..4], @intCast(bytes), .little);
        c.format.record(c.ring[at + 8 ..][0..bytes], interface, time_ns, frame);
        c.next += gap + room;
        return true;
    }

    /// Lets the writer see what was put.
    pub fn publish(c: *Capture) void {
        @atomicStore(u64, &c.tail, c.next, .release);
        // The writer sets `sleeping`, fences, then looks at `tail`: one of the two sees the other.
        dispatch.fullFence();
        if (@atomicLoad(u32, &c.sleeping, .monotonic) != 0) c.wake();
    }

    fn wake(c: *const Capture) void {
        const one: u64 = 1;
        _ = linux.write(c.wake_fd, std.mem.asBytes(&one), 8);
    }

    /// The writer.
    fn run(c: *Capture) void {
        _ = linux.prctl(@intFromEnum(linux.PR.SET_NAME), @intFromPtr("lvrm-capture"), 0, 0, 0);
        // Signals are for the control thread; a pipe or file that takes no more is an errno.
        var all: [16]u32 = @splat(0xffff_ffff);
        _ = linux.syscall4(.rt_sigprocmask, 0, @intFromPtr(&all), 0, 8);
        while (true) {
            const is_last = @atomicLoad(u32, &c.stop, .acquire) != 0;
            const tail = @atomicLoad(u64, &c.tail, .acquire);
            if (c.head != tail) {
                c.take(tail);
                continue;
            }
            c.flush();
            if (is_last) break;
            c.sleep();
        }
        c.written.lost_frames = c.taken - c.written.written_frames;
        c.written.finished = 1;
        @atomicStore(u32, &c.done, 1, .release);
    }

    fn sleep(c: *Capture) void {
        @atomicStore(u32, &c.sleeping, 1, .monotonic);
        dispatch.fullFence();
        const tail = @atomicLoad(u64, &c.tail, .acquire);
        if (tail == c.head and @atomicLoad(u32, &c.stop, .acquire) == 0) {
            var count: u64 = 0;
            _ = linux.read(c.wake_fd, std.mem.asBytes(&count), 8);
        }
        @atomicStore(u32, &c.sleeping, 0, .monotonic);
    }

    /// Moves records from the ring to the stage, up to `tail`.
    fn take(c: *Capture, tail: u64) void {
        var head = c.head;
        while (head != tail) {
            const at: usize = @intCast(head % ring_bytes);
            const bytes = std.mem.readInt(u32, c.ring[at..][0..4], .little);
            if (bytes == skip) {
                head += ring_bytes - at;
                continue;
            }
            if (c.staged + bytes > stage_bytes) c.flush();
            @memcpy(c.stage[c.staged..][0..bytes], c.ring[at + 8 ..][0..bytes]);
            c.staged += bytes;
            c.taken += 1;
            head += std.mem.alignForward(usize, 8 + bytes, 8);
            @atomicStore(u64, &c.head, head, .release);
        }
        @atomicStore(u64, &c.head, head, .release);
    }

    /// Writes the stage to the file, or gives it up.
    fn flush(c: *Capture) void {
        const staged = c.stage[0..c.staged];
        c.staged = 0;
        if (c.failed != 0) return;
        var rest: []const u8 = staged;
        while (rest.len != 0) {
            const rc = linux.write(c.fd, rest.ptr, rest.len);
            switch (linux.errno(rc)) {
                .SUCCESS => rest = rest[rc..],
                .INTR => {},
                else => |e| {
                    c.written.errno = @intFromEnum(e);
                    @atomicStore(u32, &c.failed, 1, .release);
                    break;
                },
            }
        }
        c.countWhole(staged, staged.len - rest.len);
        if (rest.len == 0) return;
        _ = linux.ftruncate(c.fd, @intCast(c.written.written_bytes)); // of a pipe: fails, no harm
    }

    /// Counts the records that lie within the first `bytes` of the stage.
    fn countWhole(c: *Capture, staged: []const u8, bytes: usize) void {
        var at: usize = 0;
        while (at < bytes) {
            const next = at + c.format.lengthOf(staged[at..]);
            if (next > bytes) break;
            c.written.written_frames += 1;
            at = next;
        }
        c.written.written_bytes += at;
    }
};

var captures: [captures_max]?*Capture = @splat(null);

pub fn find(number: u32) ?*Capture {
    return if (number < captures_max) captures[number] else null;
}

/// Makes the file, with its header, and starts the writer; returns its number.
pub fn create(
    gpa: std.mem.Allocator,
    config: *const abi.CaptureConfig,
    path: []const u8,
    reason: *Reason,
) Failed!u32 {
    const number = for (captures, 0..) |it, i| {
        if (it == null) break i;
    } else return reason.fail(.NOSPC, "there are {d} captures already", .{captures_max});
    if (config.format > @intFromEnum(abi.CaptureFormat.pcapng) or
        config.interfaces > interfaces_max)
        return reason.fail(.INVAL, "no capture format has number {d}, or no {d} interfaces", .{
            config.format,
            config.interfaces,
        });
    const format: Format = .{
        .kind = @enumFromInt(config.format),
        .nanoseconds = config.nanoseconds != 0,
    };
    const fd = try openFile(path, format, config.interfaces, reason);
    errdefer _ = linux.close(fd);
    const wake_fd = linux.eventfd(0, linux.EFD.CLOEXEC);
    if (linux.errno(wake_fd) != .SUCCESS)
        return reason.fail(.MFILE, "no eventfd: too many open files? (`ulimit -n`)", .{});
    errdefer _ = linux.close(@intCast(wake_fd));
    const memory = page.alloc(u8, ring_bytes + stage_bytes) catch return noMemory(reason);
    errdefer page.free(memory);
    const c = gpa.create(Capture) catch return noMemory(reason);
    errdefer gpa.destroy(c);
    c.* = .{
        .fd = fd,
        .wake_fd = @intCast(wake_fd),
        .format = format,
        .schedule = .{ .speed = @as(f64, @floatFromInt(config.speed_permille)) / 1000 },
        .memory = memory,
        .ring = memory[0..ring_bytes],
        .stage = memory[ring_bytes..],
    };
    var head: [header_bytes_max]u8 = undefined;
    c.written.written_bytes = format.header(config.interfaces, &head).len;
    c.thread = std.Thread.spawn(.{ .stack_size = 1 << 20 }, Capture.run, .{c}) catch
        return reason.fail(.AGAIN, "cannot start the thread that writes the capture", .{});
    captures[number] = c;
    return @intCast(number);
}

fn noMemory(reason: *Reason) Failed {
    return reason.fail(.NOMEM, "no memory for the capture", .{});
}

/// The file, empty but for its header. A pipe that nobody reads is refused, not waited for.
fn openFile(path: []const u8, format: Format, interfaces: u32, reason: *Reason) Failed!i32 {
    var name: [4096:0]u8 = undefined;
    if (path.len > name.len) return reason.fail(.NAMETOOLONG, "the file's name is too long", .{});
    @memcpy(name[0..path.len], path);
    name[path.len] = 0;
    const flags: linux.O = .{
        .ACCMODE = .WRONLY,
        .CREAT = true,
        .TRUNC = true,
        .CLOEXEC = true,
        .NONBLOCK = true,
    };
    const rc = linux.open(&name, flags, 0o666);
    switch (linux.errno(rc)) {
        .SUCCESS => {},
        .NXIO => |e| return reason.fail(e, "nobody reads the pipe {s}", .{path}),
        else => |e| return reason.fail(e, "cannot write {s}: {t}", .{ path, e }),
    }
    const fd: i32 = @intCast(rc);
    errdefer _ = linux.close(fd);
    _ = linux.fcntl(fd, linux.F.SETFL, 0); // the writer may wait
    var buffer: [header_bytes_max]u8 = undefined;
    const header = format.header(interfaces, &buffer);
    const written = linux.write(fd, header.ptr, header.len);
    switch (linux.errno(written)) {
        .SUCCESS => if (written == header.len) return fd,
        else => |e| return reason.fail(e, "cannot write {s}: {t}", .{ path, e }),
    }
    return reason.fail(.NOSPC, "cannot write {s}: no space left", .{path});
}

/// Asks the writer to end, and says how far it is; frees the capture when it has ended.
pub fn finish(
    gpa: std.mem.Allocator,
    number: u32,
    report: *abi.CaptureReport,
    reason: *Reason,
) Failed!void {
    const c = find(number) orelse return reason.fail(.INVAL, "there is no capture {d}", .{number});
    if (c.ports != 0) return reason.fail(.BUSY, "capture {d} is in use by a port", .{number});
    if (@atomicLoad(u32, &c.stop, .monotonic) == 0) {
        @atomicStore(u64, &c.tail, c.next, .release);
        @atomicStore(u32, &c.stop, 1, .release);
    }
    c.wake();
    report.* = .{};
    if (@atomicLoad(u32, &c.done, .acquire) == 0) return;
    c.thread.join();
    report.* = c.written;
    _ = linux.close(c.fd);
    _ = linux.close(c.wake_fd);
    page.free(c.memory);
    gpa.destroy(c);
    captures[number] = null;
}

test {
    _ = @import("capture_format.zig");
    _ = @import("capture_test.zig");
}
