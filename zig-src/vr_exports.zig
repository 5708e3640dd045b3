//! The C face of `liblvrm_vr`, for VRs in any language: what `vrs/include/lvrm_vr.h` declares and
//! documents.
const std = @import("std");
const abi = @import("abi.zig");
const vr_link = @import("vr_link.zig");
const VrLink = vr_link.VrLink;

pub const std_options = @import("lean.zig").std_options;
pub const panic = @import("lean.zig").panic;

var last_error: [*:0]const u8 = "";

/// Of the layouts that this library was built with.
pub export fn lvrm_vr_abi_hash() u64 {
    return abi.hash;
}

/// `hash`: of the declarations that the VR was built with.
pub export fn lvrm_vr_attach_as(hash: u64) ?*VrLink {
    if (hash == abi.hash) return lvrm_vr_attach();
    last_error = other_version;
    return null;
}

const other_version = "this VR was built for another version of lvrm: build it again with this " ++
    "lvrm's lvrm_vr.h (or Rust crate, or TypeScript module) and liblvrm_vr";

pub export fn lvrm_vr_attach() ?*VrLink {
    return vr_link.attach(std.heap.c_allocator, std.c.getenv("LVRM_LINK")) catch |e| {
        last_error = switch (e) {
            error.NotUnderLvrm => "LVRM_LINK is not set: a VR is started by lvrm " ++
                "(lvrm --vr SUBNET='./this-program')",
            error.BadLink => "LVRM_LINK does not name a link of lvrm",
            error.OtherVersion => other_version,
            error.NoLink => "cannot attach to the link: lvrm is gone, or this process may " ++
                "not use its shared memory",
            error.NoArena => "cannot attach to the VR's arena: lvrm is gone, or this process " ++
                "may not use its shared memory",
            error.OutOfMemory => "out of memory",
        };
        return null;
    };
}

pub export fn lvrm_vr_error() [*:0]const u8 {
    return last_error;
}

pub export fn lvrm_vr_ready(l: *VrLink, wants: u32, ports: ?*const [4]u64) void {
    l.state().ready(wants, if (ports) |p| p.* else @splat(~@as(u64, 0)));
}

pub export fn lvrm_vr_alive(l: *VrLink) bool {
    return l.state().alive();
}

pub export fn lvrm_vr_receive(l: *VrLink, frames: [*]u64, max: usize) usize {
    return l.state().receive(frames[0..max]);
}

pub export fn lvrm_vr_send(l: *VrLink, frames: [*]const u64, count: usize) usize {
    return l.state().send(frames[0..count]);
}

pub export fn lvrm_vr_take_empty(l: *VrLink, frames: [*]u64, max: usize) usize {
    return l.state().takeEmpty(frames[0..max]);
}

pub export fn lvrm_vr_receive_event(
    l: *VrLink,
    header: *abi.EventHeader,
    payload: *[abi.max_event_bytes]u8,
) bool {
    return l.state().receiveEvent(header, payload);
}

pub export fn lvrm_vr_send_event(l: *VrLink, kind: u16, payload: [*]const u8, bytes: usize) c_int {
    const errno = l.state().sendEvent(kind, l.state().number(), payload[0..bytes]);
    return -@as(c_int, @intFromEnum(errno));
}

pub export fn lvrm_vr_number(l: *VrLink) u32 {
    return l.state().number();
}

pub export fn lvrm_vr_send_sibling(
    l: *VrLink,
    number: u32,
    payload: [*]const u8,
    bytes: usize,
) c_int {
    const kind = @intFromEnum(abi.EventKind.sibling);
    return -@as(c_int, @intFromEnum(l.state().sendEvent(kind, number, payload[0..bytes])));
}

pub export fn lvrm_vr_add_busy(l: *VrLink, ns: u64) void {
    l.state().busy.tell(ns);
}

pub export fn lvrm_vr_wait(l: *VrLink, timeout_ms: u32) void {
    l.state().wait(timeout_ms);
}
