/** The offered load of 2c and 2d: a staircase up and down, and what follows from it. Pure. */

/** A staircase: from `least` to `most` and back, `step` at a time. */
export function staircase(least_fps: number, most_fps: number, step_fps: number): number[] {
  const up: number[] = [];
  for (let rate = least_fps; rate <= most_fps; rate += step_fps) up.push(rate);
  return [...up, ...up.slice(0, -1).reverse()];
}

/** Staircases of several VRs side by side, each `later` steps after the one before; 0: no load. */
export function sideBySide(stairs: readonly number[], vrs: number, later: number): number[][] {
  const length = stairs.length + (vrs - 1) * later;
  return Array.from(
    { length },
    (_, step) => Array.from({ length: vrs }, (_, vr) => stairs[step - vr * later] ?? 0),
  );
}

/** Cores that this rate is worth; a VR has one at least. */
export function idealCores(rate_fps: number, coreRate_fps: number): number {
  return Math.max(1, Math.ceil(rate_fps / coreRate_fps));
}

/** A step that wants other cores, and when they were there. */
export interface Reaction {
  readonly t_s: number;
  readonly vr: string;
  readonly offered_fps: number;
  readonly from_cores: number;
  readonly to_cores: number;
  /** Until the VR had these cores; null: not before the next step. */
  readonly reaction_ms: number | null;
}
