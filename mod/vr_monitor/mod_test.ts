import { deepEqual, throws } from "node:assert/strict";
import { idle } from "../config/sizes.ts";
import { decide, placements } from "./mod.ts";
import type { Core } from "./types.ts";

const cores = (...numbers: number[]): Core[] =>
  numbers.map((core) => ({ core, package: 0, l3: 0, node: 0, smt: core, capacity: 1024 }));

Deno.test("decide() gives the dispatcher the first core and VRIs the next ones", () => {
  const decision = decide([{ wanted: 1 }, { wanted: 2 }], cores(4, 5, 6, 7));
  deepEqual(decision.dispatcher, { core: 4, idle: idle.own });
  deepEqual(decision.vris.map((it) => [it.vr, it.index, it.core]), [
    [0, 0, 5],
    [1, 0, 6],
    [1, 1, 7],
  ]);
  for (const it of decision.vris) deepEqual(it.idle, idle.own);
});

Deno.test("decide() shares cores only when there are too few, and idles accordingly", () => {
  const two = decide([{ wanted: 1 }, { wanted: 1 }], cores(0, 1));
  deepEqual(two.vris.map((it) => it.core), [1, 1]);
  deepEqual(two.dispatcher.idle, idle.own);
  for (const it of two.vris) deepEqual(it.idle, idle.shared);
  const one = decide([{ wanted: 1 }], cores(3));
  deepEqual([one.dispatcher.core, one.vris[0]!.core], [3, 3]);
  deepEqual(one.dispatcher.idle, idle.shared);
  throws(() => decide([{ wanted: 1 }], []), RangeError);
});

Deno.test("decide() heeds what was asked for of the idle thresholds", () => {
  const decision = decide([{ wanted: 1 }], cores(0, 1), { spins: 7 });
  deepEqual(decision.dispatcher.idle, { ...idle.own, spins: 7 });
  deepEqual(decision.vris[0]!.idle, { ...idle.own, spins: 7 });
});

Deno.test("decide() leaves VRIs to the kernel with placement default, spinning where it can", () => {
  const roomy = decide([{ wanted: 2 }], cores(0, 1, 2), {}, placements.default);
  deepEqual(roomy.vris.map((it) => it.core), [null, null]);
  for (const it of [...roomy.vris, roomy.dispatcher]) deepEqual(it.idle, idle.own);
  const crowded = decide([{ wanted: 3 }], cores(0, 1, 2), {}, placements.default);
  for (const it of [...crowded.vris, crowded.dispatcher]) deepEqual(it.idle, idle.shared);
});
