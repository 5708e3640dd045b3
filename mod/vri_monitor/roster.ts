/** Every position of every VR, and what can be asked about them. Changes none of them. */
import { newPosition, planStates, rowOf, viewOf } from "./position.ts";
import type { Position, VriView } from "./position.ts";
import type { VriRow } from "../vr_monitor/mod.ts";
import type { ControlEvent } from "../routing/mod.ts";
import type { Instance } from "./instance.ts";
import type { PlanVri } from "./plan.ts";
import type { Seating } from "./seating.ts";
import { brokenAfter, failuresOf } from "./state.ts";
import type { State } from "./state.ts";

/** A process that takes control events. */
export interface VriMember {
  readonly id: string;
  readonly vri: number;
  readonly life: object;
  readonly state: State["is"];
  readonly running: boolean;
  readonly ready: boolean;
  readonly offers: boolean;
  readonly send: (events: readonly ControlEvent[]) => void;
}

export class Roster {
  #all: Position[] = [];

  get all(): readonly Position[] {
    return this.#all;
  }

  of(vr: number): Position[] {
    return this.#all.filter((position) => position.vr === vr);
  }

  /** One more position of a VR; its number is the lowest that is free. */
  add(vr: number, name: string, state: State): Position {
    const taken = new Set(this.of(vr).map((position) => position.number));
    let number = 1;
    while (taken.has(number)) number++;
    const position = newPosition(vr, name, number, state);
    this.#all.push(position);
    return position;
  }

  /** Forgets those that have stopped; returns their VRs. */
  sweep(): Set<number> {
    const gone = this.#all.filter((position) => position.state.is === "stopped");
    if (gone.length > 0) this.#all = this.#all.filter((it) => it.state.is !== "stopped");
    return new Set(gone.map((position) => position.vr));
  }

  /** Who has this process. */
  whose(instance: Instance): Position | undefined {
    return this.#all.find((position) => position.instance === instance);
  }

  /** VR that a VRI number belongs to, or null when it has ended. */
  vrOf(vri: number): number | null {
    return this.#all.find((position) => position.instance?.vri === vri)?.vr ?? null;
  }

  /** The oldest standby of a VR that is ready. */
  readyStandby(vr: number): Position | undefined {
    return this.#all.find((it) => it.vr === vr && !it.active && it.state.is === "standby");
  }

  /**
   * VRIs on each core, `except` one. One that has no process, and waits until it is tried again,
   * needs none.
   */
  users(except?: Position): Map<number, number> {
    const users = new Map<number, number>();
    for (const position of this.#all) {
      const { active, core, state } = position;
      if (!active || core === null || "reason" in state || position === except) continue;
      users.set(core, (users.get(core) ?? 0) + 1);
    }
    return users;
  }

  /** VRs with a VRI that takes frames. */
  running(): Set<number> {
    return new Set(this.#all.filter((it) => it.state.is === "running").map((it) => it.vr));
  }

  /** Whether a VR's VRIs, all of them, fail over and over. */
  broken(vr: number, now_ms: number): boolean {
    const active = this.of(vr).filter((position) => position.active);
    return active.length > 0 &&
      active.every(({ state }) => failuresOf(state, now_ms) >= brokenAfter);
  }

  /** Processes of a VR that take control events, and how to reach them. */
  members(vr: number): VriMember[] {
    return this.of(vr).flatMap(({ id, state, instance }): VriMember[] => {
      if (instance?.outbox.opened !== true) return [];
      return [{
        id,
        vri: instance.vri,
        life: instance,
        state: state.is,
        running: state.is === "running",
        ready: ["standby", "running", "draining"].includes(state.is),
        offers: instance.offersHandlers,
        send: (events) => instance.outbox.add(events),
      }];
    });
  }

  /** As the status shows them: those that run first. */
  views(): VriView[] {
    return [...this.#all]
      .sort((a, b) => a.vr - b.vr || Number(b.active) - Number(a.active) || a.number - b.number)
      .map(viewOf);
  }

  /** Rows of counters of a VR's VRIs. */
  rows(vr: number): VriRow[] {
    return this.of(vr).map(rowOf).filter((row) => row !== null);
  }

  /** Rows of the VRIs that a decision of that time was about. */
  decided(vr: number, decidedNs: bigint): number[] {
    return this.of(vr).filter((it) => it.decidedNs === decidedNs && it.instance !== null)
      .map((it) => it.instance!.vri);
  }

  /** Cores on which a process may start just now. */
  #crowded(seating: Seating): Set<number> {
    const starting = this.#all.filter((it) => it.state.is === "starting" && it.instance !== null);
    return new Set(starting.flatMap(({ active, core }) => seating.coresFor(active, core)));
  }

  /** The part of a plan of all that have a process. */
  planVris(seating: Seating): PlanVri[] {
    const users = this.users();
    const crowded = this.#crowded(seating);
    return this.#all.flatMap(({ instance, state, core, decidedNs }): PlanVri[] => {
      if (instance === null) return [];
      const idle = seating.idle(core, users, core === null ? crowded.size > 0 : crowded.has(core));
      const pid = instance.process?.pid ?? null;
      return [{ vri: instance.vri, state: planStates[state.is], idle, decidedNs, pid }];
    });
  }
}
