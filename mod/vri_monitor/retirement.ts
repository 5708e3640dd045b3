/**
 * VRIs whose process is gone, on their way out: first `dead` in a plan (the dispatcher takes back
 * what they held), then left out of one, and once that is in force their link is freed.
 *
 * The only VRI of its VR is not declared dead before its successor runs, for a second at most:
 * until then its queue goes on taking frames, and the successor gets them all, in order. So a
 * killed VRI costs the batch that it was working on and nothing else.
 */
import type { Core, Idle } from "../../ffi/core.ts";
import type { PlanVri } from "./plan.ts";

interface Retirement {
  readonly vri: number;
  readonly vr: number;
  readonly idle: Idle;
  /** `waiting`: its queue still takes frames, until a successor runs or `until_ms`. */
  phase: "waiting" | "dead" | "omitted";
  readonly until_ms: number;
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

  /** A VRI of `vr` whose process was reaped. The next plan has to say so, from `until_ms` on. */
  add(vri: number, vr: number, idle: Idle, until_ms: number): void {
    this.#all.push({ vri, vr, idle, phase: "waiting", until_ms, generation: null });
  }

  /** Whether one need wait no longer: its VR is among `running`, or its time is over. */
  due(running: ReadonlySet<number>, now_ms: number): boolean {
    return this.#all.some((r) => r.phase === "waiting" && mayGo(r, running, now_ms));
  }

  /** Their part of a plan. `running`: VRs with a VRI that runs. */
  planVris(running: ReadonlySet<number>, now_ms: number): PlanVri[] {
    for (const retirement of this.#all) {
      if (retirement.phase === "waiting" && mayGo(retirement, running, now_ms)) {
        retirement.phase = "dead";
      }
    }
    return this.#all.filter((r) => r.phase !== "omitted")
      .map(({ vri, idle, phase }) => ({
        vri,
        state: phase === "waiting" ? "running" : "dead",
        idle,
        decidedNs: 0n,
        pid: null,
      }));
  }

  /** A plan with `planVris` was handed over. */
  planSent(generation: number): void {
    for (const retirement of this.#all) {
      if (retirement.phase !== "waiting") retirement.generation ??= generation;
    }
  }

  /** The plan of `generation` is in force. Returns who is free, and whether a plan is due. */
  adopted(generation: number): { freed: number[]; planDirty: boolean } {
    const freed: number[] = [];
    const left: Retirement[] = [];
    let planDirty = false;
    for (const retirement of this.#all) {
      const { vri, phase } = retirement;
      if (retirement.generation === null || retirement.generation > generation) {
        left.push(retirement);
      } else if (phase === "dead") {
        left.push({ ...retirement, phase: "omitted", generation: null });
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

function mayGo(retirement: Retirement, running: ReadonlySet<number>, now_ms: number): boolean {
  return running.has(retirement.vr) || now_ms >= retirement.until_ms;
}
