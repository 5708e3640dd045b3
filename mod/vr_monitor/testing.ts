/** Policies and loads for tests, with everything that doesn't matter filled in. */
import type { VriLoad, VrLoad, VrPolicy } from "./types.ts";

export function policyWith(more: Partial<VrPolicy> = {}): VrPolicy {
  return {
    name: "vr1",
    allocator: "dynamic",
    vris: 1,
    coreRate_fps: 60_000,
    growAt: 1.05,
    shrinkAt: 1.02,
    utilisation: 0.8,
    minCores: 1,
    maxCores: null,
    weight: 1,
    coolDown_ms: 0,
    ...more,
  };
}

/** `cores` VRIs that do `capacity_fps` each share what arrives evenly. */
export function loadOf(arrival_rate_fps: number, cores: number, capacity_fps = 60_000): VrLoad {
  const busy = Math.min(1, arrival_rate_fps / (cores * capacity_fps));
  const departure_rate_fps = busy * capacity_fps;
  const vris = Array.from({ length: cores }, (_, i): VriLoad => ({
    id: `vr1.${i + 1}`,
    queue_frames: 0,
    service_rate_fps: busy > 0 ? capacity_fps : NaN,
    busy_fraction: busy,
    departure_rate_fps,
  }));
  return {
    arrival_rate_fps,
    arrival_rate_Bps: arrival_rate_fps * 84,
    mean_arrival_rate_fps: arrival_rate_fps,
    departure_rate_fps: departure_rate_fps * cores,
    queue_full_drops_fps: Math.max(0, arrival_rate_fps - capacity_fps * cores),
    vris,
  };
}
