//! What the control thread says of slots that the kernel has (`frame_pool.zig`), while the
//! dispatcher runs: how many queues share them, and whose sockets are gone.

/// Sockets that a slot is lent to. Never used again, so that what went is not taken for what came.
pub const Borrower = u32;

/// More than interfaces may come and go between two looks of the dispatcher.
const room = 256;

pub const Lending = struct {
    queue_count: u32 = 0,
    /// Borrowers whose sockets were closed since the dispatcher last looked.
    gone: [room]Borrower = undefined,
    written: u32 = 0, // the control thread's
    read: u32 = 0, // the dispatcher's

    /// Control thread: one queue more, or fewer.
    pub fn join(l: *Lending) void {
        _ = @atomicRmw(u32, &l.queue_count, .Add, 1, .monotonic);
    }

    pub fn leave(l: *Lending) void {
        _ = @atomicRmw(u32, &l.queue_count, .Sub, 1, .monotonic);
    }

    /// Dispatcher.
    pub inline fn queues(l: *const Lending) u32 {
        return @atomicLoad(u32, &l.queue_count, .monotonic);
    }

    /// Control thread: the sockets of this borrower are closed, and the kernel is out of its slots.
    pub fn disown(l: *Lending, borrower: Borrower) void {
        const behind = l.written -% @atomicLoad(u32, &l.read, .acquire);
        if (behind == room) return; // its slots stay out: nobody looks any more
        l.gone[l.written % room] = borrower;
        // Release: the borrower before its number. Pairs with the acquire in `next`.
        @atomicStore(u32, &l.written, l.written +% 1, .release);
    }

    /// Dispatcher: a borrower that is gone; `done` follows.
    pub fn next(l: *const Lending) ?Borrower {
        const written = @atomicLoad(u32, &l.written, .acquire);
        return if (l.read == written) null else l.gone[l.read % room];
    }

    pub fn done(l: *Lending) void {
        @atomicStore(u32, &l.read, l.read +% 1, .release);
    }
};
