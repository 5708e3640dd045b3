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
//! would find others.
const std = @import("std");

const Order = enum { oldest_first, any };
const Kernel = enum { futex, eventfd };
const Rules = struct {
    order: Order,
    kernel: Kernel,
    publisher_fences: bool = true,
    sleeper_fences: bool = true,
};

const rounds = 2; // publications of a run

const Place = enum(u1) { published, flag };
const Store = struct { place: Place = .published, value: u8 = 0 };

const Publisher = enum { publish, fence, look, clear, wake, done };
const Sleeper = enum { set, fence, look, sleep, asleep, clear, take, done };

const State = struct {
    memory: [2]u8 = @splat(0),
    buffers: [2][4]Store = @splat(@splat(.{})), // publisher's, sleeper's
    counts: [2]u8 = @splat(0),
    publisher: Publisher = .publish,
    published: u8 = 0,
    sleeper: Sleeper = .set,
    taken: u8 = 0,
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
        for (0..2) |thread| for (0..s.counts[thread]) |i| {
            var next = s;
            if (!next.drain(thread, i, f.rules.order)) continue;
            moved = true;
            try f.visit(next);
        };
        var next = s;
        if (f.stepPublisher(&next)) {
            moved = true;
            try f.visit(next);
        }
        next = s;
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
                writer.writeByte(@as(u8, @intFromEnum(it.place)) << 7 | it.value) catch unreachable;
        }
        const rest = [_]u8{
            @intFromEnum(s.publisher), s.published,             @intFromEnum(s.sleeper),
            s.taken,                   @intFromBool(s.pending),
        };
        writer.writeAll(&rest) catch unreachable;
    }

    /// One step of the publisher; false when it has none.
    fn stepPublisher(f: *Search, s: *State) bool {
        switch (s.publisher) {
            .publish => {
                if (s.published == rounds) {
                    s.publisher = .done;
                    return true;
                }
                s.published += 1;
                if (!s.store(0, .published, s.published)) return false;
                s.publisher = if (f.rules.publisher_fences) .fence else .look;
            },
            .fence => {
                if (s.counts[0] != 0) return false;
                s.publisher = .look;
            },
            .look => {
                if (s.load(0, .flag) == 0) {
                    s.publisher = .publish;
                } else {
                    s.publisher = if (f.rules.kernel == .futex) .clear else .wake;
                }
            },
            .clear => {
                if (!s.store(0, .flag, 0)) return false;
                s.publisher = .wake;
            },
            .wake => {
                if (f.rules.kernel == .eventfd) {
                    s.pending = true;
                } else {
                    // It has a full fence before it looks for sleepers.
                    if (s.counts[0] != 0) return false;
                    if (s.sleeper == .asleep) s.sleeper = .clear;
                }
                s.publisher = .publish;
            },
            .done => return false,
        }
        return true;
    }

    /// One step of the sleeper; false when it has none.
    fn stepSleeper(f: *Search, s: *State) bool {
        switch (s.sleeper) {
            .set => {
                if (!s.store(1, .flag, 1)) return false;
                s.sleeper = if (f.rules.sleeper_fences) .fence else .look;
            },
            .fence => {
                if (s.counts[1] != 0) return false;
                s.sleeper = .look;
            },
            .look => s.sleeper = if (s.load(1, .published) == s.taken) .sleep else .clear,
            .sleep => {
                if (f.rules.kernel == .futex) {
                    // Compared by the kernel under its lock, in memory.
                    if (s.counts[1] != 0) return false;
                    s.sleeper = if (s.load(1, .flag) == 1) .asleep else .clear;
                } else s.sleeper = .asleep;
            },
            .asleep => {
                if (!s.pending) return false;
                s.pending = false;
                s.sleeper = .clear;
            },
            .clear => {
                if (!s.store(1, .flag, 0)) return false;
                s.sleeper = .take;
            },
            .take => {
                s.taken = s.load(1, .published);
                s.sleeper = if (s.taken == rounds) .done else .set;
            },
            .done => return false,
        }
        return true;
    }
};

fn search(rules: Rules) !Search {
    var f: Search = .{ .rules = rules, .seen = .init(std.testing.allocator) };
    defer f.seen.deinit();
    try f.visit(.{});
    return f;
}

test "no wake-up is lost, in any order of steps and stores" {
    for (std.enums.values(Order)) |order| for (std.enums.values(Kernel)) |kernel| {
        const found = try search(.{ .order = order, .kernel = kernel });
        try std.testing.expectEqual(0, found.lost);
        try std.testing.expect(found.ends > 0);
    };
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
