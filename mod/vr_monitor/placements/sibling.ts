/**
 * Sibling first (paper, section 4.2): VRIs go to cores of the dispatcher's own package before
 * others, since a frame then stays in the shared cache. One VRI per core while cores are free,
 * then round robin over the same cores; the dispatcher's core only where there is no other.
 */
import type { Core } from "../types.ts";

export function sibling(dispatcher: Core, others: readonly Core[], vris: number): number[] {
  const near = others.filter((core) => core.package === dispatcher.package);
  const far = others.filter((core) => core.package !== dispatcher.package);
  const order = [...near, ...far];
  if (order.length === 0) order.push(dispatcher);
  return Array.from({ length: vris }, (_, i) => order[i % order.length]!.core);
}
