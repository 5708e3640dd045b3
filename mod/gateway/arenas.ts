/** Memory of VRs. */
import { manifest } from "../../ffi/abi.gen.ts";
import type { Core } from "../../ffi/core.ts";
import type { Settings, VrSettings } from "../config/mod.ts";
import { arena, mostVris, slotsFor } from "../config/sizes.ts";

/** What shall lie in the arenas. */
export interface ArenaFrames {
  readonly mtus: readonly number[];
  /** Slots of each for frames that stay there. */
  readonly residentSlots: number;
  /** And for the kernel, which puts frames there itself. */
  readonly kernelSlots: number;
}

/** Slots for the kernel, on so many ports: `af_xdp`, by one dispatcher for one VR. */
export function kernelSlots(
  { adapter, dispatchers, vrs }: Pick<Settings, "adapter" | "dispatchers" | "vrs">,
  ports: number,
): number {
  const isXdp = typeof adapter === "number" && manifest.adapters[adapter] === "af_xdp";
  return isXdp && dispatchers === 1 && vrs.length === 1 ? ports * arena.kernel_slots : 0;
}

/** Makes each VR's arena, for as many VRIs as it may get. */
export function createVrs(
  core: Core,
  vrs: readonly VrSettings[],
  frames: ArenaFrames,
  usableCores: number,
): void {
  for (const [vr, chosen] of vrs.entries()) {
    const { balancer, byFrame, loadEstimator, loadWeight } = chosen;
    const { flows: flowCount, flowIdle_ms: flowIdleMs } = chosen;
    const slots = slotsFor(frames.mtus, mostVris(chosen, usableCores));
    const { bytes: slotBytes, count: slotCount } = slots;
    const kernelCount = slotBytes === arena.slot_bytes ? frames.kernelSlots : 0;
    core.vrCreate({
      ...{ vr, slotBytes, slotCount, residentCount: frames.residentSlots, kernelCount },
      ...{ balancer, byFrame, loadEstimator, loadWeight, flowCount, flowIdleMs },
    });
  }
}
