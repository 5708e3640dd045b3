import { deepEqual, throws } from "node:assert/strict";
import { idle } from "../config/sizes.ts";
import { decide } from "./mod.ts";
import type { Core } from "./types.ts";

const cores = (...numbers: number[]): Core[] => numbers.map((core) => ({ core, package: 0 }));

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
