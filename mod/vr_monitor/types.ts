/** What allocators and placements are: pure functions. */

/** What one VR asks for. */
export interface VrDemand {
  /** VRIs that the user asked for. */
  readonly wanted: number;
}

/** VRIs per VR, in the order of `demands`; `cores`: how many VRIs fit one to a core. */
export type Allocator = (demands: readonly VrDemand[], cores: number) => number[];

/** A core that lvrm may use. */
export interface Core {
  /** CPU number. */
  readonly core: number;
  /** Physical package that it is in. */
  readonly package: number;
}

/** CPU number for each of `vris` VRIs. `others`: cores beside the dispatcher's, maybe none. */
export type Placement = (dispatcher: Core, others: readonly Core[], vris: number) => number[];
