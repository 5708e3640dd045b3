/**
 * How near cores are to the dispatcher, as sort keys (smaller is better) and in words. Pure; what
 * the placements are made of.
 */
import type { Core, PlacementView } from "../placements/types.ts";

/** NUMA distance where the firmware doesn't tell: as Linux assumes. */
const distanceLocal = 10;
const distanceRemote = 20;

/** NUMA distance between two cores; 10 on the same node. */
export function distance(from: Core, to: Core): number {
  const told = from.distances?.get(to.node);
  return told ?? (from.node === to.node ? distanceLocal : distanceRemote);
}

/** Sort keys of a core: 0 or less is better than 1. */
export interface Keys {
  /** VRIs on it; the dispatcher's own core comes after all others. */
  taken(core: Core): number;
  /** Its physical core is the dispatcher's. */
  dispatchersPhysicalCore(core: Core): number;
  /** Others use its physical core. */
  busyPhysicalCore(core: Core): number;
  otherPackage(core: Core): number;
  otherL3(core: Core): number;
  distance(core: Core): number;
  slowness(core: Core): number;
}

export function keysOf(view: PlacementView): Keys {
  const { dispatcher, cores, users } = view;
  const physical = new Map<number, number>();
  for (const { core, smt } of cores) {
    physical.set(smt, (physical.get(smt) ?? 0) + (users.get(core) ?? 0));
  }
  return {
    taken: ({ core }) => core === dispatcher.core ? Infinity : users.get(core) ?? 0,
    dispatchersPhysicalCore: ({ smt }) => Number(smt === dispatcher.smt),
    busyPhysicalCore: ({ smt }) => physical.get(smt)!,
    otherPackage: (core) => Number(core.package !== dispatcher.package),
    otherL3: ({ l3 }) => Number(l3 !== dispatcher.l3),
    distance: (core) => distance(dispatcher, core),
    slowness: ({ capacity }) => -capacity,
  };
}

/** The best core by these keys, the first key first; the earliest among equals. */
export function best(cores: readonly Core[], keys: readonly ((core: Core) => number)[]): Core {
  let chosen = cores[0];
  if (chosen === undefined) throw new RangeError("there is no core to choose from");
  for (const core of cores.slice(1)) {
    const key = keys.find((it) => it(core) !== it(chosen!));
    if (key !== undefined && key(core) < key(chosen)) chosen = core;
  }
  return chosen;
}

/** Why this core is as good as it gets, seen from the dispatcher's. */
export function describe(view: PlacementView, chosen: Core): string {
  const { dispatcher, cores, users } = view;
  if (chosen.core === dispatcher.core) return "the dispatcher's own core: there is no other";
  const words = [where(dispatcher, chosen)];
  if (new Set(cores.map((core) => core.capacity)).size > 1) {
    words.push(`capacity ${chosen.capacity} of 1024`);
  }
  const sharing = users.get(chosen.core) ?? 0;
  const threads = cores.filter(({ core, smt }) =>
    smt === chosen.smt && core !== chosen.core && (users.get(core) ?? 0) > 0
  ).map(({ core }) => core);
  if (sharing > 0) {
    words.push(`shared with ${sharing} other VRI${sharing > 1 ? "s" : ""}: no core is free`);
  } else if (threads.includes(dispatcher.core)) {
    words.push("an SMT sibling of the dispatcher: no other core is free");
  } else if (threads.length > 0) {
    words.push(`an SMT sibling of core ${threads.join(", ")}: no whole core is free`);
  }
  return words.join(", ");
}

function where(dispatcher: Core, core: Core): string {
  const far = core.node === dispatcher.node ? "" : `, NUMA distance ${distance(dispatcher, core)}`;
  if (core.package !== dispatcher.package) return `another package than the dispatcher's${far}`;
  if (core.l3 !== dispatcher.l3) return `the dispatcher's package, another cache${far}`;
  return `the dispatcher's package and cache${far}`;
}
