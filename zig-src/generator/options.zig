//! Reads the words of `lvrm-gen`'s command line.
const std = @import("std");
const frames = @import("frames.zig");
const Sizes = @import("sizes.zig").Sizes;

pub const usage =
    \\usage: lvrm-gen send --interface IF --destination-mac MAC --source ADDRESS
    \\                     --destination ADDRESS --seconds S [--count N] [--rate FPS]
    \\                     [--wire-bytes SIZES] [--flows N] [--sources N] [--destinations N]
    \\                     [--source-port N] [--destination-port N] [--ttl N] [--run N] [--core N]
    \\                     [--burst N]
    \\       lvrm-gen sink --interface IF --seconds S [--count N] [--run N] [--core N]
    \\
    \\send: numbered UDP frames out of IF, for S seconds or N frames, whichever ends first; without
    \\      --rate as fast as they go. --wire-bytes counts preamble, check sequence and gap
    \\      (84 = smallest): N, imix (7 of 84, 4 of 614, 1 of 1538), or FIRST-LAST, each in turn.
    \\      --run marks the frames, so that a sink tells runs apart. Flow N has source port + N, and
    \\      the Nth of --sources and --destinations addresses.
    \\sink: counts such frames as they come in, for S seconds or until N different ones came, or
    \\      until its standard input ends. Latency is from the sender's clock to the kernel's stamp:
    \\      only true on one machine.
    \\Both print one line of JSON; sink prints {"ready":true} before, once it counts.
    \\
;

pub const Command = enum { send, sink };

pub const Options = struct {
    command: Command,
    interface: [:0]const u8 = "",
    shape: frames.Shape = .{},
    sizes: Sizes = .{ .fixed = 84 },
    rate_fps: u64 = 0, // 0: as fast as they go
    seconds: f64 = 0,
    count: u64 = std.math.maxInt(u64),
    core: ?u32 = null,
    burst: u32 = 64, // frames per system call
    any_run: bool = true, // sink: whatever the run
};

pub const seconds_max = 3600;

/// What is wrong with the words; `complaint` says it in one line.
pub const Error = error{Usage};
pub var complaint: [256]u8 = undefined;
pub var complaint_bytes: usize = 0;

fn wrong(comptime format: []const u8, values: anytype) Error {
    const text = std.fmt.bufPrint(&complaint, format, values) catch complaint[0..];
    complaint_bytes = text.len;
    return error.Usage;
}

pub fn parse(words: []const [*:0]const u8) Error!Options {
    if (words.len < 2) return wrong("Give a command: send or sink", .{});
    const command = std.meta.stringToEnum(Command, std.mem.span(words[1])) orelse
        return wrong("Unknown command {s}: use send or sink", .{words[1]});
    var options: Options = .{ .command = command };
    var at: usize = 2;
    while (at < words.len) : (at += 2) {
        const name = std.mem.span(words[at]);
        if (at + 1 == words.len) return wrong("{s} needs a value", .{name});
        const value = std.mem.span(words[at + 1]);
        try set(&options, name, value);
    }
    return try check(options);
}

fn set(options: *Options, name: []const u8, value: [:0]const u8) Error!void {
    const shape = &options.shape;
    const eql = std.mem.eql;
    if (eql(u8, name, "--interface")) {
        options.interface = value;
    } else if (eql(u8, name, "--destination-mac")) {
        shape.destination_mac = try mac(value);
    } else if (eql(u8, name, "--source")) {
        shape.source = try address(value);
    } else if (eql(u8, name, "--destination")) {
        shape.destination = try address(value);
    } else if (eql(u8, name, "--seconds")) {
        options.seconds = std.fmt.parseFloat(f64, value) catch
            return wrong("--seconds needs a number, not {s}", .{value});
    } else if (eql(u8, name, "--count")) {
        options.count = try integer(u64, name, value);
    } else if (eql(u8, name, "--rate")) {
        options.rate_fps = try integer(u64, name, value);
    } else if (eql(u8, name, "--wire-bytes")) {
        options.sizes = Sizes.parse(value) orelse
            return wrong("--wire-bytes needs a number, imix or FIRST-LAST, not {s}", .{value});
    } else if (eql(u8, name, "--flows")) {
        shape.flows = try integer(u32, name, value);
    } else if (eql(u8, name, "--sources")) {
        shape.sources = try integer(u32, name, value);
    } else if (eql(u8, name, "--destinations")) {
        shape.destinations = try integer(u32, name, value);
    } else if (eql(u8, name, "--source-port")) {
        shape.source_port = try integer(u16, name, value);
    } else if (eql(u8, name, "--destination-port")) {
        shape.destination_port = try integer(u16, name, value);
    } else if (eql(u8, name, "--ttl")) {
        shape.ttl = try integer(u8, name, value);
    } else if (eql(u8, name, "--run")) {
        shape.run = try integer(u16, name, value);
        options.any_run = false;
    } else if (eql(u8, name, "--burst")) {
        options.burst = try integer(u32, name, value);
        if (options.burst == 0 or options.burst > 64) return wrong("--burst must be 1 to 64", .{});
    } else if (eql(u8, name, "--core")) {
        options.core = try integer(u10, name, value);
    } else return wrong("Unknown option {s}", .{name});
}

fn check(options: Options) Error!Options {
    const shape = &options.shape;
    if (options.interface.len == 0 or options.interface.len > 15)
        return wrong("Name the interface: --interface IF (at most 15 letters)", .{});
    if (!(options.seconds > 0 and options.seconds <= seconds_max))
        return wrong("Bound the time: --seconds S, more than 0 and at most {d}", .{seconds_max});
    if (options.command == .sink) return options;
    if (std.meta.activeTag(shape.source) != std.meta.activeTag(shape.destination))
        return wrong("--source and --destination must be of one family", .{});
    if (std.mem.allEqual(u8, shape.source.slice(), 0) or
        std.mem.allEqual(u8, shape.destination.slice(), 0))
        return wrong("Give --source and --destination", .{});
    if (std.mem.allEqual(u8, &shape.destination_mac, 0))
        return wrong("Give --destination-mac: the gateway's", .{});
    if (shape.flows == 0 or shape.flows > 65536 or shape.sources == 0 or shape.destinations == 0)
        return wrong("--flows must be 1 to 65536; --sources, --destinations at least 1", .{});
    const least = shape.frameBytesMin() + frames.wire_overhead_bytes;
    const most = frames.frame_bytes_max + frames.wire_overhead_bytes;
    if (options.sizes.least() < @max(84, least) or options.sizes.most() > most)
        return wrong("--wire-bytes must be {d} to {d}", .{ @max(84, least), most });
    return options;
}

fn integer(comptime T: type, name: []const u8, value: []const u8) Error!T {
    return std.fmt.parseInt(T, value, 10) catch
        return wrong("{s} needs a number up to {d}, not {s}", .{ name, std.math.maxInt(T), value });
}

fn mac(text: []const u8) Error![6]u8 {
    var result: [6]u8 = undefined;
    var parts = std.mem.splitScalar(u8, text, ':');
    for (&result) |*byte| {
        const part = parts.next() orelse return wrong("Not a hardware address: {s}", .{text});
        byte.* = std.fmt.parseInt(u8, part, 16) catch
            return wrong("Not a hardware address: {s}", .{text});
    }
    if (parts.next() != null) return wrong("Not a hardware address: {s}", .{text});
    return result;
}

fn address(text: []const u8) Error!frames.Address {
    if (std.Io.net.Ip4Address.parse(text, 0)) |it| return .{ .v4 = it.bytes } else |_| {}
    if (std.Io.net.Ip6Address.parse(text, 0)) |it| return .{ .v6 = it.bytes } else |_| {}
    return wrong("Not an IP address: {s}", .{text});
}

test "a whole command line" {
    const words = [_][*:0]const u8{
        "lvrm-gen",          "send",              "--interface",   "net0",
        "--source",          "10.0.1.2",          "--destination", "10.0.11.2",
        "--destination-mac", "02:00:00:00:00:01", "--seconds",     "0.5",
        "--wire-bytes",      "1538",
    };
    const options = try parse(&words);
    try std.testing.expectEqual(1514, options.sizes.frameBytes(0));
    try std.testing.expectEqual([4]u8{ 10, 0, 11, 2 }, options.shape.destination.v4);
}

test "an interface and a bound are demanded, and families must agree" {
    const bad = [_][]const [*:0]const u8{
        &.{ "lvrm-gen", "sink" },
        &.{ "lvrm-gen", "sink", "--interface", "net0" },
        &.{ "lvrm-gen", "sink", "--seconds", "1" },
        &.{ "lvrm-gen", "sink", "--seconds", "nan", "--interface", "net0" },
        &.{ "lvrm-gen", "send", "--interface", "net0", "--seconds", "1", "--source", "10.0.0.1" },
        &.{ "lvrm-gen", "listen" },
        &.{ "lvrm-gen", "sink", "--interface" },
    };
    for (bad) |words| try std.testing.expectError(error.Usage, parse(words));
}
