/** The highest rate that passes, after the paper: at most 2 % lost, judged per pair. Pure. */

/** Of the frames of a pair may be lost at a rate that still counts as carried (III-A). */
export const lossMax = 0.02;

/** One try at one rate. */
export interface Trial {
  /** Of all pairs. */
  readonly sent_fps: number;
  readonly received_fps: number;
  /** Of the pair that lost most. */
  readonly loss: number;
  readonly cpu_ns_per_frame: number;
}

/** Two pairs, or more, as one trial. */
export function combine(
  each: readonly { sent_frames: number; received_frames: number; seconds: number }[],
  cpu_ns: number,
): Trial {
  const sum = (of: (it: typeof each[number]) => number) =>
    each.reduce((total, it) => total + of(it), 0);
  return {
    sent_fps: sum((it) => it.sent_frames / it.seconds),
    received_fps: sum((it) => it.received_frames / it.seconds),
    loss: Math.max(...each.map((it) => 1 - it.received_frames / it.sent_frames)),
    cpu_ns_per_frame: cpu_ns / Math.max(1, sum((it) => it.received_frames)),
  };
}

const stepsMax = 30;

/**
 * Bisects; `attempt` tries a rate of all pairs together, 0 for as fast as it goes. A rate that
 * fails is tried once more: a pause of the machine's host is not the forwarder's fault.
 * At most `most` may be lost. Null: no rate passes.
 */
export async function highestRate(
  attempt: (rate_fps: number) => Promise<Trial>,
  steps: number,
  most = lossMax,
): Promise<Trial | null> {
  const carried = async (rate_fps: number) => {
    for (let i = 0; i < 2; i++) {
      const trial = await attempt(rate_fps);
      if (trial.loss <= most) return trial;
    }
    return null;
  };
  const flood = await attempt(0);
  if (flood.loss <= most) return flood;
  let best: Trial | null = null;
  let [low, high] = [flood.received_fps * 0.7, flood.sent_fps];
  // Overloaded, a machine sends less than it could: that much is not known to be too much.
  let known = false;
  for (let step = 0; step < stepsMax && (step < steps || best === null); step++) {
    const rate_fps = step === 0 ? low : (low + high) / 2;
    const trial = await carried(rate_fps);
    if (trial !== null) {
      best = trial;
      low = rate_fps;
    } else if (best === null) {
      [low, high, known] = [rate_fps / 2, rate_fps, true];
    } else [high, known] = [rate_fps, true];
    if (best === null || high - low >= 0.02 * high) continue;
    if (known) break;
    high *= 1.25;
  }
  return best;
}
