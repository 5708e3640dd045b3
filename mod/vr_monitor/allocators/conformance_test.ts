/** What every allocator must hold, over the registry: a new one is tested unasked. */
import { ok } from "node:assert/strict";
import type { Allocator, VrPolicy } from "../types.ts";
import * as allocators from "./registry.ts";

const policy: VrPolicy = {
  name: "vr1",
  allocator: "",
  vris: 2,
  coreRate_fps: 60_000,
  growAt: 1.05,
  shrinkAt: 1.02,
  utilisation: 0.8,
  minCores: 1,
  maxCores: null,
  weight: 1,
  coolDown_ms: 0,
};

for (const [name, allocate] of Object.entries<Allocator>(allocators)) {
  Deno.test(`allocator ${name}: a whole number of cores, at least 1, with a reason`, () => {
    const load = {
      arrival_rate_fps: 0,
      arrival_rate_Bps: 0,
      mean_arrival_rate_fps: 0,
      departure_rate_fps: 0,
      queue_full_drops_fps: 0,
      vris: [],
    };
    const view = { policy, load, cores_now: 1, now_ms: 0, memory: null };
    const wish = allocate(view);
    ok(Number.isInteger(wish.wanted) && wish.wanted >= 1);
    ok(wish.rule !== "" && wish.reason !== "");
  });
}
