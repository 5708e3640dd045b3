/**
 * Dynamic, the paper's (section II-B): each core is good for a configured rate of frames, and the
 * arrival rate says how many cores that makes. One core up or down per period. The two thresholds
 * of a step lie apart, so that a steady rate on one of them does not flap: with c cores it wants
 * one more above core rate × c × `growAt`, and one less below core rate × (c − 1) × `shrinkAt`.
 */
import type { AllocatorView, Wish } from "../types.ts";
import { cores, rate } from "../words.ts";

export function dynamic({ policy, load, cores_now }: AllocatorView): Wish {
  const { coreRate_fps, growAt, shrinkAt } = policy;
  const arrival_rate_fps = load.arrival_rate_fps;
  const above_fps = coreRate_fps * cores_now * growAt;
  const below_fps = coreRate_fps * (cores_now - 1) * shrinkAt;
  const inputs = {
    arrival_rate_fps,
    core_rate_fps: coreRate_fps,
    ideal_cores: idealCores(arrival_rate_fps, coreRate_fps),
  };
  if (arrival_rate_fps > above_fps) {
    return {
      wanted: cores_now + 1,
      rule: "above",
      reason: `${rate(arrival_rate_fps)} arrive, more than ${rate(above_fps)}: too much for ${
        cores(cores_now)
      }`,
      inputs: { ...inputs, above_fps },
      memory: null,
    };
  }
  if (arrival_rate_fps < below_fps) {
    return {
      wanted: cores_now - 1,
      rule: "below",
      reason: `${rate(arrival_rate_fps)} arrive, less than ${rate(below_fps)}: ${
        cores(cores_now - 1)
      } will do`,
      inputs: { ...inputs, below_fps },
      memory: null,
    };
  }
  const reason = "the rate is right for its cores";
  return { wanted: cores_now, rule: "within", reason, inputs, memory: null };
}

/** The paper's staircase: c cores between c − 1 and c times the core rate. */
export function idealCores(arrival_rate_fps: number, coreRate_fps: number): number {
  return Math.max(1, Math.ceil(arrival_rate_fps / coreRate_fps));
}
