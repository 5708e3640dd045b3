/**
 * Decisions about cores, the latest ones: how long each took to take effect comes later, with the
 * dispatcher's time stamps; then, or when that is waited for no longer, it goes to the log.
 */
import { getLogger } from "../log/mod.ts";
import { changeOf, outcomeOf } from "../vr_monitor/mod.ts";
import type { DecisionRecord } from "../vr_monitor/mod.ts";

/** How far a decision has come. `took_ns` null: in force, without a frame to tell how soon. */
export type Progress = { readonly is: "pending" } | {
  readonly is: "done";
  readonly took_ns: number | null;
};

interface Open {
  /** Number of the decision, from the first on. */
  readonly number: number;
  readonly progress: () => Progress;
  readonly until_ms: number;
}

const log = getLogger(["lvrm", "cores"]);

export class Decisions {
  readonly #limit: number;
  readonly #patience_ms: number;
  readonly #history: DecisionRecord[] = [];
  #forgotten = 0;
  #open: Open[] = [];

  /** Keeps `limit` decisions; waits so long for each to take effect. */
  constructor(limit: number, patience_ms: number) {
    this.#limit = limit;
    this.#patience_ms = patience_ms;
  }

  /** The latest decisions, the oldest first. */
  get all(): readonly DecisionRecord[] {
    return this.#history;
  }

  /** Whether one may take effect at any moment. */
  get busy(): boolean {
    return this.#open.length > 0;
  }

  /** A decision; `progress` null: it is not acted upon. */
  add(record: DecisionRecord, progress: (() => Progress) | null, now_ms: number): void {
    this.#history.push(record);
    if (this.#history.length > this.#limit) {
      this.#history.shift();
      this.#forgotten++;
    }
    if (progress === null) return tell(record);
    const number = this.#forgotten + this.#history.length - 1;
    this.#open.push({ number, progress, until_ms: now_ms + this.#patience_ms });
  }

  /** Looks how far the open ones are. */
  settle(now_ms: number): void {
    this.#open = this.#open.filter((open) => {
      const progress = open.progress();
      if (progress.is === "pending" && now_ms < open.until_ms) return true;
      const took_ns = progress.is === "pending" ? null : progress.took_ns;
      this.#close(open.number, took_ns === null ? null : Math.round(took_ns / 100) / 10);
      return false;
    });
  }

  #close(number: number, took_us: number | null): void {
    const index = number - this.#forgotten;
    const record = this.#history[index];
    if (record === undefined) return;
    const complete = { ...record, took_us };
    this.#history[index] = complete;
    tell(complete);
  }
}

/** One structured event for each. */
function tell(record: DecisionRecord): void {
  const change = changeOf(record);
  const outcome = outcomeOf(record);
  log.info("{vr}: {change}, since {reason}{outcome}", { ...record, change, outcome });
}
