/** What every allocator must hold, over the registry: a new one is tested unasked. */
import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Allocator } from "../types.ts";
import * as allocators from "./registry.ts";

const demands = fc.array(fc.record({ wanted: fc.integer({ min: 1, max: 5 }) }), { maxLength: 8 });

for (const [name, allocate] of Object.entries<Allocator>(allocators)) {
  Deno.test(`allocator ${name}: one count of at least 1 for every VR`, () => {
    fc.assert(fc.property(demands, fc.nat(16), (all, free) => {
      const counts = allocate(all, free);
      equal(counts.length, all.length);
      ok(counts.every((count) => Number.isInteger(count) && count >= 1));
    }));
  });
}
