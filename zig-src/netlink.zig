//! Netlink sockets for the control plane: system calls only, the messages are TypeScript's affair.
//!
//! `open`, `join`, `send`, `receive` and `close` are called on Deno's main thread; `pollable` on
//! the thread that runs `lvrm_wait`. Between them stands a small fixed table of atomics. Only
//! members of multicast groups are in it: the others are answered while they ask, and their replies
//! must not wake the waiting thread; nor may its poll hold on to a socket that is closed to take
//! its nftables table away.
//!
//! Results are 0, a count or a descriptor; negative is -errno.
const std = @import("std");
const linux = std.os.linux;

/// Most members of multicast groups at once.
pub const max_sockets = 16;

/// Descriptors that lvrm_wait polls; -1: free. The main thread writes, any thread reads; a
/// descriptor is a whole value of its own, so no order between entries matters.
var sockets: [max_sockets]std.atomic.Value(i32) = @splat(.init(-1));

/// A limit, not memory that is taken.
const send_buffer_bytes = 32 << 20;

const cap_ack = 10; // NETLINK_CAP_ACK: errors come without the request
const ext_ack = 11; // NETLINK_EXT_ACK: errors come with the kernel's words
const add_membership = 1; // NETLINK_ADD_MEMBERSHIP

/// A result of the kernel as this file's callers want it.
fn result(rc: usize) i32 {
    const errno = linux.errno(rc);
    if (errno != .SUCCESS) return -@as(i32, @intFromEnum(errno));
    return @intCast(rc);
}

fn setOption(socket: i32, level: i32, option: u32, value: u32) i32 {
    const bytes = std.mem.asBytes(&value);
    return result(linux.setsockopt(socket, level, option, bytes, bytes.len));
}

/// Opens a non-blocking, close-on-exec socket with extended acknowledgements, member of each group
/// of the bitmap. `receive_buffer_bytes` 0 leaves the kernel's default. Returns a descriptor.
pub fn open(protocol: u32, groups: u32, receive_buffer_bytes: u32) i32 {
    const kind = linux.SOCK.RAW | linux.SOCK.CLOEXEC | linux.SOCK.NONBLOCK;
    const socket = result(linux.socket(linux.AF.NETLINK, kind, protocol));
    if (socket < 0) return socket;
    var failed = configure(socket, groups, receive_buffer_bytes);
    if (failed == 0 and groups != 0) failed = register(socket);
    if (failed == 0) return socket;
    _ = linux.close(socket);
    return failed;
}

/// Has lvrm_wait poll this socket. 0, or -EMFILE.
fn register(socket: i32) i32 {
    for (&sockets) |*entry| if (entry.load(.monotonic) == socket) return 0;
    for (&sockets) |*entry| {
        if (entry.load(.monotonic) >= 0) continue;
        entry.store(socket, .release);
        return 0;
    }
    return -@as(i32, @intFromEnum(linux.E.MFILE));
}

fn configure(socket: i32, groups: u32, receive_buffer_bytes: u32) i32 {
    // Both only make errors clearer; an old kernel without them still works.
    _ = setOption(socket, linux.SOL.NETLINK, ext_ack, 1);
    _ = setOption(socket, linux.SOL.NETLINK, cap_ack, 1);
    // One nfnetlink batch is one datagram, and must fit: ten thousand prefixes take about 1 MB.
    if (setOption(socket, linux.SOL.SOCKET, linux.SO.SNDBUFFORCE, send_buffer_bytes) < 0)
        _ = setOption(socket, linux.SOL.SOCKET, linux.SO.SNDBUF, send_buffer_bytes);
    if (receive_buffer_bytes != 0) {
        // Beyond net.core.rmem_max where we may, else as much as it allows.
        if (setOption(socket, linux.SOL.SOCKET, linux.SO.RCVBUFFORCE, receive_buffer_bytes) < 0)
            _ = setOption(socket, linux.SOL.SOCKET, linux.SO.RCVBUF, receive_buffer_bytes);
    }
    const address: linux.sockaddr.nl = .{ .pid = 0, .groups = groups };
    return result(linux.bind(socket, @ptrCast(&address), @sizeOf(linux.sockaddr.nl)));
}

/// Joins one more multicast group.
pub fn join(socket: i32, group: u32) i32 {
    const failed = register(socket);
    if (failed < 0) return failed;
    return setOption(socket, linux.SOL.NETLINK, add_membership, group);
}

/// Sends one datagram to the kernel. Returns its bytes.
pub fn send(socket: i32, message: []const u8) i32 {
    const kernel: linux.sockaddr.nl = .{ .pid = 0, .groups = 0 };
    const size = @sizeOf(linux.sockaddr.nl);
    const flags = linux.MSG.NOSIGNAL;
    return result(linux.sendto(socket, message.ptr, message.len, flags, @ptrCast(&kernel), size));
}

/// Receives one datagram from the kernel; datagrams of other processes are passed over. Returns
/// its bytes; -EMSGSIZE where `buffer` was too short, and the datagram is lost.
pub fn receive(socket: i32, buffer: []u8) i32 {
    var passed_over: u32 = 0;
    while (passed_over < 64) : (passed_over += 1) {
        var sender: linux.sockaddr.nl = undefined;
        var sender_size: linux.socklen_t = @sizeOf(linux.sockaddr.nl);
        const flags = linux.MSG.TRUNC; // the datagram's own length is returned
        const from: *linux.sockaddr = @ptrCast(&sender);
        const rc = linux.recvfrom(socket, buffer.ptr, buffer.len, flags, from, &sender_size);
        const bytes = result(rc);
        if (bytes < 0) return bytes;
        if (sender.pid != 0) continue;
        if (bytes > buffer.len) return -@as(i32, @intFromEnum(linux.E.MSGSIZE));
        return bytes;
    }
    return -@as(i32, @intFromEnum(linux.E.AGAIN));
}

/// Closes a socket that `open` gave.
pub fn close(socket: i32) i32 {
    if (socket < 0) return -@as(i32, @intFromEnum(linux.E.BADF));
    for (&sockets) |*entry| {
        if (entry.load(.monotonic) == socket) entry.store(-1, .release);
    }
    return result(linux.close(socket));
}

/// Copies the descriptors of multicast members into `buffer`; returns how many. Any thread.
pub fn pollable(buffer: []i32) usize {
    var count: usize = 0;
    for (&sockets) |*entry| {
        const socket = entry.load(.acquire);
        if (socket < 0 or count == buffer.len) continue;
        buffer[count] = socket;
        count += 1;
    }
    return count;
}

test "a member of multicast groups is pollable while it is open" {
    var buffer: [max_sockets]i32 = undefined;
    const before = pollable(&buffer);
    const asker = open(0, 0, 0);
    const member = open(0, 1, 1 << 20);
    try std.testing.expect(asker >= 0 and member >= 0);
    try std.testing.expectEqual(before + 1, pollable(&buffer));
    try std.testing.expectEqual(0, join(asker, 3));
    try std.testing.expectEqual(0, join(asker, 5));
    try std.testing.expectEqual(before + 2, pollable(&buffer));
    var bytes: [64]u8 = undefined;
    try std.testing.expectEqual(-@as(i32, @intFromEnum(linux.E.AGAIN)), receive(asker, &bytes));
    try std.testing.expectEqual(0, close(asker));
    try std.testing.expectEqual(0, close(member));
    try std.testing.expectEqual(before, pollable(&buffer));
    try std.testing.expectEqual(-@as(i32, @intFromEnum(linux.E.BADF)), close(member));
}

test "an unacknowledged dump of links arrives" {
    const socket = open(0, 0, 0);
    try std.testing.expect(socket >= 0);
    defer _ = close(socket);
    // nlmsghdr {32, RTM_GETLINK, REQUEST|DUMP, 1, 0}, ifinfomsg.
    var request: [32]u8 = @splat(0);
    std.mem.writeInt(u32, request[0..4], 32, .little);
    std.mem.writeInt(u16, request[4..6], 18, .little);
    std.mem.writeInt(u16, request[6..8], 0x301, .little);
    try std.testing.expectEqual(32, send(socket, &request));
    var reply: [32768]u8 = undefined;
    try std.testing.expect(receive(socket, &reply) > 16);
}
