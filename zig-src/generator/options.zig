//! Reads the words of `lvrm-gen`'s command line.
const std = @import("std");
const addresses = @import("addresses.zig");
const frames = @import("frames.zig");
const Sizes = @import("sizes.zig").Sizes;

pub const usage =
    \\usage: lvrm gen  --interface IF --destination-mac MAC --source ADDRESSES
    \\                 --destination ADDRESSES (--seconds S | --count N) [--rate FPS]
    \\                 [--wire-bytes SIZES] [--flows N] [--sources N] [--destinations N]
    \\                 [--source-port N] [--destination-port N] [--ttl N] [OPTIONS]
    \\       lvrm gen  --interface IF --trace FILE [--rate FPS | --speed S] [--loops N]
    \\                 [--seconds S] [--count N] [--destination-mac MAC] [OPTIONS]
    \\       lvrm gen  --find-limit --sink IF, and words as above without --rate and --count:
    \\                 tries rates for --seconds each, and tells the highest with at most 2 % of
    \\                 the frames lost on their way to IF, and the highest without loss
    \\       lvrm sink --interface IF [--seconds S] [--count N] [--run N] [--core N]
    \\OPTIONS: [--run N] [--core N] [--burst N] [--allow-default-route] [--json]
    \\
    \\gen:  numbered UDP frames out of IF, for S seconds or N frames, whichever ends first; without
    \\      --rate as fast as they go. Numbers may end in k, M or G.
    \\      ADDRESSES: IPv4 and IPv6, with commas between them: an address (and those after it, as
    \\      many as --sources and --destinations say), or a subnet as 10.0.1.0/24 for all its hosts.
    \\      Flow N takes the Nth source, the Nth destination of its family, and source port + N;
    \\      each address list in turn, then their next addresses. Without --flows there is one for
    \\      each item of the longer list.
    \\      --wire-bytes counts preamble, check sequence and gap (84 = smallest): N, imix (7 of 84,
    \\      4 of 614, 1 of 1538; for IPv6 102 is the smallest), or FIRST-LAST, each in turn.
    \\      --run marks the frames, so that a sink tells runs apart. --burst: frames a system call.
    \\--trace: the frames of a pcap or pcapng file, once or --loops times (0: until --seconds or
    \\      --count). --speed 1: with the captured pauses, 10: ten times as fast. Number and time
    \\      are written into UDP and TCP payloads of 16 bytes or more, with new checksums; frames
    \\      without room go as captured and are told as unnumbered. With --destination-mac they go
    \\      there, from IF's own address. What was cut when captured is filled up with zeros.
    \\sink: counts such frames as they come in, for S seconds or until N different ones came, or
    \\      until a pipe on its standard input ends. Latency is from the sender's clock to the
    \\      kernel's stamp: only true on one machine.
    \\Each prints one line of JSON at its end, also when SIGINT or SIGTERM ends it; sink prints
    \\{"ready":true} before, once it counts. On a terminal, standard error tells how far it is.
    \\An interface with a default route is refused without --allow-default-route.
    \\
;

/// `ping`: for the benchmark, without interface; `--destination ADDRESS --count N`.
pub const Command = enum { send, sink, ping };

pub const Options = struct {
    command: Command,
    interface: [:0]const u8 = "",
    shape: frames.Shape = .{},
    sizes: Sizes = .{ .fixed = 84 },
    trace: ?[:0]const u8 = null,
    loops: u64 = 1, // of a trace; 0: no end
    speed: f64 = 0, // of the captured pauses; 0: they don't matter
    rate_fps: u64 = 0, // 0: as fast as they go
    seconds: f64 = 0, // 0: not given
    count: u64 = std.math.maxInt(u64),
    core: ?u32 = null,
    burst: u32 = 64, // frames per system call
    any_run: bool = true, // sink: whatever the run
    allow_default_route: bool = false,
    source_addresses: u32 = 1, // for each item that is no subnet
    destination_addresses: u32 = 1,

    /// Nanoseconds that it may take.
    pub fn most_ns(o: *const Options) u64 {
        const seconds = if (o.seconds > 0) o.seconds else seconds_max;
        return @intFromFloat(seconds * std.time.ns_per_s);
    }
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
    while (at < words.len) : (at += 1) {
        const name = std.mem.span(words[at]);
        if (setFlag(&options, name)) continue;
        at += 1;
        if (at == words.len) return wrong("{s} needs a value", .{name});
        try set(&options, name, std.mem.span(words[at]));
    }
    return try check(options);
}

fn setFlag(options: *Options, name: []const u8) bool {
    if (std.mem.eql(u8, name, "--json")) return true; // as ever
    if (!std.mem.eql(u8, name, "--allow-default-route")) return false;
    options.allow_default_route = true;
    return true;
}

/// Options whose value is a number and goes into the field of `Options` or `Shape` named.
const numeric = .{
    .{ "--count", "count" },
    .{ "--rate", "rate_fps" },
    .{ "--loops", "loops" },
    .{ "--flows", "shape.flows" },
    .{ "--sources", "source_addresses" },
    .{ "--destinations", "destination_addresses" },
    .{ "--source-port", "shape.source_port" },
    .{ "--destination-port", "shape.destination_port" },
    .{ "--ttl", "shape.ttl" },
    .{ "--burst", "burst" },
};

fn set(options: *Options, name: []const u8, value: [:0]const u8) Error!void {
    const shape = &options.shape;
    inline for (numeric) |pair| if (std.mem.eql(u8, name, pair[0])) {
        const path = pair[1];
        const own = comptime std.mem.startsWith(u8, path, "shape.");
        const field = if (own) &@field(shape, path[6..]) else &@field(options, path);
        field.* = try number(@TypeOf(field.*), name, value);
        return;
    };
    const eql = std.mem.eql;
    if (eql(u8, name, "--interface")) {
        options.interface = value;
    } else if (eql(u8, name, "--destination-mac")) {
        shape.destination_mac = try mac(value);
    } else if (eql(u8, name, "--source")) {
        shape.sources = try ranges(name, value);
    } else if (eql(u8, name, "--destination")) {
        shape.destinations = try ranges(name, value);
    } else if (eql(u8, name, "--seconds")) {
        options.seconds = try positive(name, value);
        if (options.seconds > seconds_max)
            return wrong("--seconds must be at most {d}", .{seconds_max});
    } else if (eql(u8, name, "--speed")) {
        options.speed = try positive(name, value);
    } else if (eql(u8, name, "--trace")) {
        options.trace = value;
    } else if (eql(u8, name, "--wire-bytes")) {
        options.sizes = Sizes.parse(value) orelse
            return wrong("--wire-bytes needs a number, imix or FIRST-LAST, not {s}", .{value});
    } else if (eql(u8, name, "--run")) {
        shape.run = try number(u16, name, value);
        options.any_run = false;
    } else if (eql(u8, name, "--core")) {
        options.core = try number(u10, name, value);
    } else return wrong("Unknown option {s}", .{name});
}

fn check(given: Options) Error!Options {
    var options = given;
    if (options.command == .ping) {
        if (options.shape.destinations.of(.v4) == 1 and options.shape.destinations.count == 1)
            return options;
        return wrong("Give --destination: one IPv4 address", .{});
    }
    if (options.interface.len == 0 or options.interface.len > 15)
        return wrong("Name the interface: --interface IF (at most 15 letters)", .{});
    if (options.command == .sink) return options;
    if (options.burst == 0 or options.burst > 64) return wrong("--burst must be 1 to 64", .{});
    const counted = options.count != std.math.maxInt(u64);
    const replayed = options.trace != null and options.loops != 0;
    if (options.seconds == 0 and !counted and !replayed)
        return wrong("Bound it: --seconds S (at most {d}) or --count N", .{seconds_max});
    if (options.trace != null) return checkTrace(options);
    if (options.speed != 0 or options.loops != 1)
        return wrong("--speed and --loops are for --trace only", .{});
    try checkEnds(&options);
    return options;
}

fn checkTrace(options: Options) Error!Options {
    if (options.speed != 0 and options.rate_fps != 0)
        return wrong("Give --rate or --speed, not both", .{});
    if (options.shape.sources.count != 0 or options.shape.destinations.count != 0)
        return wrong("--source and --destination are the trace's own", .{});
    return options;
}

fn checkEnds(options: *Options) Error!void {
    const shape = &options.shape;
    if (shape.sources.count == 0 or shape.destinations.count == 0)
        return wrong("Give --source and --destination (or --trace)", .{});
    if (std.mem.allEqual(u8, &shape.destination_mac, 0))
        return wrong("Give --destination-mac: the gateway's", .{});
    if (options.source_addresses == 0 or options.destination_addresses == 0)
        return wrong("--sources and --destinations must be at least 1", .{});
    for (shape.sources.items()) |*it| if (shape.destinations.of(it.first) == 0)
        return wrong("--source and --destination must be of one family, or have both", .{});
    shape.sources.fill(options.source_addresses);
    shape.destinations.fill(options.destination_addresses);
    if (shape.flows == 0) shape.flows = @max(shape.sources.count, shape.destinations.count);
    if (shape.flows > 65536) return wrong("--flows must be 1 to 65536", .{});
    var least: u32 = 0;
    for (0..shape.sources.count) |flow| least = @max(least, shape.frameBytesMin(@intCast(flow)));
    least += frames.wire_overhead_bytes;
    const most = frames.frame_bytes_max + frames.wire_overhead_bytes;
    const mixed = options.sizes == .imix; // its small ones grow as need be
    if ((options.sizes.least() < least and !mixed) or options.sizes.most() > most)
        return wrong("--wire-bytes must be {d} to {d}", .{ least, most });
}

/// A whole number; k, M and G behind it stand for thousands.
fn number(comptime T: type, name: []const u8, value: []const u8) Error!T {
    const factor: u64 = if (value.len == 0) 1 else switch (value[value.len - 1]) {
        'k' => 1000,
        'M' => 1_000_000,
        'G' => 1_000_000_000,
        else => 1,
    };
    const digits = if (factor == 1) value else value[0 .. value.len - 1];
    const most = std.math.maxInt(T);
    const bad = wrong("{s} needs a number up to {d}, not {s}", .{ name, most, value });
    if (digits.len == 0 or !std.ascii.isDigit(digits[0])) return bad;
    const all = std.fmt.parseInt(u64, digits, 10) catch return bad;
    return std.math.cast(T, std.math.mul(u64, all, factor) catch return bad) orelse bad;
}

fn positive(name: []const u8, value: []const u8) Error!f64 {
    const result = std.fmt.parseFloat(f64, value) catch std.math.nan(f64);
    if (result > 0 and std.math.isFinite(result)) return result;
    return wrong("{s} needs a number above 0, not {s}", .{ name, value });
}

fn ranges(name: []const u8, text: []const u8) Error!addresses.Ranges {
    var culprit: []const u8 = "";
    return addresses.Ranges.parse(text, &culprit) catch |e| switch (e) {
        error.NotAnAddress => wrong("{s}: neither an IP address nor a subnet: {s}", .{
            name, culprit,
        }),
        error.TooMany => wrong("{s}: more than {d} items", .{ name, addresses.ranges_max }),
    };
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

const sending = [_][*:0]const u8{
    "lvrm-gen",          "send",              "--interface", "net0",
    "--destination-mac", "02:00:00:00:00:01", "--seconds",   "0.5",
};

test "a whole command line" {
    const options = try parse(&(sending ++ [_][*:0]const u8{
        "--source", "10.0.1.2", "--destination", "10.0.11.2", "--allow-default-route",
        "--rate",   "360k",     "--wire-bytes",  "1538",      "--json",
        "--ttl",    "3",
    }));
    try std.testing.expectEqual(1514, options.sizes.frameBytes(0));
    const from, const to = options.shape.ends(0);
    try std.testing.expectEqual([4]u8{ 10, 0, 1, 2 }, from.v4);
    try std.testing.expectEqual([4]u8{ 10, 0, 11, 2 }, to.v4);
    try std.testing.expectEqual(360_000, options.rate_fps);
    try std.testing.expectEqual(3, options.shape.ttl);
    try std.testing.expect(options.allow_default_route);
    try std.testing.expectEqual(500_000_000, options.most_ns());
}

test "several subnets make as many flows, unless it says otherwise" {
    const more = [_][*:0]const u8{ "--source", "10.0.1.0/24,10.0.2.0/24", "--destination" };
    const both = try parse(&(sending ++ more ++ [_][*:0]const u8{"10.1.0.1"}));
    try std.testing.expectEqual(2, both.shape.flows);
    const words = sending ++ more ++ [_][*:0]const u8{ "10.1.0.1", "--flows", "9" };
    try std.testing.expectEqual(9, (try parse(&words)).shape.flows);
}

test "a trace needs no addresses and no bound" {
    const start = [_][*:0]const u8{ "lvrm-gen", "send", "--interface", "e0", "--trace", "f.pcap" };
    try std.testing.expectEqualStrings("f.pcap", (try parse(&start)).trace.?);
    const more = [_][*:0]const u8{ "--speed", "0.5", "--loops", "0", "--count", "2M" };
    try std.testing.expectEqual(2_000_000, (try parse(&(start ++ more))).count);
    for ([_][]const [*:0]const u8{
        &(start ++ [_][*:0]const u8{ "--loops", "0" }),
        &(start ++ [_][*:0]const u8{ "--speed", "1", "--rate", "5" }),
        &(start ++ [_][*:0]const u8{ "--source", "10.0.0.1" }),
        &(start ++ [_][*:0]const u8{ "--speed", "-1" }),
        &(start ++ [_][*:0]const u8{ "--rate", "k" }),
        &(start ++ [_][*:0]const u8{ "--ttl", "300" }),
        &(start ++ [_][*:0]const u8{ "--run", "+1" }),
    }) |words| try std.testing.expectError(error.Usage, parse(words));
}

test "an interface and a bound are demanded, and families must agree" {
    const bad = [_][]const [*:0]const u8{
        &.{ "lvrm-gen", "sink" },
        &.{ "lvrm-gen", "sink", "--seconds", "1" },
        &.{ "lvrm-gen", "sink", "--seconds", "nan", "--interface", "net0" },
        &.{ "lvrm-gen", "send", "--interface", "net0", "--seconds", "1", "--source", "10.0.0.1" },
        &.{ "lvrm-gen", "listen" },
        &.{ "lvrm-gen", "sink", "--interface" },
        &(sending ++ [_][*:0]const u8{ "--source", "10.0.0.1", "--destination", "fd00::1" }),
        &(sending ++ [_][*:0]const u8{ "--source", "fd00::1", "--destination", "fd00::2" }),
        &(sending[0..6].* ++ [_][*:0]const u8{ "--source", "1.1.1.1", "--destination", "1.1.1.2" }),
    };
    for (bad) |words| try std.testing.expectError(error.Usage, parse(words));
}
