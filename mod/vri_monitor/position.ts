/** A place for one VRI of one VR, through all its processes, and how the status shows it. */
import type { VriRow } from "../vr_monitor/mod.ts";
import type { Instance } from "./instance.ts";
import type { Seat } from "./staff.ts";
import type { State } from "./state.ts";
import type { PlanVri } from "./plan.ts";

export interface Position extends Seat {
  /** `vr1.1`. */
  readonly id: string;
  /** The 1 of `vr1.1`: the lowest that is free. */
  readonly number: number;
  readonly vr: number;
  state: State;
  active: boolean;
  order: number;
  /** CPU number; null: the kernel places it. Of an active one. */
  core: number | null;
  /** Why there, in words. */
  why: string;
  /** When it was last told to run or to drain, by `Core.clockNs`. */
  decidedNs: bigint;
  /** While it drains: generation of the first plan that says so; null until that is sent. */
  leftSince: number | null;
  instance: Instance | null;
  restarts: number;
  lastFailure: string | null;
  /** Last words of its last process. */
  lastLines: readonly string[];
}

/** What the status shows of a VRI. */
export interface VriView {
  readonly id: string;
  readonly vr: number;
  readonly state: State["is"];
  readonly reason: string | null;
  /** Why it last failed or was quarantined, also after it was replaced. */
  readonly lastFailure: string | null;
  /** Last words of the process that ended last. */
  readonly lastLines: readonly string[];
  readonly pid: number | null;
  readonly core: number | null;
  readonly why: string;
  readonly restarts: number;
  /** Row of its counters, null while it has none. */
  readonly vri: number | null;
}

export const planStates: Record<State["is"], PlanVri["state"]> = {
  starting: "attaching",
  standby: "attaching",
  running: "running",
  draining: "draining",
  stopping: "draining",
  failed: "draining", // its process is being ended
  quarantined: "draining",
  stopped: "draining",
};

export function newPosition(vr: number, name: string, number: number, state: State): Position {
  return {
    id: `${name}.${number}`,
    number,
    vr,
    state,
    get is() {
      return this.state.is;
    },
    active: false,
    order: 0,
    core: null,
    why: "",
    decidedNs: 0n,
    leftSince: null,
    instance: null,
    restarts: 0,
    lastFailure: null,
    lastLines: [],
  };
}

/** Row of its counters, once a plan names it. */
export function rowOf(position: Position): VriRow | null {
  const { id, instance, state } = position;
  if (instance === null || instance.since === null || instance.process === null) return null;
  const running = state.is === "running";
  return { id, vri: instance.vri, life: instance.process.pid, running };
}

export function viewOf(position: Position): VriView {
  const { id, vr, state, lastFailure, lastLines, instance, core, why, restarts, active } = position;
  return {
    id,
    vr,
    state: state.is,
    reason: "reason" in state ? state.reason : null,
    lastFailure,
    lastLines,
    pid: instance?.process?.pid ?? null,
    core: active ? core : null,
    why,
    restarts,
    vri: instance !== null && instance.since !== null ? instance.vri : null,
  };
}
