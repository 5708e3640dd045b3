/** What a stage is built of, and what it tells. */
import type { Core as CpuCore, LoadSample, Placement } from "../vr_monitor/mod.ts";

/** What to build. */
export interface StageOptions {
  readonly executable: string;
  /** Arguments of each VRI of each VR. */
  readonly vrs: readonly (readonly (readonly string[])[])[];
  readonly queue: number;
  readonly balancer: number;
  readonly byFrame: boolean;
  /** CPU cores, the dispatcher's first. */
  readonly cores: readonly CpuCore[];
  readonly placement: Placement;
}

/** How a VR's frames come. */
export interface Offer {
  /** 0: as fast as they are taken. */
  readonly rate_fps: number;
  /** On their way at most; 0: no bound. */
  readonly window_frames: number;
}

/** How long it took from the decision about one VRI, by the dispatcher's time stamps. */
export interface StageChange {
  /** Until the plan was in force; null of one that leaves. */
  readonly unparked_us: number | null;
  /** Until the first frame came back, or nothing was left in the hands of one that leaves. */
  readonly effect_us: number;
}

/** Times of one change of VRIs. */
export interface ChangeTimes {
  /** When it was in force, by `performance.now()`. */
  readonly inForce_ms: number;
  readonly joined: readonly StageChange[];
  readonly left: readonly StageChange[];
}

/** Counters of one instant. */
export interface StageSample {
  readonly clock_ns: bigint;
  /** Of each VR. */
  readonly sent_frames: readonly number[];
  readonly loads: LoadSample;
}
