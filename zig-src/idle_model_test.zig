//! The sleep-and-wake protocol as a small machine, all of whose runs are tried: is there one in
//! which a sleeper sleeps on although something was published for it?
//!
//! Both directions of lvrm are this protocol (`Vri.wake` and `State.sleep`; `State.wakeDispatcher`
//! and `sleeper.zig`), and differ in what the kernel does:
//!
//!     publisher                          sleeper
//!     publish (store of the index)       flag = 1
//!     fence                              fence
//!     if flag: [flag = 0;] wake          if nothing is published: sleep
//!                                        flag = 0, take everything, begin again
//!
//! A futex sleeps only if the flag is still 1, and a wake-up for nobody is lost. An eventfd keeps a
//! wake-up until somebody sleeps. Memory is weak: each thread's stores go through a buffer and
//! reach memory when they please, oldest first (as on x86) or in any order but to one place (as on
//! weaker machines). A fence waits until the buffer is empty; system calls are no fences here,
//! though most kernels' are. Without either fence the search does find the lost wake-up, so it
//! would find others. Several dispatchers look at a VRI's one flag, and each may clear it; so does
//! the control thread, ahead of the wake-up that it promises (`Vri.promiseWake`).
const std = @import("std");

const Order = enum { oldest_first, any };
const Kernel = enum { futex, eventfd };
const Rules = struct {
    order: Order,
    kernel: Kernel,
    publisher_fences: bool = true,
    sleeper_fences: bool = true,
    publishers: u8 = 1, // at most `publishers_max`
    rounds: u8 = 2, // publications of each in a run
    /// The last publisher has nothing to publish, and promises to wake the sleeper.
    promise: enum { none, kept, broken } = .none,

    fn roundsOf(r: *const Rules, publisher: usize) u8 {
        return if (r.promise != .none and publisher == r.publishers - 1) 0 else r.rounds;
    }
};

const publishers_max = 2;
const sleepers = publishers_max; // number of the sleeper's thread

const Place = enum(u2) { first, second, flag };
const Store = struct { place: Place = .first, value: u8 = 0 };

const Publisher = enum { publish, fence, look, clear, wake, done };
const Sleeper = enum { set, fence, look, sleep, asleep, clear, take, done };

const State = struct {
    memory: [publishers_max + 1]u8 = @splat(0),
    buffers: [publishers_max + 1][4]Store = @splat(@splat(.{})), // publishers', sleeper's
    counts: [publishers_max + 1]u8 = @splat(0),
    publishers: [publishers_max]Publisher = @splat(.publish),
    published: [publishers_max]u8 = @splat(0),
    sleeper: Sleeper = .set,
    taken: [publishers_max]u8 = @splat(0),
    pending: bool = false, // an eventfd's wake-up that nobody had yet

    /// False while the buffer is full: the thread waits.
    fn store(s: *State, thread: usize, place: Place, value: u8) bool {
        if (s.counts[thread] == s.buffers[thread].len) return false;
        s.buffers[thread][s.counts[thread]] = .{ .place = place, .value = value };
        s.counts[thread] += 1;
        return true;
    }

    /// A thread sees its own stores at once.
    fn load(s: *const State, thread: usize, place: Place) u8 {
        var i = s.counts[thread];
        while (i > 0) {
            i -= 1;
            if (s.buffers[thread][i].place == place) return s.buffers[thread][i].value;
        }
        return s.memory[@intFromEnum(place)];
    }

    /// Lets store number `i` reach memory, if the order allows it.
    fn drain(s: *State, thread: usize, i: usize, order: Order) bool {
        const buffer = &s.buffers[thread];
        for (buffer[0..i]) |earlier|
            if (order == .oldest_first or earlier.place == buffer[i].place) return false;
        s.memory[@intFromEnum(buffer[i].place)] = buffer[i].value;
        s.counts[thread] -= 1;
        for (i..s.counts[thread]) |k| buffer[k] = buffer[k + 1];
        buffer[s.counts[thread]] = .{};
        return true;
    }
};

const Search = struct {
    rules: Rules,
    seen: std.AutoHashMap([@sizeOf(State)]u8, void),
    lost: u32 = 0, // states from which nothing goes on, with a sleeper asleep or work undone
    ends: u32 = 0, // states in which all is taken

    fn visit(f: *Search, s: State) std.mem.Allocator.Error!void {
        var key: [@sizeOf(State)]u8 = @splat(0);
        encode(&key, s);
        if ((try f.seen.getOrPut(key)).found_existing) return;
        var moved = false;
        for (0..s.counts.len) |thread| for (0..s.counts[thread]) |i| {
            var next = s;
            if (!next.drain(thread, i, f.rules.order)) continue;
            moved = true;
            try f.visit(next);
        };
        for (0..f.rules.publishers) |number| {
            var next = s;
            if (!f.stepPublisher(&next, number)) continue;
            moved = true;
            try f.visit(next);
        }
        var next = s;
        if (f.stepSleeper(&next)) {
            moved = true;
            try f.visit(next);
        }
        if (moved) return;
        if (s.sleeper == .done) f.ends += 1 else f.lost += 1;
    }

    fn encode(key: []u8, s: State) void {
        var writer: std.Io.Writer = .fixed(key);
        for (s.memory) |byte| writer.writeByte(byte) catch unreachable; // the key is large enough
        for (s.buffers, s.counts) |buffer, count| {
            writer.writeByte(count) catch unreachable;
            for (buffer[0..count]) |it|
                writer.writeByte(@as(u8, @intFromEnum(it.place)) << 6 | it.value) catch unreachable;
        }
        for (s.publishers, s.published, s.taken) |publisher, published, taken|
            writer.writeAll(&.{ @intFromEnum(publisher), published, taken }) catch unreachable;
        const rest = [_]u8{ @intFromEnum(s.sleeper), @intFromBool(s.pending) };
        writer.writeAll(&rest) catch unreachable;
    }

    /// One step of a publisher; false when it has none.
    fn stepPublisher(f: *Search, s: *State, number: usize) bool {
        const publisher = &s.publishers[number];
        switch (publisher.*) {
            .publish => {
                if (s.published[number] == f.rules.roundsOf(number)) {
                    publisher.* = .done;
                    return true;
                }
                s.published[number] += 1;
                if (!s.store(number, @enumFromInt(number), s.published[number])) return false;
                publisher.* = if (f.rules.publisher_fences) .fence else .look;
            },
            .fence => {
                if (s.counts[number] != 0) return false;
                publisher.* = .look;
            },
            .look => {
                if (s.load(number, .flag) == 0) {
                    publisher.* = .publish;
                } else {
                    publisher.* = if (f.rules.kernel == .futex) .clear else .wake;
                }
            },
            .clear => {
                if (!s.store(number, .flag, 0)) return false;
                const silent = f.rules.roundsOf(number) == 0 and f.rules.promise == .broken;
                publisher.* = if (silent) .publish else .wake;
            },
            .wake => {
                if (f.rules.kernel == .eventfd) {
                    s.pending = true;
                } else {
                    // It has a full fence before it looks for sleepers.
                    if (s.counts[number] != 0) return false;
                    if (s.sleeper == .asleep) s.sleeper = .clear;
                }
                publisher.* = .publish;
            },
            .done => return false,
        }
        return true;
    }

    /// One step of the sleeper; false when it has none.
    fn stepSleeper(f: *Search, s: *State) bool {
        switch (s.sleeper) {
            .set => {
                if (!s.store(sleepers, .flag, 1)) return false;
                s.sleeper = if (f.rules.sleeper_fences) .fence else .look;
            },
            .fence => {
                if (s.counts[sleepers] != 0) return false;
                s.sleeper = .look;
            },
            .look => s.sleeper = if (f.sees(s)) .clear else .sleep,
            .sleep => {
                if (f.rules.kernel == .futex) {
                    // Compared by the kernel under its lock, in memory.
                    if (s.counts[sleepers] != 0) return false;
                    s.sleeper = if (s.load(sleepers, .flag) == 1) .asleep else .clear;
                } else s.sleeper = .asleep;
            },
            .asleep => {
                if (!s.pending) return false;
                s.pending = false;
                s.sleeper = .clear;
            },
            .clear => {
                if (!s.store(sleepers, .flag, 0)) return false;
                s.sleeper = .take;
            },
            .take => {
                var all = true;
                for (s.taken[0..f.rules.publishers], 0..) |*taken, number| {
                    taken.* = s.load(sleepers, @enumFromInt(number));
                    all = all and taken.* == f.rules.roundsOf(number);
                }
                s.sleeper = if (all) .done else .set;
            },
            .done => return false,
        }
        return true;
    }

    /// Whether the sleeper sees something that it hasn't taken.
    fn sees(f: *const Search, s: *const State) bool {
        for (s.taken[0..f.rules.publishers], 0..) |taken, number|
            if (s.load(sleepers, @enumFromInt(number)) != taken) return true;
        return false;
    }
};

fn search(rules: Rules) !Search {
    var f: Search = .{ .rules = rules, .seen = .init(std.testing.allocator) };
    defer f.seen.deinit();
    var start: State = .{};
    if (rules.promise != .none) start.publishers[rules.publishers - 1] = .clear;
    try f.visit(start);
    return f;
}

test "no wake-up is lost, in any order of steps and stores" {
    for (std.enums.values(Order)) |order| for (std.enums.values(Kernel)) |kernel| {
        const found = try search(.{ .order = order, .kernel = kernel });
        try std.testing.expectEqual(0, found.lost);
        try std.testing.expect(found.ends > 0);
    };
}

test "nor with two dispatchers that wake one VRI" {
    for (std.enums.values(Order)) |order| {
        const rules: Rules = .{ .order = order, .kernel = .futex, .publishers = 2, .rounds = 1 };
        const found = try search(rules);
        try std.testing.expectEqual(0, found.lost);
        try std.testing.expect(found.ends > 0);
        var unfenced = rules;
        unfenced.publisher_fences = false;
        try std.testing.expect((try search(unfenced)).lost > 0);
    }
    const longer = try search(.{
        .order = .oldest_first,
        .kernel = .futex,
        .publishers = 2,
        .rounds = 2,
    });
    try std.testing.expectEqual(0, longer.lost);
}

test "nor where the control thread clears the flag first and wakes later, if it does" {
    for (std.enums.values(Order)) |order| {
        var rules: Rules = .{ .order = order, .kernel = .futex, .publishers = 2, .promise = .kept };
        const found = try search(rules);
        try std.testing.expectEqual(0, found.lost);
        try std.testing.expect(found.ends > 0);
        rules.promise = .broken;
        try std.testing.expect((try search(rules)).lost > 0);
    }
}

test "without a fence on either side the search finds the wake-up that is lost" {
    for (std.enums.values(Order)) |order| for (std.enums.values(Kernel)) |kernel| {
        const of: Rules = .{ .order = order, .kernel = kernel };
        var rules = of;
        rules.publisher_fences = false;
        try std.testing.expect((try search(rules)).lost > 0);
        rules = of;
        rules.sleeper_fences = false;
        // A futex's own lock orders the flag before the sleep, but not before the look.
        try std.testing.expect((try search(rules)).lost > 0);
    };
}
