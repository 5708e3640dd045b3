//! Control events on their way: from the control thread's outboxes into the VRIs' control-in
//! queues, which only the dispatcher writes; from the VRIs' control-out queues to lvrm or to the
//! sender's siblings. A full queue holds up its sender only.
const std = @import("std");
const linux = std.os.linux;
const abi = @import("abi.zig");
const control = @import("ipc_queue/control.zig");
const dispatch = @import("dispatch.zig");
const plans = @import("plan.zig");
const Vri = @import("vri_adapter.zig").Vri;

/// Dispatcher → control thread.
pub const ToControl = struct {
    producer: control.Producer, // dispatcher
    consumer: control.Consumer, // control thread
    notify_fd: i32, // eventfd on which `lvrm_wait` waits

    pub fn notify(t: *const ToControl) void {
        const one: u64 = 1;
        _ = linux.write(t.notify_fd, std.mem.asBytes(&one), 8);
    }
};

/// At most this many events from one VRI a pass, so that a talkative one delays no frame.
const events_per_pass = 16;
/// And at most this many for lvrm itself every few milliseconds (`Vri.asked`): all VRIs share the
/// one queue to the control thread, which may take some time for each.
pub const asks_per_tick = 64;

/// Where an event lies on its way. Not on the stack, where safe builds fill what is undefined, all
/// 4 KiB of it for an event of a few bytes.
pub const Scratch = struct {
    header: abi.EventHeader = undefined,
    payload: [abi.max_event_bytes]u8 = undefined,
};

pub fn relay(d: *dispatch.Dispatcher) u32 {
    var moved: u32 = 0;
    const all = d.plan.vris;
    for (all) |*entry| entry.vri.setEventsWait(false);
    // Each in turn is the first, and finds what room there is in a queue that others fill.
    const first = if (all.len == 0) 0 else d.totals.passes % all.len;
    for ([_][]const plans.VriEntry{ all[first..], all[0..first] }) |some| for (some) |*entry| {
        const vri = entry.vri;
        if (!vri.live()) continue;
        if (!vri.outbox_out.empty()) moved += deliver(d, vri);
        if (!vri.control_out.empty()) moved += accept(d, vri);
    };
    return moved;
}

/// Outbox → control-in, as far as there is room.
fn deliver(d: *dispatch.Dispatcher, vri: *Vri) u32 {
    const header = &d.event.header;
    var count: u32 = 0;
    while (vri.outbox_out.peek(header, &d.event.payload)) |bytes| {
        if (!vri.tell(header.*, bytes, &vri.outbox_block)) break;
        vri.outbox_out.take(header.bytes);
        count += 1;
    }
    if (vri.control_in.bad) refuseAs(vri, .bad_index);
    if (count != 0) {
        dispatch.fullFence();
        vri.wake();
    }
    return count;
}

/// Control-out → lvrm or siblings.
fn accept(d: *dispatch.Dispatcher, vri: *Vri) u32 {
    const header = &d.event.header;
    var count: u32 = 0;
    while (count < events_per_pass) : (count += 1) {
        vri.control_block = .{};
        const bytes = vri.control_out.peek(header, &d.event.payload) orelse break;
        const size = header.bytes;
        const target = header.source;
        header.source = vri.number;
        const taken = switch (@as(abi.EventKind, @enumFromInt(header.kind))) {
            .need_neighbour, .renew_neighbour, .handler_reply => toControl(d, vri, header.*, bytes),
            .siblings => toSiblings(d, vri, header.*, bytes),
            .sibling => taken: {
                if (target >= abi.max_vris or target == vri.number) return refuse(vri, count);
                break :taken toSibling(d, vri, target, header.*, bytes);
            },
            else => return refuse(vri, count),
        };
        if (!taken) break; // it stays in its sender's queue
        vri.control_out.take(size);
    }
    if (vri.control_out.bad) _ = refuse(vri, count);
    return count;
}

fn refuse(vri: *Vri, count: u32) u32 {
    refuseAs(vri, .bad_event);
    return count;
}

fn refuseAs(vri: *Vri, violation: abi.Violation) void {
    vri.violate(violation);
    vri.vr.withdraw(vri);
}

fn toControl(
    d: *dispatch.Dispatcher,
    vri: *Vri,
    header: abi.EventHeader,
    bytes: []const u8,
) bool {
    if (vri.asked == asks_per_tick or !d.events.producer.push(header, bytes)) return false;
    vri.asked += 1;
    d.events.notify();
    return true;
}

/// To all siblings or to none yet: an event is never delivered twice.
fn toSiblings(
    d: *dispatch.Dispatcher,
    sender: *Vri,
    header: abi.EventHeader,
    bytes: []const u8,
) bool {
    for (d.plan.vris) |*entry| if (isSibling(sender, entry.vri)) {
        if (!entry.vri.hasRoom(@intCast(bytes.len), &sender.control_block))
            return badOrFull(entry.vri);
    };
    for (d.plan.vris) |*entry| if (isSibling(sender, entry.vri)) {
        _ = entry.vri.tell(header, bytes, &sender.control_block);
    };
    dispatch.fullFence();
    for (d.plan.vris) |*entry| if (isSibling(sender, entry.vri)) entry.vri.wake();
    return true;
}

/// A number that is no sibling's may have been one's a moment ago, and may be another VR's by now:
/// the event is lost, and nobody is to blame.
fn toSibling(
    d: *dispatch.Dispatcher,
    sender: *Vri,
    target: u32,
    header: abi.EventHeader,
    bytes: []const u8,
) bool {
    const known = if (d.plan.vri_by_number.len == 0) null else d.plan.vri_by_number[target];
    const other = if (known) |vri| (if (isSibling(sender, vri)) vri else null) else null;
    const to = other orelse {
        d.totals.events_lost += 1;
        return true;
    };
    if (!to.tell(header, bytes, &sender.control_block)) return badOrFull(to);
    dispatch.fullFence();
    to.wake();
    return true;
}

/// The receiver's queue didn't take an event: it is full, and the sender waits; or the receiver
/// spoilt its index, and then it is no longer there to wait for.
fn badOrFull(to: *Vri) bool {
    if (!to.control_in.bad) return false;
    refuseAs(to, .bad_index);
    return false;
}

fn isSibling(sender: *const Vri, other: *const Vri) bool {
    return other.vr == sender.vr and other != sender and other.live() and
        @atomicLoad(u32, &other.link.vri_words.attached, .acquire) == 1;
}
