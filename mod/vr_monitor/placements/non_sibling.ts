/**
 * Non-sibling first (paper, experiment 2a): a VRI goes to a core of another package than the
 * dispatcher's, where there is one, else of another cache; otherwise as `sibling`. For comparison:
 * each frame crosses from cache to cache.
 */
import { best, describe, keysOf } from "../topology/nearness.ts";
import type { Choice, PlacementView } from "./types.ts";

export function non_sibling(view: PlacementView): Choice {
  const keys = keysOf(view);
  const chosen = best(view.cores, [
    keys.taken,
    keys.dispatchersPhysicalCore,
    keys.busyPhysicalCore,
    (core) => -keys.otherPackage(core),
    (core) => -keys.otherL3(core),
    keys.distance,
    keys.slowness,
  ]);
  return { core: chosen.core, why: describe(view, chosen) };
}
