/** Memory of VRs. */
import { manifest } from "../../ffi/abi.gen.ts";
import type { Core } from "../../ffi/core.ts";
import type { Settings } from "../config/mod.ts";
import { arena, mostVris, slotsFor } from "../config/sizes.ts";

type ArenaSettings = Pick<Settings, "adapter" | "dispatchers" | "vrs">;

/** Slots for the kernel, on so many ports: `af_xdp`, by one dispatcher for one VR. */
function kernelSlots(
  { adapter, dispatchers, vrs }: ArenaSettings,
  ports: number,
): number {
  const isXdp = typeof adapter === "number" && manifest.adapters[adapter] === "af_xdp";
  return isXdp && dispatchers === 1 && vrs.length === 1 ? ports * arena.kernel_slots : 0;
}

/**
 * Makes each VR's arena, for frames of these MTUs and as many VRIs as it may get; `residentSlots`:
 * besides, for frames that stay there.
 */
export function createVrs(
  core: Core,
  settings: ArenaSettings,
  frames: { readonly mtus: readonly number[]; readonly residentSlots: number },
  usableCores: number,
): void {
  const kernels = kernelSlots(settings, frames.mtus.length);
  for (const [vr, chosen] of settings.vrs.entries()) {
    const { balancer, byFrame, loadEstimator, loadWeight } = chosen;
    const { flows: flowCount, flowIdle_ms: flowIdleMs } = chosen;
    const slots = slotsFor(frames.mtus, mostVris(chosen, usableCores));
    const { bytes: slotBytes, count: slotCount } = slots;
    const kernelCount = slotBytes === arena.slot_bytes ? kernels : 0;
    core.vrCreate({
      ...{ vr, slotBytes, slotCount, residentCount: frames.residentSlots, kernelCount },
      ...{ balancer, byFrame, loadEstimator, loadWeight, flowCount, flowIdleMs },
    });
  }
}
