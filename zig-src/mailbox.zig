//! The one-slot mailbox between the control thread and the dispatcher: a whole plan, what of it
//! can't wait until it is built, and the word to stop. The loop takes it between passes; nobody
//! else changes the loop's state.
const abi = @import("abi.zig");
const Plan = @import("plan.zig").Plan;

/// A VRI that runs, or leaves, by the plan that is about to come.
pub const Change = struct { vri: u32, state: abi.VriState, decided_ns: u64 };
pub const changes_max = abi.max_announcements;

pub const Mailbox = struct {
    plan: ?*Plan = null,
    stop: bool = false,
    changes: [changes_max]Change = undefined,
    change_count: u32 = 0,

    /// Control thread, while `plan` is empty: ahead of the plan that says the same. False while the
    /// last ones are being made, which is over with the pass that took their plan.
    pub fn announce(m: *Mailbox, changes: []const Change) bool {
        // Acquire: pairs with `forget`. From here on nobody reads them.
        if (@atomicLoad(u32, &m.change_count, .acquire) != 0) return false;
        @memcpy(m.changes[0..changes.len], changes);
        // Release: the changes before their number. Pairs with the acquire in `announced`.
        @atomicStore(u32, &m.change_count, @intCast(changes.len), .release);
        return true;
    }

    /// Dispatcher, after `take`: what was announced.
    pub inline fn announced(m: *Mailbox) []const Change {
        if (!m.announces()) return &.{};
        return m.changes[0..@atomicLoad(u32, &m.change_count, .acquire)];
    }

    /// Whether some of it waits to be done.
    pub inline fn announces(m: *const Mailbox) bool {
        return @atomicLoad(u32, &m.change_count, .monotonic) != 0;
    }

    /// Dispatcher: that is done.
    pub fn forget(m: *Mailbox) void {
        @atomicStore(u32, &m.change_count, 0, .release);
    }

    /// Control thread. False while the last plan has not been taken.
    pub fn put(m: *Mailbox, plan: *Plan) bool {
        if (@atomicLoad(?*Plan, &m.plan, .monotonic) != null) return false;
        // Release: the plan's memory before its pointer. Pairs with the acquire in `take`.
        @atomicStore(?*Plan, &m.plan, plan, .release);
        return true;
    }

    /// Whether a plan waits to be taken.
    pub fn full(m: *const Mailbox) bool {
        return @atomicLoad(?*Plan, &m.plan, .acquire) != null;
    }

    /// Whether there is something for the dispatcher.
    pub fn waits(m: *const Mailbox) bool {
        return m.full() or m.stopping() or m.announces();
    }

    /// Dispatcher. While a plan waits nothing is announced, so what was before, and is not made
    /// yet, is older, and must not come after it.
    pub fn take(m: *Mailbox) ?*Plan {
        const plan = @atomicLoad(?*Plan, &m.plan, .acquire) orelse return null;
        if (m.announces()) m.forget();
        // Release: that, and all looks at earlier plans, before the mailbox is empty. Pairs with
        // the acquire in `full`.
        @atomicStore(?*Plan, &m.plan, null, .release);
        return plan;
    }

    pub fn halt(m: *Mailbox) void {
        @atomicStore(bool, &m.stop, true, .release);
    }

    pub fn stopping(m: *const Mailbox) bool {
        return @atomicLoad(bool, &m.stop, .acquire);
    }
};
