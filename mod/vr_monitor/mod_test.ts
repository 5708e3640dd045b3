import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { idle } from "../config/sizes.ts";
import * as allocators from "./allocators/registry.ts";
import { decide } from "./mod.ts";
import * as placements from "./placements/registry.ts";
import type { Allocator, Core, Placement } from "./types.ts";

const cores = (...numbers: number[]): Core[] => numbers.map((core) => ({ core, package: 0 }));

Deno.test("decide() gives the dispatcher the first core and VRIs the next ones", () => {
  const decision = decide([{ wanted: 1 }, { wanted: 2 }], cores(4, 5, 6, 7));
  deepEqual(decision.dispatcher, { core: 4, idle: idle.own });
  deepEqual(decision.vris.map((it) => [it.vr, it.index, it.core]), [
    [0, 0, 5],
    [1, 0, 6],
    [1, 1, 7],
  ]);
  ok(decision.vris.every((it) => it.idle === idle.own));
});

Deno.test("decide() shares cores only when there are too few, and says so in the idle values", () => {
  const two = decide([{ wanted: 1 }, { wanted: 1 }], cores(0, 1));
  deepEqual(two.vris.map((it) => it.core), [1, 1]);
  equal(two.dispatcher.idle, idle.own);
  ok(two.vris.every((it) => it.idle === idle.shared));
  const one = decide([{ wanted: 1 }], cores(3));
  deepEqual([one.dispatcher.core, one.vris[0]!.core], [3, 3]);
  equal(one.dispatcher.idle, idle.shared);
  throws(() => decide([{ wanted: 1 }], []), RangeError);
});

Deno.test("sibling takes cores of the dispatcher's package first", () => {
  const others = [{ core: 1, package: 1 }, { core: 2, package: 0 }, { core: 3, package: 1 }];
  deepEqual(placements.sibling({ core: 0, package: 0 }, others, 4), [2, 1, 3, 2]);
});

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
