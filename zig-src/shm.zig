//! SysV shared memory, as in the paper (II-C, shmget). A segment is marked for removal as soon as
//! its maker has attached it: Linux still lets others attach by id while one process has it, and
//! nothing survives any crash.
const std = @import("std");
const linux = std.os.linux;

const ipc_private = 0;
const ipc_creat = 0o1000;
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
    const id = try check(linux.syscall3(.shmget, ipc_private, bytes, ipc_creat | 0o600));
    defer _ = linux.syscall3(.shmctl, id, ipc_rmid, 0);
    return .{ .id = @intCast(id), .memory = try attach(@intCast(id), bytes) };
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
