//! bpf(2) by hand: maps, programs and links, without libbpf. Descriptors are close-on-exec as the
//! kernel makes them, so what they stand for ends with this process. Control thread only.
const std = @import("std");
const linux = std.os.linux;
const BPF = linux.BPF;

/// <linux/bpf.h>, where std has no name for it.
const attach_xdp = 37;
const no_preallocation = 1;
const program_frags = 1 << 5;
const program_bound_to_device = 1 << 6;

pub const Error = error{
    Denied,
    NoMemory,
    Busy,
    NoRoom,
    TooLarge,
    Unsupported,
    Refused,
    NotFound,
    Unexpected,
};

fn check(rc: usize) Error!usize {
    return switch (linux.errno(rc)) {
        .SUCCESS => rc,
        .PERM, .ACCES => error.Denied,
        .NOMEM => error.NoMemory,
        .NOSPC, .@"2BIG" => error.NoRoom,
        .RANGE => error.TooLarge,
        .BUSY, .EXIST => error.Busy,
        .OPNOTSUPP, .NOSYS => error.Unsupported,
        .INVAL => error.Refused,
        .NOENT, .NODEV => error.NotFound,
        else => error.Unexpected,
    };
}

pub const Map = struct {
    fd: i32,

    fn make(
        kind: BPF.MapType,
        key_bytes: u32,
        value_bytes: u32,
        entries: u32,
        flags: u32,
    ) Error!Map {
        var attr: BPF.Attr = .{ .map_create = std.mem.zeroes(BPF.MapCreateAttr) };
        attr.map_create.map_type = @intFromEnum(kind);
        attr.map_create.key_size = key_bytes;
        attr.map_create.value_size = value_bytes;
        attr.map_create.max_entries = entries;
        attr.map_create.map_flags = flags;
        @memcpy(attr.map_create.map_name[0..4], "lvrm");
        const rc = linux.bpf(.map_create, &attr, @sizeOf(BPF.MapCreateAttr));
        return .{ .fd = @intCast(try check(rc)) };
    }

    pub fn array(value_bytes: u32, entries: u32) Error!Map {
        return make(.array, 4, value_bytes, entries, 0);
    }

    /// Longest prefix match over addresses of so many bytes; values of four.
    pub fn prefixes(address_bytes: u32, entries: u32) Error!Map {
        return make(.lpm_trie, 4 + address_bytes, 4, entries, no_preallocation);
    }

    /// XDP sockets by number.
    pub fn sockets(entries: u32) Error!Map {
        return make(.xskmap, 4, 4, entries, 0);
    }

    pub fn close(m: Map) void {
        _ = linux.close(m.fd);
    }

    fn element(m: Map, key: [*]const u8, value: u64) BPF.Attr {
        var attr: BPF.Attr = .{ .map_elem = std.mem.zeroes(BPF.MapElemAttr) };
        attr.map_elem.map_fd = m.fd;
        attr.map_elem.key = @intFromPtr(key);
        attr.map_elem.result.value = value;
        return attr;
    }

    /// Sets what `key` stands for. The lengths are those that the map was made with.
    pub fn put(m: Map, key: [*]const u8, value: [*]const u8) Error!void {
        var attr = m.element(key, @intFromPtr(value));
        _ = try check(linux.bpf(.map_update_elem, &attr, @sizeOf(BPF.MapElemAttr)));
    }

    /// Takes a key out; one that isn't there is no failure.
    pub fn remove(m: Map, key: [*]const u8) Error!void {
        var attr = m.element(key, 0);
        const rc = linux.bpf(.map_delete_elem, &attr, @sizeOf(BPF.MapElemAttr));
        _ = check(rc) catch |e| if (e != error.NotFound) return e;
    }
};

pub const ProgramOptions = struct {
    /// Takes frames that lie in several pages.
    frags: bool = false,
    /// Interface that the program is for alone: it may then ask its driver about a frame.
    bound_to: ?u32 = null,
};

/// Loads an XDP program. `log` takes what the verifier has to say.
pub fn load(instructions: []const BPF.Insn, options: ProgramOptions, log: ?[]u8) Error!i32 {
    var attr: BPF.Attr = .{ .prog_load = std.mem.zeroes(BPF.ProgLoadAttr) };
    const p = &attr.prog_load;
    p.prog_type = @intFromEnum(BPF.ProgType.xdp);
    p.insn_cnt = @intCast(instructions.len);
    p.insns = @intFromPtr(instructions.ptr);
    p.license = @intFromPtr("GPL");
    p.expected_attach_type = attach_xdp;
    @memcpy(p.prog_name[0..4], "lvrm");
    if (options.frags) p.prog_flags |= program_frags;
    if (options.bound_to) |ifindex| {
        p.prog_flags |= program_bound_to_device;
        p.prog_ifindex = ifindex;
    }
    if (log) |into| {
        p.log_level = 1;
        p.log_size = @intCast(into.len);
        p.log_buf = @intFromPtr(into.ptr);
    }
    // The kernel's own programs may be loaded again at once after EAGAIN (a signal came).
    for (0..5) |_| {
        const rc = linux.bpf(.prog_load, &attr, @sizeOf(BPF.ProgLoadAttr));
        if (linux.errno(rc) != .AGAIN) return @intCast(try check(rc));
    }
    return error.Unexpected;
}

pub const Mode = enum(u32) {
    generic = 1 << 1, // XDP_FLAGS_SKB_MODE
    native = 1 << 2, // XDP_FLAGS_DRV_MODE
};

/// Attaches a program to an interface for as long as the descriptor that this returns is open.
pub fn attach(program: i32, ifindex: u32, mode: Mode) Error!i32 {
    const Attr = extern struct {
        program: i32,
        ifindex: u32,
        kind: u32 = attach_xdp,
        flags: u32,
    };
    var attr: Attr = .{ .program = program, .ifindex = ifindex, .flags = @intFromEnum(mode) };
    const rc = linux.syscall3(
        .bpf,
        @intFromEnum(BPF.Cmd.link_create),
        @intFromPtr(&attr),
        @sizeOf(Attr),
    );
    return @intCast(try check(rc));
}

/// What a program answers to a frame. For tests.
pub fn run(program: i32, frame: []const u8) Error!u32 {
    var attr: BPF.Attr = .{ .test_run = std.mem.zeroes(BPF.TestRunAttr) };
    attr.test_run.prog_fd = program;
    attr.test_run.data_size_in = @intCast(frame.len);
    attr.test_run.data_in = @intFromPtr(frame.ptr);
    attr.test_run.repeat = 1;
    _ = try check(linux.bpf(.prog_test_run, &attr, @sizeOf(BPF.TestRunAttr)));
    return attr.test_run.retval;
}
