/** What allocators and placements are: pure functions. */

/** What one VR asks for. */
export interface VrDemand {
  /** VRIs that the user asked for. */
  readonly wanted: number;
}

/** VRIs per VR, in the order of `demands`; `cores`: how many VRIs fit one to a core. */
export type Allocator = (demands: readonly VrDemand[], cores: number) => number[];

export type { Choice, Core, Placement, PlacementView } from "./placements/types.ts";
