/**
 * Who runs and who stands by, pure: from the VRIs that one VR has and those that it shall have,
 * what to do. Whoever leaves (drains, stops) is not counted any more.
 */
import type { State } from "./state.ts";

/** How many VRIs of a VR run, and how many standbys wait beside them. */
export interface Target {
  readonly vr: number;
  readonly target: number;
  readonly standbys: number;
}

/** What matters of a position. */
export interface Seat {
  readonly is: State["is"];
  /** It runs, or will as soon as it can; else it stands by. */
  readonly active: boolean;
  /** Grows with each position that became active. */
  readonly order: number;
}

/** What to do; each list in this order. */
export interface Staffing<T> {
  /** Standbys that run from now on. */
  readonly promote: readonly T[];
  /** Positions to add that run as soon as they are ready, since there are too few standbys. */
  readonly hire: number;
  /** To drain: running ones that are too many. */
  readonly drain: readonly T[];
  /** Standbys that are too many. */
  readonly dismiss: readonly T[];
  /** Standbys to add. */
  readonly standbys: number;
}

const leaves = (seat: Seat) =>
  seat.is === "draining" || seat.is === "stopping" || seat.is === "stopped";

/** How soon it takes frames, were it chosen: the least is best. */
const readiness: Record<State["is"], number> = {
  running: 0,
  standby: 1,
  starting: 2,
  failed: 3,
  quarantined: 3,
  draining: 4,
  stopping: 4,
  stopped: 4,
};

/**
 * What brings `seats` to `target` active ones and `standbys` beside them. The youngest goes first,
 * but one that does not run at all goes before any that does. A standby that failed is not chosen:
 * its back-off is not over, and a new process may do better. A VRI that drains counts for a standby
 * to come: it will be one once nothing is left in its hands.
 */
export function staff<T extends Seat>(
  seats: readonly T[],
  target: number,
  standbys: number,
): Staffing<T> {
  const staying = seats.filter((seat) => !leaves(seat));
  const active = staying.filter((seat) => seat.active)
    .sort((a, b) => Number(a.is === "running") - Number(b.is === "running") || b.order - a.order);
  const waiting = staying.filter((seat) => !seat.active)
    .sort((a, b) => readiness[a.is] - readiness[b.is]); // stable: the oldest first
  const missing = Math.max(0, target - active.length);
  const promote = waiting.filter((seat) => seat.is === "standby" || seat.is === "starting")
    .slice(0, missing);
  const left = waiting.filter((seat) => !promote.includes(seat));
  const drain = active.slice(0, Math.max(0, active.length - target));
  const draining = seats.filter((seat) => seat.is === "draining").length + drain.length;
  return {
    promote,
    hire: missing - promote.length,
    drain,
    dismiss: left.slice(Math.max(0, standbys)),
    standbys: Math.max(0, standbys - left.length - draining),
  };
}
