//! Socket adapter `pf_ring`: as the paper has it, frames are received from PF_RING without a copy
//! and sent through a raw socket (`packet_socket.zig`).
//!
//! `libpfring` is opened at run time (`LVRM_PFRING_LIBRARY` names another file): lazily, since it
//! refers to libpcap, which needn't be there. Nothing of PF_RING is compiled in.
//!
//! - A frame lies in PF_RING's memory until the next `pfring_recv`, so frames are handed out one at
//!   a time (`batch_frames`).
//! - The ring takes both directions, and what leaves is passed over here: asked for one direction
//!   only, the module leaves out its lock on single-queue devices such as veth (unless loaded with
//!   `force_ring_lock=1`), and two cores that deliver at once wedge the ring.
//! - It would wake us for 128 frames at a time: the watermark is 1.
//! - VLAN tags are in the frame. Partial checksums bear no mark: `partial_checksum.zig`.
//! - A super-frame comes cut to the ring's frame length and is counted as `truncated`. Users switch
//!   tso, gso and gro off.
//! - A device that is deleted says nothing, neither here nor to epoll: the control thread learns it
//!   by netlink, closes the port, and opens a new ring when the device is back.
//!
//! Opened and closed by the control thread; `receive`, `send`, `missed` by the dispatcher.
const std = @import("std");
const abi = @import("../abi.zig");
const library = @import("pf_ring_library.zig");
const packet_socket = @import("packet_socket.zig");
const partial_checksum = @import("../partial_checksum.zig");
const Frame = @import("frame.zig").Frame;
const Outgoing = @import("frame.zig").Outgoing;
const Sent = @import("frame.zig").Sent;
const Reason = @import("../reason.zig").Reason;

/// Frames of the gateway's own that one `receive` passes over.
const passed_over_max = 64;
const ethernet_bytes = 14;
const tag_bytes = 4;

pub const PfRing = struct {
    calls: *const library.Calls,
    ring: *library.Ring,
    fd: i32,
    sender: packet_socket.Sender,
    ifindex: u32,
    mac: [6]u8,
    promiscuous: bool = false,
    tags: packet_socket.Tags,
    header: library.Header = undefined,
    dropped_before: u64 = 0,
    error_count: u64 = 0,

    /// What `receive` gives at most, though more may wait.
    pub const batch_frames = 1;

    pub fn available(reason: *Reason) bool {
        const calls = library.load(reason) catch return false;
        // Whether the module is there shows with any device.
        const ring = calls.open("lo", 1536, 0) orelse {
            library.explainOpen("lo", reason) catch {};
            // Other than that the module is missing, or we may not: it is about `lo`.
            return reason.errno != .AFNOSUPPORT and reason.errno != .PERM and
                reason.errno != .ACCES;
        };
        calls.close(ring);
        return true;
    }

    pub fn init(config: *const abi.PortConfig, reason: *Reason) error{Failed}!PfRing {
        const name = packet_socket.nameOf(config);
        if (config.dispatchers > 1) return reason.fail(
            .OPNOTSUPP,
            "pf_ring: one dispatcher only: it isn't made for PF_RING's clusters. Use --adapter " ++
                "packet_mmap, or leave out --dispatchers",
            .{},
        );
        const calls = try library.load(reason);
        var device: [abi.interface_name_bytes + 1]u8 = @splat(0);
        @memcpy(device[0..name.len], name);
        // Room for two tags.
        const longest = @min(config.mtu + ethernet_bytes + 2 * tag_bytes, 65_535);
        const flags = library.do_not_parse | library.do_not_timestamp;
        const ring = calls.open(device[0..name.len :0], longest, flags) orelse
            return library.explainOpen(name, reason);
        errdefer calls.close(ring);
        _ = calls.set_application_name(ring, @constCast("lvrm"));
        _ = calls.set_socket_mode(ring, library.receive_only);
        if (calls.set_direction(ring, library.both_directions) < 0 or
            calls.set_poll_watermark(ring, 1) < 0 or calls.enable_ring(ring) < 0)
            return reason.fail(
                .OPNOTSUPP,
                "pf_ring: cannot set up the ring of {s}. PF_RING 8.9 is what lvrm was tried with",
                .{name},
            );
        const sender: packet_socket.Sender = try .init("pf_ring", config, reason);
        errdefer sender.deinit();
        const tags = packet_socket.Tags.init(config.vlan) catch
            return reason.fail(.NOMEM, "pf_ring: no memory for {s}", .{name});
        return .{
            .calls = calls,
            .ring = ring,
            .fd = calls.get_selectable_fd(ring),
            .sender = sender,
            .ifindex = config.ifindex,
            .mac = config.mac,
            .tags = tags,
        };
    }

    pub fn deinit(p: *PfRing) void {
        p.calls.close(p.ring);
        p.sender.deinit();
        p.tags.deinit();
    }

    /// For the status: the library's version.
    pub fn describe(p: *const PfRing, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        var version: u32 = 0;
        _ = p.calls.version(p.ring, &version);
        const parts = .{ version >> 16 & 0xff, version >> 8 & 0xff, version & 0xff };
        try writer.print("libpfring {d}.{d}.{d}", parts);
    }

    pub fn descriptor(p: *const PfRing) i32 {
        return p.fd;
    }

    /// By the sending socket: a ring is promiscuous or not when it is opened.
    pub fn setPromiscuous(p: *PfRing, on: bool) void {
        if (on == p.promiscuous) return;
        p.promiscuous = on;
        packet_socket.setPromiscuous(p.sender.fd, p.ifindex, on);
    }

    pub fn setForeignTags(p: *PfRing, tags: []const u16) void {
        p.tags.setForeign(tags);
    }

    /// The next frame, in PF_RING's memory; never blocks.
    pub fn receive(p: *PfRing, frames: []Frame) u32 {
        for (0..passed_over_max) |_| {
            var start: ?[*]u8 = null;
            const got = p.calls.recv(p.ring, &start, 0, &p.header, 0);
            if (got == 0) return 0;
            if (got < 0) {
                p.error_count += 1;
                return 0;
            }
            frames[0] = p.decode(start orelse return 0) orelse continue;
            return 1;
        }
        return 0; // more wait: the descriptor stays readable
    }

    fn decode(p: *const PfRing, start: [*]u8) ?Frame {
        const h = &p.header;
        if (h.rx_direction == 0 or h.captured < ethernet_bytes) return null;
        var bytes = start[0..h.captured];
        var tag: u16 = 0;
        var owner = p.tags.ownerOfUntagged();
        const ether_type = std.mem.readInt(u16, bytes[12..14], .big);
        const tagged = ether_type == 0x8100 or ether_type == 0x88a8;
        if (tagged and bytes.len >= ethernet_bytes + tag_bytes) {
            tag = std.mem.readInt(u16, bytes[14..16], .big);
            owner = p.tags.ownerOf(tag, ether_type);
            // Taken out: the addresses move up to the type.
            const addresses = bytes[0..12].*;
            bytes[tag_bytes..][0..12].* = addresses;
            bytes = bytes[tag_bytes..];
        }
        if (owner == .another) return null;
        const whole = h.captured >= h.length;
        var frame: Frame = .{
            .bytes = bytes,
            .tag = tag,
            .to = p.addressee(bytes[0..6]),
            .fault = if (whole) .none else .truncated,
            .offload = if (whole) partial_checksum.find(bytes) else .{},
        };
        if (owner == .unserved) frame.leaveToKernel();
        return frame;
    }

    fn addressee(p: *const PfRing, destination: *const [6]u8) Frame.To {
        if (destination[0] & 1 != 0) return .many;
        return if (std.mem.eql(u8, destination, &p.mac)) .host else .other_host;
    }

    /// Sends up to 64 frames.
    pub fn send(p: *PfRing, frames: []const Outgoing) Sent {
        return p.sender.send(frames);
    }

    /// Dropped by the module since the last call, frames that the gateway sent among them.
    pub fn missed(p: *PfRing) u64 {
        p.sender.refresh();
        var counts: library.Statistics = .{};
        if (p.calls.stats(p.ring, &counts) < 0) return 0;
        defer p.dropped_before = counts.dropped;
        return counts.dropped -| p.dropped_before;
    }

    pub fn errors(p: *PfRing) u64 {
        defer p.error_count = 0;
        return p.error_count;
    }
};
