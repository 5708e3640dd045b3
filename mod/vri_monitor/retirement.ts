/**
 * VRIs whose process is gone, on their way out: first `dead` in a plan (the dispatcher takes back
 * what they held), then left out of one, and once that is in force their link is freed.
 */
import type { Core, Idle } from "../../ffi/core.ts";
import type { PlanVri } from "./plan.ts";

interface Retirement {
  readonly vri: number;
  readonly idle: Idle;
  readonly phase: "dead" | "omitted";
  /** Of the plan that says so; null until it is sent. */
  generation: number | null;
}

export class Retirements {
  readonly #core: Core;
  #all: Retirement[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  /** Whether any is on its way. */
  get busy(): boolean {
    return this.#all.length > 0;
  }

  /** A VRI whose process was reaped. The next plan has to say so. */
  add(vri: number, idle: Idle): void {
    this.#all.push({ vri, idle, phase: "dead", generation: null });
  }

  /** Their part of a plan. */
  planVris(): PlanVri[] {
    return this.#all.filter((r) => r.phase === "dead")
      .map(({ vri, idle }) => ({ vri, state: "dead", idle }));
  }

  /** A plan with `planVris` was handed over. */
  planSent(generation: number): void {
    for (const retirement of this.#all) retirement.generation ??= generation;
  }

  /** The plan of `generation` is in force. Returns who is free, and whether a plan is due. */
  adopted(generation: number): { freed: number[]; planDirty: boolean } {
    const freed: number[] = [];
    const left: Retirement[] = [];
    let planDirty = false;
    for (const retirement of this.#all) {
      const { vri, idle, phase } = retirement;
      if (retirement.generation === null || retirement.generation > generation) {
        left.push(retirement);
      } else if (phase === "dead") {
        left.push({ vri, idle, phase: "omitted", generation: null });
        planDirty = true;
      } else if (this.#core.vriDestroy(vri)) {
        freed.push(vri);
      } else {
        left.push(retirement);
      }
    }
    this.#all = left;
    return { freed, planDirty };
  }
}
