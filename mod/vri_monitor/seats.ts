/** Who sits on which core: VRIs where the placement put them, standbys where they would run. */
import type { Core } from "../../ffi/core.ts";
import { getLogger } from "../log/mod.ts";
import type { Position } from "./position.ts";
import type { Roster } from "./roster.ts";
import type { Seating } from "./seating.ts";

const log = getLogger(["lvrm", "vri"]);

export class Seats {
  readonly #core: Pick<Core, "move">;
  readonly #seating: Seating;
  readonly #roster: Roster;
  #taken = new Set<number>(); // cores that VRIs got since standbys were seated
  #ready: Position[][] = []; // by VR

  constructor(core: Pick<Core, "move">, seating: Seating, roster: Roster) {
    this.#core = core;
    this.#seating = seating;
    this.#roster = roster;
  }

  /** Gives one that runs from now on its core. A standby has it already, as a rule. */
  take(position: Position): void {
    const { core } = position;
    if (position.state.is !== "standby" || core === null || this.#taken.has(core)) {
      Object.assign(position, this.#seating.place(position.vr, this.#roster.users(position)));
      this.move(position);
    }
    if (position.core !== null) this.#taken.add(position.core);
  }

  /** One that is replaced keeps its core, unless another one has got that meanwhile. */
  keep(position: Position): void {
    const others = this.#roster.users(position);
    if (position.core === null || !others.has(position.core)) return;
    Object.assign(position, this.#seating.place(position.vr, others));
  }

  /** Puts its process, if it has one, on its core. */
  move({ id, instance, core }: Position): void {
    const pid = instance?.process?.pid;
    if (pid === undefined || core === null) return;
    try {
      this.#core.move(pid, core);
    } catch (error) {
      // It runs where it is: slower, not wrong. One that has just ended is replaced.
      log.debug("{vri} stays where it is: {error}", { vri: id, error: String(error) });
    }
  }

  /** Standbys wait on the cores that they would get: nothing is left to do once they are chosen. */
  seatStandbys(): void {
    this.#taken.clear();
    this.#ready = [];
    const users = this.#roster.users();
    for (const position of this.#roster.all) {
      if (position.active || position.state.is !== "standby") continue;
      const ready = this.#ready[position.vr] ??= [];
      const { core, why } = this.#seating.next(position.vr, users, ready.length);
      ready.push(position);
      if (core === position.core) continue;
      Object.assign(position, { core, why });
      this.move(position);
    }
  }

  /** The first standbys of a VR that are seated. */
  ready(vr: number, count: number): Position[] {
    const seated = this.#ready[vr] ?? [];
    return seated.filter((it) => !it.active && it.state.is === "standby").slice(0, count);
  }
}
