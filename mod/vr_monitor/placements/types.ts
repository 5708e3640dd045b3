/** What a placement sees and says. */

/** A core (one CPU as Linux numbers them) that lvrm may use, and where it lies. */
export interface Core {
  /** CPU number. */
  readonly core: number;
  /** Physical package (socket) that it is in. */
  readonly package: number;
  /** Domain of its last-level cache: the lowest CPU number that shares it. */
  readonly l3: number;
  /** NUMA node. */
  readonly node: number;
  /** Physical core: the lowest CPU number among its SMT siblings. */
  readonly smt: number;
  /** Speed, up to 1024 for the machine's fastest cores. */
  readonly capacity: number;
  /** NUMA distance of its node to each node, as the firmware tells; 10 is local. */
  readonly distances?: ReadonlyMap<number, number>;
}

/** What a placement goes by. */
export interface PlacementView {
  readonly dispatcher: Core;
  /** Usable cores, the dispatcher's included, in the user's order. */
  readonly cores: readonly Core[];
  /** VRIs, and the dispatcher, on each core now, by CPU number. */
  readonly users: ReadonlyMap<number, number>;
}

/** A core for one VRI. */
export interface Choice {
  /** CPU number; null: the kernel places the VRI within the usable cores. */
  readonly core: number | null;
  /** In words, for the user. */
  readonly why: string;
}

/** The core of one new VRI; those that run keep theirs. Pure. */
export type Placement = (view: PlacementView) => Choice;
