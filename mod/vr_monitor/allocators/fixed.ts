/** Fixed: each VR gets the number of VRIs that the user asked for (`--vris`). */
import type { VrDemand } from "../types.ts";

export function fixed(demands: readonly VrDemand[], _cores: number): number[] {
  return demands.map((demand) => demand.wanted);
}
