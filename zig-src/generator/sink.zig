//! Counts generated frames as they come in, through a TPACKET_V3 ring: the kernel copies the first
//! bytes of each frame and wakes us once per block, so that the sink takes little of the machine
//! that it measures. Waits at most `poll_ms`, so it ends in time.
const std = @import("std");
const linux = std.os.linux;
const numbered = @import("numbered.zig");
const progress = @import("progress.zig");
const socket = @import("socket.zig");
const Options = @import("options.zig").Options;
const Tally = @import("tally.zig").Tally;
const payload = @import("payload.zig");
const Histogram = @import("../latency.zig").Histogram;

const block_bytes: u32 = 1 << 18;
const block_count: u32 = 256;
const retire_ms: u32 = 4; // a block that isn't full is handed over after this time
const snap_bytes: u32 = 160; // VLAN tag, IPv4 with options or IPv6, UDP or TCP, payload
const poll_ms = 20;

/// From the sender's clock to the kernel's stamp here, nanoseconds.
var latencies: Histogram = .{};

const RingRequest = extern struct { // struct tpacket_req3
    block_size: u32 = block_bytes,
    block_nr: u32 = block_count,
    frame_size: u32 = 256,
    frame_nr: u32 = block_bytes / 256 * block_count,
    retire_blk_tov: u32 = retire_ms,
    sizeof_priv: u32 = 0,
    feature_req_word: u32 = 0,
};
const Block = extern struct { // struct tpacket_block_desc with tpacket_hdr_v1
    version: u32,
    offset_to_priv: u32,
    block_status: u32,
    num_pkts: u32,
    offset_to_first_pkt: u32,
};
const Head = extern struct { // the first fields of struct tpacket3_hdr
    next_offset: u32,
    sec: u32,
    nsec: u32,
    snaplen: u32,
    len: u32,
    status: u32,
    mac: u16,
    net: u16,
};
const Statistics = extern struct { packets: u32 = 0, drops: u32 = 0, freezes: u32 = 0 };
const Instruction = extern struct { code: u16, jt: u8, jf: u8, k: u32 };
const Program = extern struct { len: u16, filter: [*]const Instruction };

/// Takes IPv4 and IPv6, cut to `snap_bytes`.
const filter = [_]Instruction{
    .{ .code = 0x28, .jt = 0, .jf = 0, .k = 12 }, // ldh [12]
    .{ .code = 0x15, .jt = 1, .jf = 0, .k = 0x0800 }, // jeq: take
    .{ .code = 0x15, .jt = 0, .jf = 1, .k = 0x86dd }, // jeq: take, else refuse
    .{ .code = 0x06, .jt = 0, .jf = 0, .k = snap_bytes }, // ret
    .{ .code = 0x06, .jt = 0, .jf = 0, .k = 0 },
};

pub fn run(options: *const Options) socket.Error!void {
    const fd = try socket.open();
    defer _ = linux.close(fd);
    const interface = try socket.findInterface(fd, options.interface);
    const tpacket_v3: u32 = 2;
    try socket.option(fd, linux.SOL.PACKET, linux.PACKET.VERSION, tpacket_v3);
    try socket.option(fd, linux.SOL.PACKET, linux.PACKET.IGNORE_OUTGOING, @as(u32, 1));
    const program: Program = .{ .len = filter.len, .filter = &filter };
    try socket.option(fd, linux.SOL.SOCKET, linux.SO.ATTACH_FILTER, program);
    try socket.option(fd, linux.SOL.PACKET, linux.PACKET.RX_RING, RingRequest{});
    const bytes = @as(usize, block_bytes) * block_count;
    const map: linux.MAP = .{ .TYPE = .SHARED };
    const prot: linux.PROT = .{ .READ = true, .WRITE = true };
    const ring = try socket.must(linux.mmap(null, bytes, prot, map, fd, 0), "mmap");
    try socket.bind(fd, interface.index, linux.ETH.P.ALL);
    socket.print(.{ .ready = true });
    try collect(fd, ring, options);
}

fn collect(fd: i32, ring: usize, options: *const Options) socket.Error!void {
    var tally: Tally = try .init();
    const start_ns = socket.now_ns();
    const end_ns = start_ns + options.most_ns();
    var shown: progress.Progress = .start("received", start_ns);
    var first_ns: u64 = 0;
    var last_ns: u64 = 0;
    var index: u32 = 0;
    const input_fd: i32 = if (isPipe(0)) 0 else -1;
    var is_ending = false;
    while (tally.different_frames < options.count) {
        const block: *Block = @ptrFromInt(ring + @as(usize, index) * block_bytes);
        // Pairs with the kernel's release as it hands a block over.
        if (@atomicLoad(u32, &block.block_status, .acquire) & 1 == 0) {
            const now_ns = socket.now_ns();
            if (now_ns >= end_ns or is_ending) break; // what had come is counted
            shown.tell(now_ns, tally.received_frames, tally.lostSoFar());
            if (wait(fd, input_fd) or progress.isAskedToEnd()) {
                // What is on its way still gets two block times to arrive.
                socket.sleep_ns(2 * retire_ms * std.time.ns_per_ms);
                is_ending = true;
            }
            continue;
        }
        const before = tally.received_frames;
        count(block, &tally, options);
        if (tally.received_frames > before) {
            last_ns = socket.now_ns();
            if (first_ns == 0) first_ns = last_ns;
        }
        @atomicStore(u32, &block.block_status, 0, .release);
        index = (index + 1) % block_count;
    }
    shown.end();
    tally.finish();
    try report(fd, tally, last_ns - first_ns);
}

/// Whether somebody may end it by closing the other end: in the background of a shell, standard
/// input is /dev/null, which has ended from the beginning.
fn isPipe(fd: i32) bool {
    var found: linux.Statx = undefined;
    const rc = linux.statx(fd, "", linux.AT.EMPTY_PATH, .{ .TYPE = true }, &found);
    if (linux.errno(rc) != .SUCCESS) return false;
    const kind = found.mode & linux.S.IFMT;
    return kind == linux.S.IFIFO or kind == linux.S.IFSOCK;
}

/// Waits for frames; true when standard input has ended.
fn wait(fd: i32, input_fd: i32) bool {
    var fds = [_]linux.pollfd{
        .{ .fd = fd, .events = linux.POLL.IN, .revents = 0 },
        .{ .fd = input_fd, .events = linux.POLL.IN, .revents = 0 },
    };
    _ = linux.poll(&fds, fds.len, poll_ms);
    if (fds[1].revents == 0) return false;
    var byte: [64]u8 = undefined;
    const got = linux.read(input_fd, &byte, byte.len);
    return linux.errno(got) != .SUCCESS or got == 0;
}

fn count(block: *Block, tally: *Tally, options: *const Options) void {
    const base = @intFromPtr(block);
    var at = base + block.offset_to_first_pkt;
    for (0..block.num_pkts) |_| {
        const head: *const Head = @ptrFromInt(at);
        const data: [*]const u8 = @ptrFromInt(at + head.mac);
        const found = numbered.read(data[0..head.snaplen]);
        if (found != null and (options.any_run or found.?.run == options.shape.run)) {
            tally.add(found.?, head.len);
            const received = payload.stampOf(head.sec, head.nsec);
            latencies.record(payload.between_ns(found.?.stamp, received));
        } else tally.other_frames += 1;
        at += head.next_offset;
    }
}

fn report(fd: i32, tally: Tally, span_ns: u64) socket.Error!void {
    var statistics: Statistics = .{};
    var bytes: linux.socklen_t = @sizeOf(Statistics);
    const rc = linux.getsockopt(
        fd,
        linux.SOL.PACKET,
        linux.PACKET.STATISTICS,
        std.mem.asBytes(&statistics),
        &bytes,
    );
    _ = try socket.must(rc, "PACKET_STATISTICS");
    socket.print(.{
        .received_frames = tally.received_frames,
        .received_bytes = tally.received_bytes,
        .different_frames = tally.different_frames,
        .duplicate_frames = tally.duplicate_frames,
        .reordered_frames = tally.reordered_frames,
        .lost_frames = tally.lost_frames,
        .highest_sequence = tally.highest_sequence,
        .other_frames = tally.other_frames,
        .latency_p50_ns = latencies.quantile(latencies.frames, 500),
        .latency_p99_ns = latencies.quantile(latencies.frames, 990),
        .latency_p999_ns = latencies.quantile(latencies.frames, 999),
        .latency_max_ns = latencies.max,
        .missed_frames = statistics.drops, // by this sink: a measurement that has any is void
        .seconds = @as(f64, @floatFromInt(span_ns)) / std.time.ns_per_s,
    });
}
