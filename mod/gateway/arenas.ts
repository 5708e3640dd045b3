/** Memory of VRs. */
import type { Core } from "../../ffi/core.ts";
import type { VrSettings } from "../config/mod.ts";
import { mostVris, slotsFor } from "../config/sizes.ts";

/**
 * Makes each VR's arena, for frames of these MTUs and as many VRIs as it may get; `residentSlots`:
 * besides, for frames that stay there.
 */
export function createVrs(
  core: Core,
  vrs: readonly VrSettings[],
  frames: { readonly mtus: readonly number[]; readonly residentSlots: number },
  usableCores: number,
): void {
  for (const [vr, chosen] of vrs.entries()) {
    const { balancer, byFrame, loadEstimator, loadWeight } = chosen;
    const { flows: flowCount, flowIdle_ms: flowIdleMs } = chosen;
    const slots = slotsFor(frames.mtus, mostVris(chosen, usableCores));
    const { bytes: slotBytes, count: slotCount } = slots;
    const residentCount = frames.residentSlots;
    const config = { balancer, byFrame, loadEstimator, loadWeight, flowCount, flowIdleMs };
    core.vrCreate({ vr, slotBytes, slotCount, residentCount, ...config });
  }
}
