//! `lvrm-echo`: a virtual router that measures control events (experiment 1e). The VRI with the
//! lower number of a pair sends events of each size to its sibling, which sends them back, and
//! prints for each size one line of JSON. Frames that come meanwhile go out by port 1.
//!
//!     lvrm-echo BYTES,BYTES,… ROUNDS        (started by `lvrm bench 1e`)
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const latency = @import("latency.zig");
const vr_link = @import("vr_link.zig");

pub const std_options = @import("lean.zig").std_options;
pub const panic = std.debug.simple_panic;

const siblings = @intFromEnum(abi.EventKind.siblings);
const answer_timeout_ns = std.time.ns_per_s;
const output_port = 1;

var histogram: latency.Histogram = .{};

const Echo = struct {
    link: *vr_link.VrLink,
    stopped: bool = false,
    synchronised: bool = false,
    /// The last event of the sibling's.
    payload: [abi.max_event_bytes]u8 align(8) = undefined,
    bytes: u32 = 0,
    frames: u64 = 0,

    /// Whether an event of the sibling's came; serves everything else.
    fn look(e: *Echo) bool {
        const state = e.link.state();
        var header: abi.EventHeader = undefined;
        var busy = false;
        while (state.receiveEvent(&header, &e.payload)) {
            busy = true;
            switch (@as(abi.EventKind, @enumFromInt(header.kind))) {
                .siblings => {
                    e.bytes = header.bytes;
                    return true;
                },
                .synchronised => {
                    e.synchronised = true;
                    state.ready(0, @splat(~@as(u64, 0)));
                },
                .stop => e.stopped = true,
                else => {},
            }
        }
        var words: [64]u64 = undefined;
        const count = state.receive(&words);
        for (words[0..count]) |*word| {
            var d: abi.Descriptor = @bitCast(word.*);
            d.output = output_port;
            word.* = @bitCast(d);
        }
        if (count != 0) _ = state.send(words[0..count]);
        e.frames += count;
        if (!busy and count == 0) state.wait(100);
        if (!state.alive()) e.stopped = true;
        return false;
    }

    fn send(e: *Echo, bytes: []const u8) void {
        while (e.link.state().sendEvent(siblings, 0, bytes) == .AGAIN) _ = linux.sched_yield();
    }

    /// Sends back whatever comes.
    fn answer(e: *Echo) void {
        while (!e.stopped) if (e.look()) e.send(e.payload[0..e.bytes]);
    }

    /// One event there and back; null when no answer came.
    fn ask(e: *Echo, event: []u8) ?u64 {
        const before = latency.ticks();
        std.mem.writeInt(u64, event[0..8], before, .little);
        e.send(event);
        const limit: u64 = @intFromFloat(latency.clock().ticksOf(answer_timeout_ns));
        while (!e.stopped) {
            const came = e.look();
            const spent = latency.ticks() -% before;
            const whole = came and e.bytes == event.len;
            if (whole and std.mem.eql(u8, e.payload[0..8], event[0..8])) return spent;
            if (spent > limit) return null;
        }
        return null;
    }
};

pub fn main(init: std.process.Init.Minimal) u8 {
    const words = init.args.vector;
    if (words.len != 3) return complain("usage: lvrm-echo BYTES,BYTES,... ROUNDS");
    const rounds = std.fmt.parseInt(u32, std.mem.span(words[2]), 10) catch
        return complain("ROUNDS is a number");
    const name = init.environ.getPosix("LVRM_LINK");
    const link = vr_link.attach(std.heap.page_allocator, if (name) |n| n.ptr else null) catch
        return complain("it cannot attach to lvrm: it is started by `lvrm bench 1e`");
    var echo: Echo = .{ .link = link };
    while (!echo.synchronised and !echo.stopped) _ = echo.look();
    if (link.state().number() & 1 != 0) {
        echo.answer();
        return 0;
    }
    // The sibling may not be ready yet.
    var first: [64]u8 = @splat(0);
    while (!echo.stopped and echo.ask(&first) == null) {}
    var sizes = std.mem.splitScalar(u8, std.mem.span(words[1]), ',');
    while (sizes.next()) |text| {
        const bytes = std.fmt.parseInt(u32, text, 10) catch return complain("BYTES are numbers");
        if (bytes < 8 or bytes > abi.max_event_bytes)
            return complain("an event has 8 to 4096 bytes");
        if (!measure(&echo, bytes, rounds)) return 1;
    }
    say("{\"done\":true}\n");
    echo.answer();
    return 0;
}

fn measure(echo: *Echo, bytes: u32, rounds: u32) bool {
    var event: [abi.max_event_bytes]u8 align(8) = @splat(0);
    histogram = .{};
    for (0..rounds + rounds / 10) |i| {
        const ticks = echo.ask(event[0..bytes]) orelse {
            if (echo.stopped) return false;
            continue;
        };
        if (i >= rounds / 10) histogram.record(ticks); // the first tenth warms up
    }
    const r = histogram.report(latency.clock());
    var line: [256]u8 = undefined;
    const format = "{{\"bytes\":{d},\"events\":{d},\"mean_ps\":{d},\"p50_ps\":{d}," ++
        "\"p99_ps\":{d},\"max_ps\":{d}}}\n";
    const values = .{ bytes, r.frames, r.mean_ps, r.p50_ps, r.p99_ps, r.max_ps };
    say(std.fmt.bufPrint(&line, format, values) catch return false);
    return true;
}

fn say(text: []const u8) void {
    _ = linux.write(1, text.ptr, text.len);
}

fn complain(text: []const u8) u8 {
    var line: [160]u8 = undefined;
    const whole = std.fmt.bufPrint(&line, "lvrm-echo: {s}\n", .{text}) catch text;
    _ = linux.write(2, whole.ptr, whole.len);
    return 2;
}
