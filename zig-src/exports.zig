//! Every C symbol of `liblvrm.so`, thin. All are called from one thread (Deno's main thread), but
//! for `lvrm_wait`, which Deno calls on a thread of its pool.
//!
//! Results are 0 or a count; a negative result is -errno, and `lvrm_last_error` gives the text.
//! Buffers hold the extern structs of `abi.zig`, each as a TypeScript DataView fills it.
const abi = @import("abi.zig");
const core = @import("core.zig");
const dispatch = @import("dispatch.zig");
const handover = @import("handover.zig");
const inventory = @import("inventory.zig");
const manifest = @import("manifest.zig");
const netlink = @import("netlink.zig");
const units = @import("units.zig");

pub const std_options = @import("lean.zig").std_options;
pub const panic = @import("lean.zig").panic;

/// Hash of layouts, signatures and variant names: compare before any other call.
pub export fn lvrm_abi_hash() callconv(.c) u64 {
    return manifest.hash;
}

/// Text of the last error, at most `bytes` bytes, into `text`; returns its length.
pub export fn lvrm_last_error(text: [*]u8, bytes: u32) callconv(.c) i32 {
    return units.lastError(text[0..bytes]);
}

/// Starts the dispatchers' threads. `config`: StartConfig.
pub export fn lvrm_start(config: *const abi.StartConfig) callconv(.c) i32 {
    return core.start(config);
}

/// Stops the dispatchers, joins them, closes ports and detaches every segment. Idempotent.
pub export fn lvrm_stop() callconv(.c) void {
    core.stop();
}

/// Opens a port's adapter; a later plan puts it in use. `config`: PortConfig.
pub export fn lvrm_port_open(config: *const abi.PortConfig) callconv(.c) i32 {
    return inventory.portOpen(config);
}

/// Closes a port that the plan in force doesn't name.
pub export fn lvrm_port_close(port: u32) callconv(.c) i32 {
    return inventory.portClose(port);
}

/// What the adapter of an open port tells of itself, UTF-8 without a terminator. Returns its bytes.
pub export fn lvrm_port_describe(port: u32, into: [*]u8, bytes: u32) callconv(.c) i32 {
    return inventory.portDescribe(port, into[0..bytes]);
}

/// 0 when the adapter can work on this machine; else -errno with the reason as last error.
pub export fn lvrm_adapter_available(adapter: u32) callconv(.c) i32 {
    return inventory.adapterAvailable(adapter);
}

/// Makes a VR's arena. `config`: VrConfig.
pub export fn lvrm_vr_create(config: *const abi.VrConfig) callconv(.c) i32 {
    return inventory.vrCreate(config);
}

/// Unmaps the arena of a VR that the plan in force doesn't name.
pub export fn lvrm_vr_destroy(vr: u32) callconv(.c) i32 {
    return inventory.vrDestroy(vr);
}

/// Makes a VRI's link. `config`: VriConfig; `created`: VriCreated.
pub export fn lvrm_vri_create(
    config: *const abi.VriConfig,
    created: *abi.VriCreated,
) callconv(.c) i32 {
    return inventory.vriCreate(config, created);
}

/// Unmaps the link of a VRI that the plan in force doesn't name (its process must be reaped).
pub export fn lvrm_vri_destroy(vri: u32) callconv(.c) i32 {
    return inventory.vriDestroy(vri);
}

/// Sets whether the VRI's wake-up descriptor survives an exec: 1 just before its process is
/// spawned, 0 just after, so that no other child inherits it.
pub export fn lvrm_vri_inherit(vri: u32, inherit: u32) callconv(.c) i32 {
    return inventory.vriInherit(vri, inherit != 0);
}

/// Hands over a whole plan (PlanHeader and what follows it). Returns its generation (> 0), which
/// the snapshot shows once the dispatcher has adopted it; -EAGAIN while an earlier one waits.
pub export fn lvrm_plan(plan: [*]const u8, bytes: u32) callconv(.c) i32 {
    return handover.plan(plan[0..bytes]);
}

/// Says ahead of the plan that VRIs run from now on, or leave: `count` times Announcement, at most
/// `max_announcements`. The dispatchers make it so at once; the plan that follows has to say the
/// same. -EAGAIN while a plan, or another announcement, waits, and where a VRI is not in the state,
/// by the last plan, that it would change from: then the plan alone tells.
pub export fn lvrm_announce(changes: [*]const abi.Announcement, count: u32) callconv(.c) i32 {
    return handover.announce(changes[0..count]);
}

/// Queues a control event for a VRI (the dispatcher puts it into its control-in queue, in order).
/// -EAGAIN when that VRI has too much waiting; try again later.
pub export fn lvrm_event_send(
    vri: u32,
    kind: u32,
    payload: [*]const u8,
    bytes: u32,
) callconv(.c) i32 {
    return core.eventSend(vri, kind, payload[0..bytes]);
}

/// Next control event that a VRI sent to lvrm, as EventHeader (source = the VRI) and payload.
/// Returns its bytes, 0 when there is none.
pub export fn lvrm_event_receive(buffer: [*]u8, bytes: u32) callconv(.c) i32 {
    return core.eventReceive(buffer[0..bytes]);
}

/// CLOCK_MONOTONIC in nanoseconds: the clock of snapshots and of `PlanVri.decided_ns`.
pub export fn lvrm_clock_ns() callconv(.c) u64 {
    return dispatch.monotonicNs();
}

/// Asks for a snapshot; returns its sequence number. The dispatcher wakes `lvrm_wait` when done.
pub export fn lvrm_snapshot_request() callconv(.c) u64 {
    return core.snapshotRequest();
}

/// The snapshots' memory (Snapshot, one for each dispatcher): valid until the process ends.
pub export fn lvrm_snapshot() callconv(.c) ?*abi.Snapshot {
    return core.snapshotPointer();
}

/// Blocks until a netlink socket is readable, an event or a snapshot is there, `lvrm_wake` was
/// called, or `timeout_ms` passed. Returns a bitmap: 1 events or snapshot, 2 woken, 4 netlink.
pub export fn lvrm_wait(timeout_ms: u32) callconv(.c) i32 {
    return core.wait(timeout_ms);
}

/// Ends a `lvrm_wait`.
pub export fn lvrm_wake() callconv(.c) void {
    core.wake();
}

/// Moves a VRI's process (a child of ours with one thread) to another core; 0: the dispatcher, -1:
/// the second one, and so on.
pub export fn lvrm_move(pid: i32, core_number: u32) callconv(.c) i32 {
    return core.move(pid, core_number);
}

/// Core that a VRI's process (0, -1, …: a dispatcher) is pinned to; -ENOTUNIQ when it may run on
/// several.
pub export fn lvrm_pinned_to(pid: i32) callconv(.c) i32 {
    return core.pinnedTo(pid);
}

/// Makes a trace for the adapters `memory` and `pcap`: `count` times TraceSpec, a frame of each in
/// turn; of none, an empty one. Returns its number.
pub export fn lvrm_trace_create(specs: [*]const abi.TraceSpec, count: u32) callconv(.c) i32 {
    return core.traceCreate(specs[0..count]);
}

/// Adds a captured frame to a trace made empty; `original_bytes` is its length on the wire,
/// `time_ns` when it was captured (since 1970; 0: not known).
pub export fn lvrm_trace_append(
    trace: u32,
    frame: [*]const u8,
    bytes: u32,
    original_bytes: u32,
    time_ns: u64,
) callconv(.c) i32 {
    return core.traceAppend(trace, frame[0..bytes], original_bytes, time_ns);
}

/// Frees a trace that no port uses.
pub export fn lvrm_trace_destroy(trace: u32) callconv(.c) i32 {
    return core.traceDestroy(trace);
}

/// What the trace's recording ports saw since the last reset, which `reset` not 0 asks for.
/// `report`: LatencyReport.
pub export fn lvrm_trace_latency(
    trace: u32,
    report: *abi.LatencyReport,
    reset: u32,
) callconv(.c) i32 {
    return core.traceLatency(trace, report, reset != 0);
}

/// Makes a capture file for the ports of an offline run (adapter `pcap`). `config`: CaptureConfig;
/// `path` in `bytes` bytes. Returns its number.
pub export fn lvrm_capture_create(
    config: *const abi.CaptureConfig,
    path: [*]const u8,
    bytes: u32,
) callconv(.c) i32 {
    return core.captureCreate(config, path[0..bytes]);
}

/// Once its ports are closed: asks the writer to end, and says how far it is. `report`:
/// CaptureReport. Call it until that is finished; then the capture is gone.
pub export fn lvrm_capture_finish(
    capture: u32,
    report: *abi.CaptureReport,
) callconv(.c) i32 {
    return core.captureFinish(capture, report);
}

/// Opens a netlink socket (non-blocking, close-on-exec; extended acknowledgements on) of
/// `protocol` (0 route, 12 netfilter), member of each group in the bitmap `groups` (group n is bit
/// n-1; groups above 32 by lvrm_netlink_join). Returns a descriptor.
pub export fn lvrm_netlink_open(
    protocol: u32,
    groups: u32,
    receive_buffer_bytes: u32,
) callconv(.c) i32 {
    return netlink.open(protocol, groups, receive_buffer_bytes);
}

/// Joins one more multicast group.
pub export fn lvrm_netlink_join(socket: i32, group: u32) callconv(.c) i32 {
    return netlink.join(socket, group);
}

/// Sends one datagram of netlink messages to the kernel.
pub export fn lvrm_netlink_send(socket: i32, message: [*]const u8, bytes: u32) callconv(.c) i32 {
    return netlink.send(socket, message[0..bytes]);
}

/// Receives one datagram from the kernel. -EAGAIN: none; -ENOBUFS: messages were lost.
pub export fn lvrm_netlink_receive(socket: i32, buffer: [*]u8, bytes: u32) callconv(.c) i32 {
    return netlink.receive(socket, buffer[0..bytes]);
}

pub export fn lvrm_netlink_close(socket: i32) callconv(.c) i32 {
    return netlink.close(socket);
}
