const abi = @import("abi.zig");
pub fn lastError(_: []u8) i32 { return 0; }
pub fn start(_: *const abi.StartConfig) i32 { return -38; }
pub fn stop() void {}
pub fn portOpen(_: *const abi.PortConfig) i32 { return -38; }
pub fn portClose(_: u32) i32 { return -38; }
pub fn adapterAvailable(_: u32) i32 { return -38; }
pub fn vrCreate(_: *const abi.VrConfig) i32 { return -38; }
pub fn vrDestroy(_: u32) i32 { return -38; }
pub fn vriCreate(_: *const abi.VriConfig, _: *abi.VriCreated) i32 { return -38; }
pub fn vriDestroy(_: u32) i32 { return -38; }
pub fn vriInherit(_: u32, _: bool) i32 { return -38; }
pub fn plan(_: []const u8) i32 { return -38; }
pub fn eventSend(_: u32, _: u32, _: []const u8) i32 { return -38; }
pub fn eventReceive(_: []u8) i32 { return -38; }
pub fn snapshotRequest() u64 { return 0; }
pub fn snapshotPointer() ?*abi.Snapshot { return null; }
pub fn wait(_: u32) i32 { return 0; }
pub fn wake() void {}
