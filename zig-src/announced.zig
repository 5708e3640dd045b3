//! VRIs that run, or leave, ahead of the plan that says so. Building a plan takes longer than all
//! else of an allocation, so the control thread announces what changes first, and the dispatcher
//! makes that of the plan in force. The plan that follows says the same and finds it done. What is
//! not announced (other changes, or too many) comes with the plan alone.
const std = @import("std");
const dispatch = @import("dispatch.zig");
const mailbox = @import("mailbox.zig");
const plans = @import("plan.zig");
const Vri = @import("vri_adapter.zig").Vri;

/// Dispatcher, between passes.
pub fn take(d: *dispatch.Dispatcher) void {
    const changes = d.mail.announced();
    if (changes.len == 0) return;
    const now_ns = dispatch.monotonicNs();
    for (changes) |*change| make(d.plan, change, now_ns);
    d.mail.forget();
}

fn make(plan: *plans.Plan, change: *const mailbox.Change, now_ns: u64) void {
    if (plan.vri_by_number.len == 0) return; // the empty plan before the first
    const vri = plan.vri_by_number[change.vri] orelse return;
    if (!vri.live()) return;
    const entry = for (plan.vrs) |*it| {
        if (it.vr == vri.vr) break it;
    } else return;
    const running = switch (change.state) {
        .running => if (vri.state == .attaching) with(entry, vri) orelse return else return,
        .draining => if (vri.state == .running) without(entry, vri) orelse return else return,
        .attaching, .dead => return,
    };
    vri.enter(change.state, change.decided_ns, now_ns);
    const vr = vri.vr;
    var sharers: u32 = 0;
    var leaving = false;
    for (plan.vris) |*it| if (it.vri.vr == vr) switch (it.vri.state) {
        .running => sharers += 1,
        .draining => {
            sharers += 1;
            leaving = true;
        },
        .attaching, .dead => {},
    };
    for (plan.vris) |*it| if (it.vri.vr == vr) {
        it.vri.share = vr.pool.shareOf(sharers);
    };
    vr.adopt(running, entry.all_loads[0..running.len], plan.vri_by_number, leaving);
    // Roused already, unless it was just about to sleep then.
    if (change.state == .running) vri.wake();
}

/// The VR's running VRIs and one more. In the plan's memory, where they are already.
fn with(entry: *const plans.VrEntry, vri: *Vri) ?[]*Vri {
    const before = entry.vr.running;
    if (before.len == entry.all.len) return null;
    std.mem.copyForwards(*Vri, entry.all[0..before.len], before);
    entry.all[before.len] = vri;
    return entry.all[0 .. before.len + 1];
}

fn without(entry: *const plans.VrEntry, vri: *Vri) ?[]*Vri {
    const before = entry.vr.running;
    const index = std.mem.indexOfScalar(*Vri, before, vri) orelse return null;
    std.mem.copyForwards(*Vri, entry.all[0..before.len], before);
    entry.all[index] = entry.all[before.len - 1];
    return entry.all[0 .. before.len - 1];
}
