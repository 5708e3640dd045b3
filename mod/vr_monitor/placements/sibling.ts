/**
 * Sibling first (paper, section II): a VRI goes to a core of the dispatcher's own package, and
 * within it of the same cache, since its frames are there already; then to the nearest NUMA node,
 * and to fast cores before slow ones. Whole physical cores go before SMT siblings of busy ones, and
 * the dispatcher's own sibling goes last. One VRI per core while one is free.
 */
import { best, describe, keysOf } from "../topology/nearness.ts";
import type { Choice, PlacementView } from "./types.ts";

export function sibling(view: PlacementView): Choice {
  const keys = keysOf(view);
  const chosen = best(view.cores, [
    keys.taken,
    keys.dispatchersPhysicalCore,
    keys.busyPhysicalCore,
    keys.otherPackage,
    keys.otherL3,
    keys.distance,
    keys.slowness,
  ]);
  return { core: chosen.core, why: describe(view, chosen) };
}
