/** What every placement must hold, over the registry: a new one is tested unasked. */
import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Placement } from "../types.ts";
import * as placements from "./registry.ts";

for (const [name, place] of Object.entries<Placement>(placements)) {
  Deno.test(`placement ${name}: no two VRIs on one core while a core is free`, () => {
    fc.assert(fc.property(fc.nat(8), fc.nat(20), fc.nat(1), (free, vris, split) => {
      const others = Array.from({ length: free }, (_, i) => ({ core: i + 1, package: i & split }));
      const placed = place({ core: 0, package: 0 }, others, vris);
      equal(placed.length, vris);
      const known = new Set(free === 0 ? [0] : others.map((core) => core.core));
      ok(placed.every((core) => known.has(core)));
      const used = new Map<number, number>();
      for (const core of placed) used.set(core, (used.get(core) ?? 0) + 1);
      const counts = [...known].map((core) => used.get(core) ?? 0);
      ok(Math.max(...counts) - Math.min(...counts) <= 1, "evenly spread");
    }));
  });
}
