/** What every placement must hold, over the registry: a new one is tested unasked. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { placeAll, usableCores } from "./conformance_cases.ts";
import * as placements from "./registry.ts";
import type { Placement } from "./types.ts";

/** They share cores on purpose. */
const sharing: Record<string, string> = {
  default: "the kernel places",
  same: "all on the dispatcher's core",
};

const vris = fc.nat(40);

for (const [name, place] of Object.entries<Placement>(placements)) {
  Deno.test(`placement ${name}: usable cores only, with a reason, and the same each time`, () => {
    fc.assert(fc.property(usableCores, vris, (cores, count) => {
      const known = new Set<number | null>([null, ...cores.map(({ core }) => core)]);
      const placed = placeAll(place, cores, count);
      ok(placed.every((core) => known.has(core)));
      deepEqual(placeAll(place, cores, count), placed);
      const users = new Map([[cores[0]!.core, 1]]);
      ok(place({ dispatcher: cores[0]!, cores, users }).why.length > 0);
    }));
  });

  Deno.test({
    name: `placement ${name}: no two VRIs on one core while a core is free`,
    ignore: name in sharing,
    fn: () => {
      fc.assert(fc.property(usableCores, vris, (cores, count) => {
        const placed = placeAll(place, cores, count);
        const used = new Map<number | null, number>();
        for (const core of placed) used.set(core, (used.get(core) ?? 0) + 1);
        // Beside the dispatcher's, where there are others.
        const others = cores.length > 1 ? cores.slice(1) : cores;
        const counts = others.map(({ core }) => used.get(core) ?? 0);
        equal(counts.reduce((sum, it) => sum + it, 0), count);
        ok(Math.max(...counts) - Math.min(...counts) <= 1, `evenly spread: ${counts}`);
      }));
    },
  });

  Deno.test({
    name: `placement ${name}: a core that was given back is the next one given`,
    ignore: name in sharing,
    fn: () => {
      fc.assert(fc.property(usableCores, fc.nat(), (cores, pick) => {
        fc.pre(cores.length > 1);
        const [dispatcher, ...others] = cores;
        const left = others[pick % others.length]!;
        const users = new Map(cores.map(({ core }) => [core, 1]));
        users.delete(left.core);
        equal(place({ dispatcher: dispatcher!, cores, users }).core, left.core);
      }));
    },
  });
}
