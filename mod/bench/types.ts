/** What every experiment gets. */
import type { Core } from "../../ffi/core.ts";
import type { CapturedFrame } from "../trace/mod.ts";
import type { CoreChoice } from "./core_options.ts";
import type { Machine } from "./machine.ts";
import type { Narrowing } from "./narrowing.ts";
import type { Reaction } from "./steps.ts";
import type { Row } from "./table.ts";

/** Durations and repetitions. */
export interface Timing {
  readonly samples: number;
  readonly limit_ms: number;
  readonly warm_up_ms: number;
  readonly sample_ms: number;
}

/** Long enough to tell differences of some percent, on a quiet machine. */
export const fullTiming: Timing = { samples: 5, limit_ms: 300, warm_up_ms: 200, sample_ms: 500 };
/** Only to see that it works. */
export const quickTiming: Timing = { samples: 1, limit_ms: 50, warm_up_ms: 30, sample_ms: 100 };

/** What an experiment with more to say than rows finds. */
export interface Outcome {
  readonly rows: readonly Row[];
  /** VRIs slept their service time away: the machine has too few cores for them to burn it. */
  readonly paced: boolean;
  /** From each decision to the first frame of a new VRI. */
  readonly allocations_us?: readonly number[];
  /** From each decision until the VRI that left held no frame. */
  readonly deallocations_us?: readonly number[];
  readonly reactions?: readonly Reaction[];
  /** In place of a table. */
  readonly text?: string;
}

export interface BenchContext {
  readonly core: Core;
  readonly runtime: string;
  readonly machine: Machine;
  readonly timing: Timing;
  readonly quick: boolean;
  /** Null: those that the experiment has. */
  readonly router: string | null;
  /** 1a and 1b. */
  readonly only: Narrowing;
  readonly queue: string | null;
  /** Of 2c and 2d. */
  readonly allocator: string;
  /** Of 2a, 2c and 2d. */
  readonly cores: CoreChoice;
  /** Frames on their way at most, where frames come as fast as they are taken. */
  readonly window_frames: number;
  /** 1c: frames lie in the VR's arena beforehand; only their first cache line is written anew. */
  readonly zeroCopy: boolean;
  /** A captured trace for 1c instead of generated ones. */
  readonly capture: readonly CapturedFrame[] | null;
  /** Where a line about each row goes. */
  readonly progress: (line: string) => void;
  /** Whether those lines go to a terminal. */
  readonly terminal: boolean;
  /** Whether what is printed at the end goes to a terminal as well. */
  readonly printsThere: boolean;
}
