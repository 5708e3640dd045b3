//! The one-slot mailbox between the control thread and the dispatcher: a whole plan, and the word
//! to stop. The loop takes it between passes; nobody else changes the loop's state.
const std = @import("std");
const Plan = @import("plan.zig").Plan;

pub const Mailbox = struct {
    plan: ?*Plan = null,
    stop: bool = false,

    /// Control thread. False while the last plan has not been taken.
    pub fn put(m: *Mailbox, plan: *Plan) bool {
        if (@atomicLoad(?*Plan, &m.plan, .monotonic) != null) return false;
        // Release: the plan's memory before its pointer. Pairs with the acquire in `take`.
        @atomicStore(?*Plan, &m.plan, plan, .release);
        return true;
    }

    pub fn full(m: *const Mailbox) bool {
        return @atomicLoad(?*Plan, &m.plan, .monotonic) != null;
    }

    /// Dispatcher.
    pub fn take(m: *Mailbox) ?*Plan {
        if (@atomicLoad(?*Plan, &m.plan, .monotonic) == null) return null;
        return @atomicRmw(?*Plan, &m.plan, .Xchg, null, .acquire);
    }

    pub fn halt(m: *Mailbox) void {
        @atomicStore(bool, &m.stop, true, .release);
    }

    pub fn stopping(m: *const Mailbox) bool {
        return @atomicLoad(bool, &m.stop, .acquire);
    }
};
