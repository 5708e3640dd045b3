/** Plans on their way to the dispatcher: the last one handed over, and what is in force. */
import type { Core } from "../../ffi/core.ts";
import { SentPlan } from "../vri_monitor/mod.ts";
import type { Plan, PlanChange } from "../vri_monitor/mod.ts";

export class PlanKeeper {
  readonly #core: Pick<Core, "plan">;
  #sent: SentPlan | null = null;
  #lastSent = 0;
  /** Generation in force, as last seen. */
  generation = 0;
  /** The last plan was not taken yet: this one has to be tried again. */
  blocked = false;

  constructor(core: Pick<Core, "plan">) {
    this.#core = core;
  }

  /** Whether the last plan is. */
  get inForce(): boolean {
    return this.generation >= this.#lastSent;
  }

  /** Hands a plan over. Its generation, or null: `blocked`. */
  send(plan: Plan): number | null {
    const sent = new SentPlan(plan);
    const generation = this.#core.plan(sent.bytes);
    this.blocked = generation === null;
    if (generation === null) return null;
    this.#sent = sent;
    return this.#lastSent = generation;
  }

  /**
   * Hands the last plan over again with some VRIs in another state, which takes no time to write.
   * Its generation, or null where that can't be: the next whole plan will tell.
   */
  amend(changes: readonly PlanChange[]): number | null {
    if (this.#sent === null || !this.#sent.amend(changes)) return null;
    const generation = this.#core.plan(this.#sent.bytes);
    if (generation !== null) this.#lastSent = generation;
    return generation;
  }
}
