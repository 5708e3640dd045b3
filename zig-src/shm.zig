//! SysV shared memory, as in the paper (II-C, shmget). A segment is marked for removal as soon as
//! its maker has attached it: Linux still lets others attach by id while one process has it, and
//! nothing survives any crash.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");

const ipc_private = 0;
const ipc_creat = 0o1000;
const shm_hugetlb = 0o4000;
pub const huge_page_bytes = 2 << 20;
const ipc_rmid = 0;

pub const Segment = struct { id: i32, memory: []align(4096) u8 };

pub const Error = error{ NoMemory, NoSpace, Denied, Removed, Unexpected };

fn check(rc: usize) Error!usize {
    return switch (linux.errno(rc)) {
        .SUCCESS => rc,
        .NOMEM => error.NoMemory,
        .NOSPC => error.NoSpace,
        .ACCES, .PERM => error.Denied,
        .IDRM, .INVAL => error.Removed,
        else => error.Unexpected,
    };
}

/// A new zeroed segment, mode 0600, already marked for removal.
pub fn create(bytes: usize) Error!Segment {
    return make(bytes, 0);
}

fn make(bytes: usize, flags: usize) Error!Segment {
    const id = try check(linux.syscall3(.shmget, ipc_private, bytes, ipc_creat | flags | 0o600));
    defer _ = linux.syscall3(.shmctl, id, ipc_rmid, 0);
    return .{ .id = @intCast(id), .memory = try attach(@intCast(id), bytes) };
}

/// A new segment for frames, on the machine's reserve of huge pages if it has enough free, else on
/// whatever the kernel gives to one who asks for huge ones.
pub fn createArena(bytes: usize) Error!struct { segment: Segment, pages: abi.ArenaPages } {
    if (bytes % huge_page_bytes == 0) {
        // Fails at once when too few are free: the kernel reserves them all here.
        const reserved: ?Segment = make(bytes, shm_hugetlb) catch null;
        if (reserved) |segment| return .{ .segment = segment, .pages = .huge };
    }
    const segment = try create(bytes);
    const heeded = adviseHuge(segment.memory) and sharedMayBeHuge();
    return .{ .segment = segment, .pages = if (heeded) .transparent else .base };
}

/// Asks for transparent huge pages. Each process that maps the segment has to.
pub fn adviseHuge(memory: []align(4096) u8) bool {
    return linux.errno(linux.madvise(memory.ptr, memory.len, linux.MADV.HUGEPAGE)) == .SUCCESS;
}

/// Whether the kernel heeds that for shared memory: the word in brackets says so.
fn sharedMayBeHuge() bool {
    const path = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
    const fd = linux.open(path, .{ .CLOEXEC = true }, 0);
    if (linux.errno(fd) != .SUCCESS) return false;
    defer _ = linux.close(@intCast(fd));
    var text: [128]u8 = undefined;
    const bytes = linux.read(@intCast(fd), &text, text.len);
    if (linux.errno(bytes) != .SUCCESS) return false;
    for ([_][]const u8{ "[always]", "[within_size]", "[advise]", "[force]" }) |word|
        if (std.mem.indexOf(u8, text[0..bytes], word) != null) return true;
    return false;
}

/// Maps `bytes` of segment `id`, made by another process.
pub fn attach(id: i32, bytes: usize) Error![]align(4096) u8 {
    const address = try check(linux.syscall3(.shmat, @bitCast(@as(isize, id)), 0, 0));
    const start: [*]align(4096) u8 = @ptrFromInt(address);
    return start[0..bytes];
}

pub fn detach(memory: []align(4096) u8) void {
    _ = linux.syscall1(.shmdt, @intFromPtr(memory.ptr));
}
