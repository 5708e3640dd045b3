/** Every size and time that the control plane chooses, in one place. */
import { limits } from "../../ffi/abi.gen.ts";
import type { Idle } from "../../ffi/core.ts";
import type { VrValues } from "./types.ts";

/**
 * Slots of one arena that up to eight VRIs share; more VRIs, more slots. A jumbo arena has fewer,
 * larger ones (64 MiB for eight VRIs). Slots that are never in use cost no memory.
 */
export const arena = {
  slot_bytes: limits.slot_bytes,
  slot_count: 8192,
  jumbo_slot_bytes: limits.jumbo_slot_bytes,
  jumbo_slot_count: 4096,
  vris: 8,
  /** From so many on they get no more: each then has fewer than its queue could hold. */
  vris_max: 32,
  /** For each port whose frames the kernel puts into the arena: to receive into, and to send. */
  kernel_slots: 6144,
  /** Flows that one VR remembers the VRI of. */
  flow_count: 8192,
  /** How long a flow must be silent before it may change its VRI. */
  flow_idle_ms: 500,
} as const;

/** Queues of one link: descriptors (powers of two), and bytes of the control queues. */
export const link = {
  queue_capacity: 4096,
  free_capacity: 256,
  control_capacity_bytes: 256 * 1024,
} as const;

/** An Ethernet header without tag. */
const ethernetBytes = 14;

/** Size and number of slots for the largest MTU of all ports and that many VRIs. */
export function slotsFor(
  mtus: readonly number[],
  vris: number,
): { bytes: number; count: number } {
  const longest = Math.max(0, ...mtus) + ethernetBytes + limits.headroom_bytes;
  const times = Math.ceil(Math.min(vris, arena.vris_max) / arena.vris);
  return longest > arena.slot_bytes
    ? { bytes: arena.jumbo_slot_bytes, count: times * arena.jumbo_slot_count }
    : { bytes: arena.slot_bytes, count: times * arena.slot_count };
}

/** VRIs that one VR may get, whatever is asked for. */
export const largestVr = 64;

/** VRIs that a VR may get; `cores`: how many there are for VRIs, Infinity where they may share. */
export function mostVris(
  vr: Pick<VrValues, "allocator" | "vris" | "maxCores">,
  cores: number,
): number {
  if (vr.allocator === "fixed") return vr.vris;
  return Math.min(largestVr, Math.max(vr.vris, Math.min(vr.maxCores ?? Infinity, cores)));
}

/** Decisions about cores that the status shows: the latest ones. */
export const keptDecisions = 256;

/** The largest MTU whose frames fit slots of this size. */
export function largestMtu(slotBytes: number): number {
  return slotBytes - ethernetBytes - limits.headroom_bytes;
}

/**
 * How long to spin before sleeping: long on a core of its own; on one that two share hardly, since
 * what is waited for may need the core. While a process starts there VRIs don't yield: it would
 * keep the core for a whole time slice, but one that wakes up gets it at once.
 */
export const idle: { readonly own: Idle; readonly shared: Idle; readonly crowded: Idle } = {
  own: { spins: 300, yields: 400 },
  shared: { spins: 2, yields: 100 },
  crowded: { spins: 2, yields: 0 },
};

/**
 * Of those who share a core with so many, themselves too. One's turn comes again when all others
 * had theirs: until then it yields, as to be woken each time would cost more than its work.
 */
export function sharedIdle(users: number): Idle {
  const { spins, yields } = idle.shared;
  return { spins, yields: Math.round(yields * Math.min(16, Math.max(2, users)) / 2) };
}

/** Periods and deadlines of the monitors. */
export const times = {
  /** Between two looks at the counters when nothing else happens. */
  tick_ms: 500,
  /** The same while a VRI starts, drains or is taken out. */
  busy_tick_ms: 5,
  /** Before what could not be handed over is tried again. */
  retry_ms: 2,
  /** For what a VRI that is not wanted any more holds to come back; its VR has others. */
  leave_ms: 10_000,
  /** For what VRIs hold to come back at the end of a run. */
  drain_ms: 1000,
  /** For the queue of a VR's only VRI, when that ended, to wait for its successor. */
  successor_ms: 1000,
  /** For a decision about cores to take effect, before it is told without how long that took. */
  effect_ms: 1000,
  /** For VRIs to exit after they were told to, before SIGKILL. */
  stop_ms: 1000,
} as const;

/** Control events that may wait for one VRI before it gets a fresh snapshot instead. */
export const maxWaitingEvents = 16384;

/** Lines of a VRI's output that are kept for error messages. */
export const keptOutputLines = 50;
