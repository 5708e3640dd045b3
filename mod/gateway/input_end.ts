/**
 * Whether a run whose input has an end is over: all of it has come in, and everything that was on
 * its way has come back.
 */
import type { SnapshotReader } from "../../ffi/stats.ts";

/** `stuck`: what is on its way has not moved for too long. */
export type Progress = "receiving" | "draining" | "over" | "stuck";

const receivingPeriod_ms = 100;
const drainingPeriod_ms = 5;
const patience_ms = 10_000;

export class InputEnd {
  readonly #ports: readonly number[];
  #progress: Progress = "receiving";
  #moved = { frames: -1, at_ms: 0 };
  #looked_ms = -Infinity;

  /** `ports`: by their numbers. */
  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Whether there is nothing more to wait for. */
  get isDone(): boolean {
    return this.#progress === "over" || this.#progress === "stuck";
  }

  /** When to look at the next snapshot, at the latest. */
  get due_ms(): number {
    if (this.#progress === "receiving") return this.#looked_ms + receivingPeriod_ms;
    return this.#progress === "draining" ? this.#looked_ms + drainingPeriod_ms : Infinity;
  }

  /** Takes in a snapshot. */
  observe(reader: Pick<SnapshotReader, "port" | "totals">, now_ms: number): void {
    this.#looked_ms = now_ms;
    if (this.#progress === "over") return;
    if (!this.#ports.every((port) => reader.port(port).ended)) return;
    const totals = reader.totals();
    if (totals.inFlightFrames === 0) {
      this.#progress = "over";
      return;
    }
    const frames = totals.sentFrames + totals.droppedFrames;
    if (frames !== this.#moved.frames) this.#moved = { frames, at_ms: now_ms };
    this.#progress = now_ms - this.#moved.at_ms > patience_ms ? "stuck" : "draining";
  }
}
