/** Memory of VRs. */
import type { Core } from "../../ffi/core.ts";
import type { VrSettings } from "../config/mod.ts";
import { mostVris, slotsFor } from "../config/sizes.ts";

/** Makes each VR's arena, for frames of these MTUs and as many VRIs as it may get. */
export function createVrs(
  core: Core,
  vrs: readonly VrSettings[],
  mtus: readonly number[],
  usableCores: number,
): void {
  for (const [vr, chosen] of vrs.entries()) {
    const { balancer, byFrame, loadEstimator, loadWeight } = chosen;
    const { flows: flowCount, flowIdle_ms: flowIdleMs } = chosen;
    const { bytes: slotBytes, count: slotCount } = slotsFor(mtus, mostVris(chosen, usableCores));
    const config = { balancer, byFrame, loadEstimator, loadWeight, flowCount, flowIdleMs };
    core.vrCreate({ vr, slotBytes, slotCount, ...config });
  }
}
