/** What a scenario says, read and checked. */
import type { VrPolicy } from "../vr_monitor/mod.ts";

/** Frames per second that arrive, over time. */
export type Rate = (t_s: number) => number;

/** One VR of a simulation. */
export interface SimulatedVr {
  readonly policy: VrPolicy;
  readonly rate: Rate;
  /** Frames per second that one core really does. */
  readonly capacity_fps: number;
  /** Frames that one VRI's queue holds. */
  readonly queue_frames: number;
  readonly frame_bytes: number;
  /** Slow fluctuation of the rate: relative deviation, and for how long it lasts. */
  readonly noise: number;
  readonly noise_s: number;
  /** Fluctuation from slot to slot: relative deviation. */
  readonly jitter: number;
  /** Fluctuation of the measured busy time from period to period: relative deviation. */
  readonly busy_noise: number;
}

export interface Scenario {
  readonly name: string;
  readonly duration_s: number;
  readonly period_ms: number;
  /** Usable for VRIs: the dispatcher's not counted. */
  readonly cores: number;
  readonly overcommit: boolean;
  readonly seed: number;
  /** A VR's first new VRI (warm standby) takes frames at once, each further one so much later. */
  readonly start_ms: number;
  readonly vrs: readonly SimulatedVr[];
}

/** One line of a simulated history. */
export interface Row {
  readonly t_s: number;
  readonly vr: string;
  readonly offered_fps: number;
  readonly carried_fps: number;
  readonly cores: number;
  /** Of an oracle that knows what will arrive in the period. */
  readonly ideal_cores: number;
}

/** What became of one VR, or of all. */
export interface Outcome {
  readonly vr: string;
  readonly offered_frames: number;
  /** For lack of cores. */
  readonly dropped_frames: number;
  readonly dropped_share: number;
  readonly core_seconds: number;
  readonly oracle_core_seconds: number;
  readonly oracle_dropped_share: number;
  /** `core_seconds` by `oracle_core_seconds`. */
  readonly ratio: number;
  /** The oracle's most at any time, all the time: what users fix who don't want to lose frames. */
  readonly fixed_peak_cores: number;
  readonly fixed_peak_core_seconds: number;
  readonly fixed_peak_ratio: number;
  readonly reallocations_per_hour: number;
  /** From traffic that is too much for its cores until it has enough; where there were any left. */
  readonly reactions: number;
  readonly reaction_ms_mean: number;
  readonly reaction_ms_p99: number;
  readonly reaction_ms_max: number;
  /** Share of the time in which it wanted more than it got. */
  readonly starved_share: number;
}
