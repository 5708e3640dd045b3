//! Several dispatchers on one interface: their packet sockets form a fanout group, and the kernel
//! gives each frame to one of them, by its flow, so that all frames of a flow have one dispatcher.
//!
//! The kernel's own hash (PACKET_FANOUT_HASH) looks into tunnels: frames of one GRE or IPIP flow
//! would take several ways and overtake each other. So a program of ours hashes what a flow is to
//! lvrm (`flow.zig`), or less: addresses, and ports of TCP and UDP but in fragments, whose later
//! parts have none. It knows no direction: both of a connection come to the same dispatcher where
//! they come by one interface. What isn't IP is the first one's. Nothing is reassembled
//! (PACKET_FANOUT_FLAG_DEFRAG would be): a router forwards fragments as they are.
//!
//! Until all sockets of a group are in it, none takes a frame (`hold`), or one would get the copies
//! that another has already; then all begin (`begin`).
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../abi.zig");
const packet_socket = @import("packet_socket.zig");
const Reason = @import("../reason.zig").Reason;

// <linux/if_packet.h>
const packet_fanout = 18;
const packet_fanout_data = 22;
const type_qm = 5;
const type_cbpf = 6;
const flag_unique_id = 0x2000;
const flag_ignore_outgoing = 0x4000;

/// `flow`: by our program. `queue`: by the queue that a frame came in by: of queue q it is member
/// (q + 1) modulo members, as drivers note it.
pub const How = enum { flow, queue };

pub const Instruction = extern struct { code: u16, jt: u8 = 0, jf: u8 = 0, k: u32 = 0 };
pub const Program = extern struct {
    len: u16,
    filter: [*]const Instruction,

    pub fn of(code: []const Instruction) Program {
        return .{ .len = @intCast(code.len), .filter = code.ptr };
    }
};

/// Takes no frame from now on.
pub fn hold(fd: i32) packet_socket.SetError!void {
    try packet_socket.set(fd, linux.SOL.SOCKET, linux.SO.ATTACH_FILTER, Program.of(&nothing));
}

/// Puts a bound socket into the group of its port: a new one (`config.fanout` 0), or the one that
/// dispatcher 0's socket founded. Returns the group.
pub fn join(
    adapter: []const u8,
    fd: i32,
    how: How,
    config: *const abi.PortConfig,
    reason: *Reason,
) error{Failed}!u32 {
    const kind: u32 = switch (how) {
        .flow => type_cbpf,
        .queue => type_qm,
    };
    const is_new = config.fanout == 0;
    const flags: u32 = flag_ignore_outgoing | if (is_new) @as(u32, flag_unique_id) else 0;
    const wanted: u32 = ((kind | flags) << 16) | (config.fanout & 0xffff);
    const name = packet_socket.nameOf(config);
    packet_socket.set(fd, linux.SOL.PACKET, packet_fanout, wanted) catch |e|
        return reason.fail(
            packet_socket.errnoOf(e),
            "{s}: cannot share {s} between dispatchers (PACKET_FANOUT). Linux 4.12 or later is " ++
                "needed; or leave out --dispatchers",
            .{ adapter, name },
        );
    if (!is_new) return config.fanout;
    var group: u32 = 0;
    var length: linux.socklen_t = @sizeOf(u32);
    const into: [*]u8 = @ptrCast(&group);
    _ = linux.getsockopt(fd, linux.SOL.PACKET, packet_fanout, into, &length);
    if (how == .flow) {
        const program: Program = .of(&by_flow);
        packet_socket.set(fd, linux.SOL.PACKET, packet_fanout_data, program) catch |e|
            return reason.fail(
                packet_socket.errnoOf(e),
                "{s}: cannot tell flows of {s} apart for dispatchers (PACKET_FANOUT_DATA)",
                .{ adapter, name },
            );
    }
    return (group & 0xffff) | (1 << 16); // never 0
}

/// Takes frames from now on: of tag `vlan`, or all, but for those that leave by the interface (an
/// older kernel gives them to groups, whatever their sockets ask for).
pub fn begin(fd: i32, vlan: u16) void {
    const every = [_]Instruction{.{ .code = ret, .k = 0xffff_ffff }};
    const untagged = incoming ++ every;
    const tagged = incoming ++ packet_socket.tagFilter(vlan);
    const program: Program = if (vlan == abi.no_vlan) .of(&untagged) else .of(&tagged);
    packet_socket.set(fd, linux.SOL.SOCKET, linux.SO.ATTACH_FILTER, program) catch {};
}

// <linux/filter.h>: classic BPF. In a fanout program offsets count from the network header.
const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
const load_half = 0x28;
const load_byte = 0x30;
const load_half_at_x = 0x48; // BPF_IND
const load_memory = 0x60;
const loadx = 0x01; // BPF_LDX | BPF_IMM
const loadx_memory = 0x61;
const loadx_header = 0xb1; // BPF_MSH: four times the low half of a byte
const store = 0x02;
const a_to_x = 0x07;
const add_x = 0x0c;
const multiply = 0x24;
const shift_right = 0x74;
const jump_equal = 0x15;
const jump_set = 0x45;
const ret = 0x06;
const ret_a = 0x16;
const auxiliary: u32 = 0xffff_f000; // SKF_AD_OFF
const spread = 0x9e37_79b1;

const nothing = [_]Instruction{.{ .code = ret, .k = 0 }};

/// What leaves by the interface ends here.
const incoming = [_]Instruction{
    .{ .code = load_byte, .k = auxiliary + 4 }, // PKTTYPE
    .{ .code = jump_equal, .jt = 0, .jf = 1, .k = 4 }, // PACKET_OUTGOING
    .{ .code = ret, .k = 0 },
};

/// A ← the sum of the words at these offsets.
fn sum(comptime offsets: []const u32) [3 * offsets.len - 2]Instruction {
    var code: [3 * offsets.len - 2]Instruction = undefined;
    code[0] = .{ .code = load, .k = offsets[0] };
    for (offsets[1..], 0..) |offset, i| code[1 + 3 * i ..][0..3].* = .{
        .{ .code = a_to_x },
        .{ .code = load, .k = offset },
        .{ .code = add_x },
    };
    return code;
}

const addresses4 = sum(&.{ 12, 16 });
const addresses6 = sum(&.{ 8, 12, 16, 20, 24, 28, 32, 36 });
/// M[0]: addresses, X: where the transport header begins.
const ports = [_]Instruction{
    .{ .code = load_half_at_x, .k = 0 },
    .{ .code = store, .k = 1 },
    .{ .code = load_half_at_x, .k = 2 },
    .{ .code = loadx_memory, .k = 1 },
    .{ .code = add_x },
    .{ .code = multiply, .k = spread },
    .{ .code = loadx_memory, .k = 0 },
    .{ .code = add_x },
    .{ .code = store, .k = 0 },
};
const finish = [_]Instruction{
    .{ .code = load_memory, .k = 0 },
    .{ .code = multiply, .k = spread },
    .{ .code = shift_right, .k = 16 },
    .{ .code = ret_a },
};
/// After their addresses are summed up: on to `ports`, or past them.
const rest6 = [_]Instruction{
    .{ .code = store, .k = 0 },
    .{ .code = loadx, .k = 40 },
    .{ .code = load_byte, .k = 6 }, // next header
    .{ .code = jump_equal, .jt = 1, .k = linux.IPPROTO.TCP },
    .{ .code = jump_equal, .jf = ports.len, .k = linux.IPPROTO.UDP },
};
const part6 = addresses6 ++ rest6;
const rest4 = [_]Instruction{
    .{ .code = store, .k = 0 },
    .{ .code = load_half, .k = 6 }, // a fragment?
    .{ .code = jump_set, .jt = 4 + part6.len + ports.len, .k = 0x3fff },
    .{ .code = loadx_header, .k = 0 },
    .{ .code = load_byte, .k = 9 }, // protocol
    .{ .code = jump_equal, .jt = 1 + part6.len, .k = linux.IPPROTO.TCP },
    .{ .code = jump_equal, .jt = part6.len, .jf = part6.len + ports.len, .k = linux.IPPROTO.UDP },
};
const part4 = addresses4 ++ rest4;
pub const by_flow = [_]Instruction{
    .{ .code = load, .k = auxiliary + 0 }, // PROTOCOL
    .{ .code = jump_equal, .jt = 2, .k = linux.ETH.P.IP },
    .{ .code = jump_equal, .jt = 1 + part4.len, .k = linux.ETH.P.IPV6 },
    .{ .code = ret, .k = 0 },
} ++ part4 ++ part6 ++ ports ++ finish;
