/**
 * The kernel's choice (paper, experiment 2a): a VRI is not pinned, and the scheduler moves it
 * within the cores that lvrm may use.
 */
import type { Choice, PlacementView } from "./types.ts";

export default function (_view: PlacementView): Choice {
  return { core: null, why: "the kernel places it" };
}
