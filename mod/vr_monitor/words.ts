/** Words that explain decisions, and numbers in them. */
import type { DecisionRecord } from "./types.ts";

/** `1 core`, `3 cores`. */
export function cores(count: number): string {
  return count === 1 ? "1 core" : `${count} cores`;
}

/** Frames per second in three digits: `61.2 Kfps`. */
export function rate(fps: number): string {
  if (fps >= 1e6) return `${digits(fps / 1e6)} Mfps`;
  if (fps >= 1e3) return `${digits(fps / 1e3)} Kfps`;
  return `${digits(fps)} fps`;
}

/** `83 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `1 core → 2 cores`. */
export function changeOf({ before, after }: DecisionRecord): string {
  return `${cores(before)} → ${cores(after)}`;
}

/** What came of a decision, behind its reason. */
export function outcomeOf({ took_us, dry_run }: DecisionRecord): string {
  if (dry_run) return "; dry run: nothing is changed";
  return took_us === null ? "" : ` (took ${took_us} µs)`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(value >= 100 ? 4 : 3)));
}
