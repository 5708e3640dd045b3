/** Fixed: the number of cores that the user asked for (`--vris`), whatever the load. */
import type { AllocatorView, Wish } from "../types.ts";

export function fixed({ policy }: AllocatorView): Wish {
  return {
    wanted: policy.vris,
    rule: "fixed",
    reason: `${policy.vris} cores are fixed for it`,
    inputs: { vris: policy.vris },
    memory: null,
  };
}
