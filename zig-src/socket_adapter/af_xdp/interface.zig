//! What the ports of one interface (untagged, and one for each VLAN tag) have in common: the XDP
//! program and its maps, and the queues. The first port opens it, the last one closes it. Control
//! thread only.
//!
//! The program is attached by a bpf_link, which ends with its descriptor: also when this process is
//! killed, nothing stays attached. A program that another put there is never replaced.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("../../abi.zig");
const bpf = @import("bpf.zig");
const btf = @import("btf.zig");
const ethtool = @import("ethtool.zig");
const program = @import("program.zig");
const making = @import("queues.zig");
const Offer = @import("../frame.zig").Offer;
const Queue = @import("queue.zig").Queue;
const Queues = making.Queues;
const Reason = @import("../../reason.zig").Reason;
const Receiver = @import("receiver.zig").Receiver;
const Sets = @import("sets.zig").Sets;
const monotonicNs = @import("../../monotonic.zig").ns;
const socket = @import("socket.zig");

const gpa = std.heap.c_allocator;
const queues_max = 64;
const settle_ns_max = 200 * std.time.ns_per_ms;
const longest_in_small = making.longest_in_small;
/// Ethernet header and a tag, before what the MTU counts.
pub const link_header_bytes = 18;

/// A port's place.
const Place = struct {
    tag: u32,
    used: bool = true,
    directed: bool = false, // the program sends frames here
    receivers: []Receiver, // those of one dispatcher after the other
};

/// Of several dispatchers, how many get queues of their own.
pub fn busyDispatchers(config: *const abi.PortConfig) u32 {
    for (interfaces) |entry| if (entry) |i| if (i.ifindex == config.ifindex) return i.busy;
    const count = ethtool.receiveQueues(std.mem.sliceTo(&config.name, 0));
    return @min(@min(count, queues_max), config.dispatchers);
}

pub const Interface = struct {
    ifindex: u32,
    name_bytes: [abi.interface_name_bytes]u8,
    mac: [6]u8,
    users: u32 = 0,
    busy: u32 = 1, // dispatchers that have queues
    mode: bpf.Mode = .native,
    /// Frames may lie in several chunks.
    segments: bool,
    sets: Sets = undefined,
    ports: bpf.Map = undefined,
    sockets: bpf.Map = undefined,
    link: i32 = -1,
    made: Queues = .{ .all = &.{} },
    queues: []Queue = &.{},
    places: std.ArrayList(Place) = .empty,

    pub fn name(i: *const Interface) []const u8 {
        return std.mem.sliceTo(&i.name_bytes, 0);
    }

    pub fn options(i: *const Interface, queue: u32) socket.Options {
        return .{
            .name = i.name(),
            .ifindex = i.ifindex,
            .queue = queue,
            .native = i.mode == .native,
            .segments = i.segments,
        };
    }

    fn open(
        i: *Interface,
        config: *const abi.PortConfig,
        offer: Offer,
        reason: *Reason,
    ) error{Failed}!void {
        const count: u32 = @min(ethtool.receiveQueues(i.name()), queues_max);
        i.busy = @min(count, config.dispatchers);
        i.sets.init() catch |e| return i.refuseMaps(e, reason);
        errdefer i.sets.deinit();
        i.ports = bpf.Map.array(@sizeOf(program.PortEntry), program.tag_count) catch |e|
            return i.refuseMaps(e, reason);
        errdefer i.ports.close();
        i.sockets = bpf.Map.sockets(abi.max_ports * count) catch |e|
            return i.refuseMaps(e, reason);
        errdefer i.sockets.close();
        try i.attach(config, count, reason);
        errdefer _ = linux.close(i.link);
        i.made = try making.make(&i.options(0), count, config, offer, reason);
        i.queues = i.made.all;
    }

    fn close(i: *Interface) void {
        _ = linux.close(i.link); // first: nothing comes any more
        for (i.places.items) |place| {
            for (place.receivers) |*receiver| receiver.deinit();
            gpa.free(place.receivers);
        }
        i.places.deinit(gpa);
        i.made.deinit();
        i.sockets.close();
        i.ports.close();
        i.sets.deinit();
    }

    /// Loads and attaches the program, for the driver to run, or for the kernel where it can't.
    fn attach(
        i: *Interface,
        config: *const abi.PortConfig,
        count: u32,
        reason: *Reason,
    ) error{Failed}!void {
        const asked = askedMode();
        const hides_tags = ethtool.takesTagsOut(i.name());
        if (asked != .generic) {
            if (i.attachAs(.native, config, count, hides_tags)) |link| {
                i.link = link;
                return;
            } else |e| switch (e) {
                error.Denied, error.Busy, error.NotFound => return i.refuse(e, reason),
                else => if (asked == .native or !ethtool.isDevice(i.name()))
                    return i.refuseNative(e, reason),
            }
        }
        i.mode = .generic;
        if (hides_tags) return reason.fail(
            .OPNOTSUPP,
            "af_xdp: {s} takes VLAN tags out of frames where an XDP program in generic mode " ++
                "doesn't see them. Try `ethtool -K {s} rxvlan off`, or use another adapter",
            .{ i.name(), i.name() },
        );
        if (ethtool.mergesFrames(i.name())) return reason.fail(
            .OPNOTSUPP,
            "af_xdp: the kernel merges frames of {s} before it runs an XDP program in generic " ++
                "mode. Try `ethtool -K {s} gro off lro off`, or use another adapter",
            .{ i.name(), i.name() },
        );
        i.link = i.attachAs(.generic, config, count, false) catch |e| return i.refuse(e, reason);
    }

    /// In generic mode a tag that a virtual interface keeps beside the frame can't be seen, so it
    /// is no way out there.
    fn refuseNative(i: *const Interface, e: bpf.Error, reason: *Reason) error{Failed} {
        return reason.fail(
            .OPNOTSUPP,
            "af_xdp: {s} runs no XDP program of its own: {s}. Use another adapter",
            .{ i.name(), switch (e) {
                error.TooLarge => "its MTU, or on veth its peer's, is too large for its driver",
                error.NoRoom => "it has too few queues (on veth: fewer than its peer sends by)",
                else => "its driver doesn't, or can't tell of VLAN tags (Linux 6.8, " ++
                    "`ethtool -K ... rxvlan off`)",
            } },
        );
    }

    fn attachAs(
        i: *Interface,
        mode: bpf.Mode,
        config: *const abi.PortConfig,
        count: u32,
        hides_tags: bool,
    ) bpf.Error!i32 {
        const longest_by_mtu = config.mtu +| link_header_bytes;
        // The driver never hands on more than the MTU allows; the kernel does, merged frames.
        const longest: u32 = if (mode == .generic)
            longest_by_mtu
        else if (i.segments) @import("receiver.zig").longest_bytes else longest_in_small;
        var assembler: program.Assembler = .{};
        const code = program.assemble(&assembler, &.{
            .maps = .{
                .served4 = i.sets.served4.fd,
                .served6 = i.sets.served6.fd,
                .local4 = i.sets.local4.fd,
                .local6 = i.sets.local6.fd,
                .watches = i.sets.watches.fd,
                .ports = i.ports.fd,
                .sockets = i.sockets.fd,
            },
            .mac = i.mac,
            .queues = count,
            .longest = longest,
            .frags = i.segments,
            .tag_function = if (hides_tags)
                btf.functionId("bpf_xdp_metadata_rx_vlan_tag") orelse return error.Unsupported
            else
                null,
        });
        const fd = try bpf.load(code, .{
            .frags = i.segments,
            .bound_to = if (hides_tags) i.ifindex else null,
        }, null);
        defer _ = linux.close(fd); // the link keeps it
        return bpf.attach(fd, i.ifindex, mode);
    }

    fn refuseMaps(i: *const Interface, e: bpf.Error, reason: *Reason) error{Failed} {
        return switch (e) {
            error.NoMemory, error.NoRoom => reason.fail(
                .NOMEM,
                "af_xdp: no memory for the maps of {s}",
                .{i.name()},
            ),
            else => i.refuse(e, reason),
        };
    }

    fn refuse(i: *const Interface, e: bpf.Error, reason: *Reason) error{Failed} {
        const it = i.name();
        return switch (e) {
            error.Denied => reason.fail(
                .PERM,
                "af_xdp: not permitted to attach an XDP program to {s}. Run as root, or with " ++
                    "CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW",
                .{it},
            ),
            error.Busy => reason.fail(
                .BUSY,
                "af_xdp: {s} has an XDP program already: another lvrm's, or some other " ++
                    "program's (`ip link show {s}` gives its number). End that one, or take " ++
                    "off what it left behind with `ip link set {s} xdp off`",
                .{ it, it, it },
            ),
            error.NotFound => reason.fail(
                .NODEV,
                "af_xdp: interface {s} is gone. See `ip link`",
                .{it},
            ),
            error.Unsupported => reason.fail(
                .OPNOTSUPP,
                "af_xdp: no XDP program can be attached to {s}: Linux 5.9 or later, with " ++
                    "CONFIG_BPF_SYSCALL, is needed. Use another adapter",
                .{it},
            ),
            else => reason.fail(
                .OPNOTSUPP,
                "af_xdp: no XDP program can be attached to {s}: {t}. Use another adapter",
                .{ it, e },
            ),
        };
    }

    /// The dispatcher that has a queue: as the packet socket's frames are shared out
    /// (`fanout.How.queue`).
    fn dispatcherOf(i: *const Interface, queue: usize) usize {
        return (queue + 1) % i.busy;
    }

    /// Of a place, the receivers of a dispatcher; none where there are fewer queues.
    pub fn receiversOf(i: *const Interface, place: u32, dispatcher: u32) []Receiver {
        const receivers = i.places.items[place].receivers;
        if (dispatcher >= i.busy) return receivers[0..0];
        var start: usize = 0;
        var end: usize = 0;
        for (0..i.queues.len) |queue| {
            start += @intFromBool(i.dispatcherOf(queue) < dispatcher);
            end += @intFromBool(i.dispatcherOf(queue) <= dispatcher);
        }
        return receivers[start..end];
    }

    /// The queue whose socket is the receiver at `index`.
    fn queueAt(i: *const Interface, index: usize) *Queue {
        var at: usize = 0;
        for (0..i.busy) |dispatcher| for (i.queues, 0..) |*queue, number| {
            if (i.dispatcherOf(number) != dispatcher) continue;
            if (at == index) return queue;
            at += 1;
        };
        unreachable; // every queue has one dispatcher
    }

    /// The place of the port with this tag: its sockets, one for each queue. The first dispatcher
    /// takes it for all.
    pub fn take(i: *Interface, tag: u32, dispatcher: u32, reason: *Reason) error{Failed}!u32 {
        for (i.places.items, 0..) |*place, number| {
            if (place.tag != tag) continue;
            if (dispatcher != 0) return @intCast(number);
            if (place.used) return reason.fail(
                .BUSY,
                "af_xdp: {s} is open already with this VLAN tag",
                .{i.name()},
            );
            for (place.receivers) |*receiver| receiver.forget();
            place.used = true;
            return @intCast(number);
        }
        const receivers = gpa.alloc(Receiver, i.queues.len) catch
            return reason.fail(.NOMEM, "af_xdp: no memory for {s}", .{i.name()});
        errdefer gpa.free(receivers);
        const number: u32 = @intCast(i.places.items.len);
        var made: usize = 0;
        errdefer for (receivers[0..made]) |*receiver| receiver.deinit();
        while (made < receivers.len) : (made += 1) {
            const queue = i.queueAt(made);
            receivers[made] = try .init(queue, &i.options(queue.number), reason);
            const key = number * @as(u32, @intCast(i.queues.len)) + queue.number;
            i.sockets.put(std.mem.asBytes(&key), std.mem.asBytes(&receivers[made].fd)) catch |e| {
                receivers[made].deinit();
                return i.refuse(e, reason);
            };
        }
        i.places.append(gpa, .{ .tag = tag, .receivers = receivers }) catch
            return reason.fail(.NOMEM, "af_xdp: no memory for {s}", .{i.name()});
        return number;
    }

    /// The port with this place is closed. Its sockets stay: another may come.
    pub fn leave(i: *Interface, place: u32) void {
        i.places.items[place].used = false;
    }

    /// Frames with this tag go to the port's sockets, or (null) to the kernel. Returns whether that
    /// takes something from the port.
    pub fn direct(i: *Interface, tag: u32, port: ?u8, place: u32) bpf.Error!bool {
        const is = &i.places.items[place].directed;
        if (is.* == (port != null)) return false;
        const entry: program.PortEntry = if (port) |number| .{
            .port_plus_1 = @as(u32, number) + 1,
            .first_socket = place * @as(u32, @intCast(i.queues.len)),
        } else .{};
        try i.ports.put(std.mem.asBytes(&tag), std.mem.asBytes(&entry));
        is.* = port != null;
        return port == null;
    }

    /// Waits until the dispatcher has judged all that lies in the port's sockets.
    pub fn settle(i: *const Interface, place: u32) void {
        const deadline = monotonicNs() + settle_ns_max;
        for (i.places.items[place].receivers) |*receiver| {
            const side = &receiver.ring.side;
            const mark = side.mark();
            while (!side.hasPassed(mark) and monotonicNs() < deadline)
                _ = linux.sched_yield();
        }
    }
};

/// The mode that the environment asks for, by its name; for measuring and tests.
fn askedMode() ?bpf.Mode {
    const text = std.c.getenv("LVRM_XDP_MODE") orelse return null;
    return std.meta.stringToEnum(bpf.Mode, std.mem.span(text));
}

/// Those that are open.
var interfaces: [abi.max_ports]?*Interface = @splat(null);

/// The interface of a port; each is to be released.
pub fn acquire(
    config: *const abi.PortConfig,
    offer: Offer,
    reason: *Reason,
) error{Failed}!*Interface {
    for (interfaces) |entry| if (entry) |i| {
        if (i.ifindex != config.ifindex) continue;
        if (!std.mem.eql(u8, &i.mac, &config.mac)) return reason.fail(
            .AGAIN,
            "af_xdp: the MAC address of {s} changed while another port of it is open",
            .{i.name()},
        );
        i.users += 1;
        return i;
    };
    const free = for (&interfaces) |*entry| {
        if (entry.* == null) break entry;
    } else unreachable; // as many as ports
    const i = gpa.create(Interface) catch
        return reason.fail(.NOMEM, "af_xdp: no memory for an interface", .{});
    errdefer gpa.destroy(i);
    i.* = .{
        .ifindex = config.ifindex,
        .name_bytes = config.name,
        .mac = config.mac,
        .users = 1,
        .segments = config.mtu +| link_header_bytes > longest_in_small,
    };
    try i.open(config, offer, reason);
    free.* = i;
    return i;
}

pub fn release(i: *Interface) void {
    i.users -= 1;
    if (i.users != 0) return;
    for (&interfaces) |*entry| {
        if (entry.* == i) entry.* = null;
    }
    i.close();
    gpa.destroy(i);
}
