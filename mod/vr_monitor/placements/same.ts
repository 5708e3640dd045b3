/** All on the dispatcher's core (paper, experiment 2a): the worst case, for comparison. */
import type { Choice, PlacementView } from "./types.ts";

export function same({ dispatcher }: PlacementView): Choice {
  return { core: dispatcher.core, why: "the dispatcher's own core, as asked for" };
}
