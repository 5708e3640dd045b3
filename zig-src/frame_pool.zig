//! A VR's arena: frame slots in shared memory, and what the dispatcher alone knows of them. Used by
//! the dispatcher's thread only.
//!
//! Several dispatchers share the arena's memory, not its slots: each has as many of them, those of
//! the first come first, and knows of no other's, so that a VRI can't give one dispatcher what is
//! another's. A slot's number says whose it is (`vr_link.zig`).
//!
//! Free slots are reused last-in first-out, so that the hot ones stay in cache (worth a factor of
//! four at 1518 bytes in the prototype). A slot's owner says who may give it back: the check that
//! makes descriptors from a VRI safe to follow.
//!
//! The arena lies on huge pages where they are to be had. VRIs of a VR share it; each may hold its
//! share of the slots (`Vri.room`), so one that gives nothing back starves only itself.
//!
//! Behind the ordinary slots there may be resident ones, whose frames stay there (`residence.zig`):
//! they are never on the list of free slots.
//!
//! Where `af_xdp` needs no copy, the kernel has slots as well: empty ones to receive into, those of
//! frames that leave. They are nobody else's until the adapter gives them back (`lend`,
//! `giveLent`), or until the sockets that they were lent to are gone (`collectDisowned`).
const std = @import("std");
const abi = @import("abi.zig");
const lending = @import("lending.zig");
const shm = @import("shm.zig");

/// Who holds a slot: nobody, a VRI with a frame in it, or a VRI as an empty slot on loan.
pub const Owner = packed struct(u16) {
    vri_plus_1: u15 = 0,
    empty: bool = false,

    /// The dispatcher itself: a frame that waits for its flow's earlier ones.
    pub const parked: Owner = .{ .vri_plus_1 = std.math.maxInt(u15) };
    pub const nobody: Owner = .{};
    /// The kernel's sockets. Neither a frame in flight nor anything a VRI may give back.
    pub const kernel: Owner = .{ .empty = true };
    pub fn frame(vri: u32) Owner {
        return .{ .vri_plus_1 = @intCast(vri + 1) };
    }
    pub fn loan(vri: u32) Owner {
        return .{ .vri_plus_1 = @intCast(vri + 1), .empty = true };
    }
    pub fn is(a: Owner, b: Owner) bool {
        return @as(u16, @bitCast(a)) == @as(u16, @bitCast(b));
    }
};

/// What the dispatcher knows of a slot: eight bytes, so that a frame's way in and out touches one
/// line of this besides the frame itself. All zero: free.
pub const Slot = extern struct {
    owner: Owner = .nobody,
    tag: u16 = 0, // VLAN tag control information that the frame came with: its priority is kept
    flow: u32 = no_flow, // of a slot that is the kernel's: the borrower

    pub const free: Slot = .{};
};

/// `Slot.flow` of no frame of a flow: empty, of a VRI's own making, balanced frame by frame.
pub const no_flow: u32 = 0;
/// `Slot.flow` of a frame that was dispatched while flows were not looked at (`vr.zig`).
pub const untracked: u32 = 1;
/// Added to an index into the flow table.
pub const first_flow: u32 = 2;

pub const Borrower = lending.Borrower;

pub const FramePool = struct {
    segment: shm.Segment, // the first dispatcher's pool made it
    pages: abi.ArenaPages,
    slot_bytes: u32,
    slot_count: u32, // of all dispatchers, resident ones too
    first: u32 = 0, // of this dispatcher's
    own_count: u32, // so many are this dispatcher's, resident ones too
    ordinary_count: u32, // of which so many are not resident
    kernel_count: u32 = 0, // of which so many are no VRI's share: the kernel's, where it needs them
    lent_count: u32 = 0, // slots that the kernel has
    lending: lending.Lending = .{},
    resident_from: u32, // slots from here on are resident
    resident_used: u32 = 0, // of which so many have their frame
    free: []u32, // stack; as long as all own slots, so that `give` may write before it decides
    free_count: u32,
    /// The fewest that were ever free. The stack begins as all numbers downwards, so what lies
    /// below that are the highest numbers, never taken: nobody need look at them to count frames.
    free_least: u32,
    slots: []Slot, // of all dispatchers; others' are nobody's here

    /// The first of `sharers` dispatchers' pools. Residents are for one dispatcher alone. Of the
    /// `ordinary` slots `kernel` are no VRI's.
    pub fn init(
        gpa: std.mem.Allocator,
        slot_bytes: u32,
        ordinary: u32,
        resident: u32,
        kernel: u32,
        sharers: u32,
    ) !FramePool {
        const slot_count = ordinary * sharers + resident;
        // Whole huge pages: memory that is never touched costs nothing.
        const bytes_used = @as(usize, slot_bytes) * slot_count;
        const arena = try shm.createArena(
            std.mem.alignForward(usize, bytes_used, shm.huge_page_bytes),
        );
        errdefer shm.detach(arena.segment.memory);
        var pool: FramePool = .{
            .segment = arena.segment,
            .pages = arena.pages,
            .slot_bytes = slot_bytes,
            .slot_count = slot_count,
            .own_count = ordinary + resident,
            .ordinary_count = ordinary,
            .kernel_count = kernel,
            .resident_from = slot_count - resident,
            .free = undefined,
            .free_count = ordinary,
            .free_least = ordinary,
            .slots = undefined,
        };
        try pool.stock(gpa);
        return pool;
    }

    /// The pool of dispatcher `number` in the arena that the first one's pool made.
    pub fn join(gpa: std.mem.Allocator, it: *const FramePool, number: u32) !FramePool {
        var pool = it.*;
        pool.first = number * pool.ordinary_count;
        pool.free_count = pool.ordinary_count;
        pool.free_least = pool.ordinary_count;
        try pool.stock(gpa);
        return pool;
    }

    fn stock(p: *FramePool, gpa: std.mem.Allocator) !void {
        p.free = try gpa.alloc(u32, p.own_count);
        errdefer gpa.free(p.free);
        p.slots = try gpa.alloc(Slot, p.slot_count);
        const last = p.first + p.ordinary_count - 1;
        for (p.free[0..p.ordinary_count], 0..) |*slot, i| slot.* = last - @as(u32, @intCast(i));
        @memset(p.slots, .free);
    }

    /// Those that join go before the one that made the arena.
    pub fn deinit(p: *FramePool, gpa: std.mem.Allocator) void {
        if (p.first == 0) shm.detach(p.segment.memory);
        gpa.free(p.free);
        gpa.free(p.slots);
    }

    /// What is known of this dispatcher's slots, from `first` on.
    pub fn ownSlots(p: *const FramePool) []Slot {
        return p.slots[p.first..][0..p.own_count];
    }

    /// A free slot, or null.
    pub inline fn take(p: *FramePool) ?u32 {
        if (p.free_count == 0) return null;
        p.free_count -= 1;
        p.noteLeast();
        return p.free[p.free_count];
    }

    /// Slots that each of so many VRIs may hold.
    pub fn shareOf(p: *const FramePool, vris: u32) u32 {
        return (p.own_count - p.kernel_count) / @max(vris, 1);
    }

    /// Free slots for the kernel to receive into, `most` or as many as there are. In the order in
    /// which they became free: frames that come after each other then lie beside each other, as
    /// those before them did.
    pub fn lend(p: *FramePool, borrower: Borrower, most: u32) []const u32 {
        const count = @min(most, p.free_count);
        p.free_count -= count;
        p.noteLeast();
        p.lent_count += count;
        const lent = p.free[p.free_count..][0..count];
        for (lent) |slot| p.slots[slot] = .{ .owner = .kernel, .flow = borrower };
        return lent;
    }

    /// A slot whose frame the kernel is about to send.
    pub inline fn lendFilled(p: *FramePool, slot: u32, borrower: Borrower) void {
        p.slots[slot] = .{ .owner = .kernel, .flow = borrower };
        p.lent_count += 1;
    }

    /// A slot that the kernel is through with. Not so if it isn't the kernel's.
    pub inline fn giveLent(p: *FramePool, slot: u32) void {
        if (slot >= p.slot_count or !p.slots[slot].owner.is(.kernel)) return;
        p.lent_count -= 1;
        p.give(slot);
    }

    /// Dispatcher, now and then: takes back what borrowers have left.
    pub fn collectDisowned(p: *FramePool) void {
        while (p.lending.next()) |borrower| : (p.lending.done()) {
            for (p.ownSlots(), p.first..) |*slot, number| {
                if (slot.owner.is(.kernel) and slot.flow == borrower) p.giveLent(@intCast(number));
            }
        }
    }

    /// After some were taken.
    pub inline fn noteLeast(p: *FramePool) void {
        p.free_least = @min(p.free_least, p.free_count);
    }

    /// Ordinary slots that were ever taken.
    pub fn touched(p: *const FramePool) []const Slot {
        return p.slots[p.first..][0 .. p.ordinary_count - p.free_least];
    }

    pub fn residents(p: *const FramePool) []const Slot {
        return p.slots[p.resident_from..];
    }

    pub inline fn give(p: *FramePool, slot: u32) void {
        p.slots[slot] = .free;
        p.free[p.free_count] = slot;
        p.free_count += @intFromBool(slot < p.resident_from);
    }

    /// Of all slots.
    pub fn slotBytes(p: *const FramePool) usize {
        return @as(usize, p.slot_count) * p.slot_bytes;
    }

    /// Whether these bytes lie in the arena.
    pub inline fn holds(p: *const FramePool, memory: []const u8) bool {
        const start = @intFromPtr(p.segment.memory.ptr);
        return @intFromPtr(memory.ptr) -% start < p.segment.memory.len;
    }

    pub inline fn bytes(p: *const FramePool, slot: u32) [*]u8 {
        return p.segment.memory.ptr + @as(usize, slot) * p.slot_bytes;
    }
};
