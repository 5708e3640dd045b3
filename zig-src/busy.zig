//! A VRI's account of its busy time: from a look that finds frames to one that finds none. Both
//! ends are known from `wait`, which reads the clock anyway. A VRI that is never idle reads it once
//! in `batches` batches, so that it shows as busy too. Or the VR says itself how long it was busy.
const abi = @import("abi.zig");

const batches = 16; // between two looks at the clock while busy; a power of two

pub const Busy = struct {
    words: *abi.VriWords,
    since_ns: u64 = 0, // 0: idle
    ran_dry: bool = false, // busy, and the last look found nothing
    waited_ns: u64 = 0, // when `wait` returned; 0: frames were looked for since
    is_told: bool = false, // by the VR

    /// A look found frames. Returns whether it was idle.
    pub inline fn begin(b: *Busy) bool {
        const was_idle = b.since_ns == 0;
        b.ran_dry = false;
        if (!was_idle) {
            if (b.words.batches & (batches - 1) == 0) b.account(nowNs());
        } else if (!b.is_told) b.since_ns = if (b.waited_ns != 0) b.waited_ns else nowNs();
        b.waited_ns = 0;
        return was_idle;
    }

    /// A look found none. The second one in a row ends it, where the VR doesn't wait in between.
    pub inline fn lookAgain(b: *Busy) void {
        b.waited_ns = 0;
        if (b.since_ns == 0) return;
        if (b.ran_dry) b.end(nowNs());
        b.ran_dry = b.since_ns != 0;
    }

    /// It waits from now on.
    pub fn rest(b: *Busy, now_ns: u64) void {
        if (b.ran_dry) b.end(now_ns);
        b.waited_ns = now_ns;
    }

    /// What it was busy so far.
    pub fn account(b: *Busy, now_ns: u64) void {
        if (b.since_ns == 0) return;
        b.add(now_ns -% b.since_ns);
        b.since_ns = now_ns;
    }

    fn end(b: *Busy, now_ns: u64) void {
        b.account(now_ns);
        b.since_ns = 0;
        b.ran_dry = false;
    }

    /// The VR was busy for so long, by its own account, which goes instead from now on.
    pub fn tell(b: *Busy, ns: u64) void {
        b.is_told = true;
        b.since_ns = 0;
        b.ran_dry = false;
        b.add(ns);
    }

    fn add(b: *Busy, ns: u64) void {
        @atomicStore(u64, &b.words.busy_ns, b.words.busy_ns +% ns, .monotonic);
    }
};

const nowNs = @import("monotonic.zig").ns;
