//! Root of the Zig tests: every file that has some.
test {
    _ = @import("exports.zig");
    _ = @import("vr_exports.zig");
    _ = @import("affinity.zig");
    _ = @import("checksum.zig");
    _ = @import("segment.zig");
    _ = @import("partial_checksum.zig");
    _ = @import("prefix_trie.zig");
    _ = @import("classifier.zig");
    _ = @import("netlink.zig");
    _ = @import("ipc_queue/conformance.zig");
    _ = @import("ipc_queue/control_test.zig");
    _ = @import("balancer/conformance.zig");
    _ = @import("flow.zig");
    _ = @import("order_test.zig");
    _ = @import("patience.zig");
    _ = @import("idle_test.zig");
    _ = @import("idle_model_test.zig");
    _ = @import("frame_pool_test.zig");
    _ = @import("collect_test.zig");
    _ = @import("events_test.zig");
    _ = @import("wake_test.zig");
    _ = @import("busy_test.zig");
    _ = @import("load_estimator/queue_length.zig");
    _ = @import("load_estimator/ewma.zig");
    _ = @import("load_estimator/busy_fraction.zig");
    _ = @import("load_estimator/arrival_rate.zig");
    _ = @import("load_estimator/conformance.zig");
    _ = @import("trace.zig");
    _ = @import("capture.zig");
    _ = @import("schedule.zig");
    _ = @import("residence.zig");
    _ = @import("socket_adapter/conformance.zig");
    _ = @import("socket_adapter/packet_mmap.zig");
    _ = @import("socket_adapter/af_xdp/btf.zig");
    _ = @import("socket_adapter/af_xdp/program_test.zig");
}
