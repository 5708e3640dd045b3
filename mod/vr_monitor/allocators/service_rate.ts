/**
 * Service rate: nothing to configure. What one core can do is learned from the VRIs' busy time and
 * the frames that they took meanwhile; what is needed follows from what arrives and where that is
 * heading. It grows while the cores can still keep up, to as many as it takes at once, and shrinks
 * only when the cores that remain would stay under the target utilisation for a while.
 */
import type { AllocatorView, Memory, VrLoad, Wish } from "../types.ts";
import { cores, percent, rate } from "../words.ts";

/** Of the way from the target utilisation to 1: where it takes one more core. */
const grow_share = 0.9;
/** Busy time after which 1/e of an older opinion of the capacity is left. */
const learn_s = 3;
/** The same for the trend of the arrival rate. */
const trend_s = 3;
/** The arrival rate of now counts where it exceeds what the period says by so much. */
const jump = 1.15;
/** A core that is busy for so much of the time can't do more. */
const saturated = 0.97;
/** What it then does, against what was expected of it, that is no fluctuation any more. */
const surprise = 0.9;
/** What remains must have been enough for so long. */
const settle_ms = 2000;

/** What it knows from earlier periods. */
interface Known {
  readonly seen_ms: number;
  /** Frames per second of one core; NaN until one was seen at work. */
  readonly capacity_fps: number;
  readonly mean_fps: number;
  readonly trend_fps_per_s: number;
  /** Since when fewer cores would be enough, and what arrived at most; NaN: they would not. */
  readonly low_ms: number;
  readonly low_fps: number;
}

export function service_rate({ policy, load, cores_now, now_ms, memory }: AllocatorView): Wish {
  const before = memory as Memory & Known | null;
  const elapsed_s = before === null ? 0 : Math.max(0, (now_ms - before.seen_ms) / 1000);
  const capacity_fps = learn(before?.capacity_fps ?? NaN, load, elapsed_s);
  const rise_fps = load.mean_arrival_rate_fps - (before?.mean_fps ?? NaN);
  const slope = elapsed_s > 0 ? rise_fps / elapsed_s : 0;
  const earlier = before?.trend_fps_per_s ?? 0;
  const trend_fps_per_s = follow(earlier, slope, elapsed_s / trend_s);
  // Only a rise that has lasted goes on: what swings comes back.
  const expected_fps = expect(load, Math.min(slope, earlier) * elapsed_s);
  const known = { seen_ms: now_ms, capacity_fps, mean_fps: load.mean_arrival_rate_fps };
  const inputs = {
    arrival_rate_fps: load.arrival_rate_fps,
    expected_rate_fps: expected_fps,
    capacity_fps,
    utilisation: expected_fps / (capacity_fps * cores_now),
  };
  const wish = (
    wanted: number,
    rule: string,
    reason: string,
    low_ms = NaN,
    low_fps = NaN,
  ): Wish => ({
    wanted,
    rule,
    reason,
    inputs,
    memory: { ...known, trend_fps_per_s, low_ms, low_fps },
  });
  if (!(capacity_fps > 0)) {
    return wish(cores_now, "unknown", "no VRI was busy yet: what a core can do is not known");
  }
  const target = policy.utilisation;
  const limit = target + (1 - target) * grow_share;
  const each = () => `${rate(expected_fps)} expected, ${rate(capacity_fps)} per core`;
  const busyWith = (count: number) =>
    `${each()}: ${cores(count)} would be busy ` +
    `${percent(expected_fps / (capacity_fps * count))} of the time`;
  const needed = Math.ceil(expected_fps / (capacity_fps * limit));
  if (needed > cores_now) return wish(needed, "grow", busyWith(cores_now));
  const busy = load.vris.reduce((sum, vri) => sum + vri.busy_fraction, 0) / cores_now;
  if (load.queue_full_drops_fps > 0 && busy > target) {
    const reason = `queues are full, and its cores are busy ${percent(busy)} of the time`;
    return wish(cores_now + 1, "drops", reason);
  }
  const fewer = Math.max(1, Math.ceil(expected_fps / (capacity_fps * target)));
  if (fewer >= cores_now) return wish(cores_now, "enough", "its cores are right for what comes");
  const low_fps = Math.max(expected_fps, before?.low_fps || 0);
  const low_ms = before === null || Number.isNaN(before.low_ms) ? now_ms : before.low_ms;
  const remaining = Math.max(1, Math.ceil(low_fps / (capacity_fps * target)));
  const settling = "fewer cores may be enough soon";
  if (now_ms - low_ms < settle_ms) return wish(cores_now, "settling", settling, low_ms, low_fps);
  // A core does less than it was taken for when that rate came: what comes from now on counts.
  if (remaining >= cores_now) return wish(cores_now, "settling", settling, now_ms, expected_fps);
  return wish(remaining, "shrink", busyWith(remaining));
}

/** An older value that follows a newer one; `time` in units of what leaves 1/e of it. */
function follow(older: number, newer: number, time: number): number {
  return Number.isNaN(older) ? newer : older + (newer - older) * (1 - Math.exp(-time));
}

/** Opinion of what one core can do, after one more period. Busier VRIs know better. */
function learn(capacity_fps: number, load: VrLoad, elapsed_s: number): number {
  let taken_fps = 0;
  let busy = 0;
  for (const { service_rate_fps, busy_fraction } of load.vris) {
    if (!(service_rate_fps > 0 && busy_fraction > 0)) continue;
    taken_fps += service_rate_fps * busy_fraction;
    busy += busy_fraction;
  }
  if (busy === 0) return capacity_fps;
  const mean_busy = busy / load.vris.length;
  const seen_fps = taken_fps / busy;
  // Frames became heavier, and all cores show it: no time to be slow about it.
  if (mean_busy > saturated && seen_fps < capacity_fps * surprise) return Math.max(1, seen_fps);
  return Math.max(1, follow(capacity_fps, seen_fps, elapsed_s * mean_busy / learn_s));
}

/**
 * What the next period brings. A rate that rises, and still did at the period's end, goes on: half
 * a period to its end, and one more. (A step has ended: what arrives now is what arrived on
 * average.)
 */
function expect(load: VrLoad, rise_fps: number): number {
  const { mean_arrival_rate_fps: mean_fps, arrival_rate_fps: now_fps } = load;
  const goes_on_fps = Math.min(rise_fps, 2 * (now_fps - mean_fps));
  const steady_fps = mean_fps + 1.5 * Math.max(0, goes_on_fps);
  return now_fps > steady_fps * jump ? now_fps : steady_fps;
}
