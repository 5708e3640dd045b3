/** What the VRs of experiments are told about cores. */
import type { VrPolicy } from "../vr_monitor/mod.ts";
import { coreRate_fps } from "./dummy.ts";

/** One VR's, with everything that isn't said as by default. */
export function policyOf(
  name: string,
  most: number,
  allocator: string,
  more: Partial<VrPolicy> = {},
): VrPolicy {
  return {
    name,
    allocator,
    vris: 1,
    coreRate_fps,
    growAt: 1.05,
    shrinkAt: 1.02,
    utilisation: 0.8,
    minCores: 1,
    maxCores: most,
    weight: 1,
    coolDown_ms: 0,
    ...more,
  };
}
