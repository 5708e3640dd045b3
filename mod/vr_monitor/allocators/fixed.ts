/** Fixed: the number of cores that the user asked for (`--vris`), whatever the load. */
import { cores } from "../words.ts";
import type { AllocatorView, Wish } from "../types.ts";

export function fixed({ policy }: AllocatorView): Wish {
  return {
    wanted: policy.vris,
    rule: "fixed",
    reason: `it has ${cores(policy.vris)}, whatever the load`,
    inputs: { vris: policy.vris },
    memory: null,
  };
}
