import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { loadOf, policyWith } from "../testing.ts";
import { dynamic, idealCores } from "./dynamic.ts";

function decide(kfps: number, cores_now: number) {
  const policy = policyWith();
  const load = loadOf(kfps * 1000, cores_now);
  return dynamic({ policy, load, cores_now, now_ms: 0, memory: null });
}

Deno.test("dynamic: one more above 60c × 1.05, one less below 60(c − 1) × 1.02", () => {
  for (const c of [1, 2, 3, 6]) {
    equal(decide(60 * c * 1.05, c).wanted, c);
    equal(decide(60 * c * 1.05 + 0.001, c).wanted, c + 1);
    if (c === 1) continue;
    equal(decide(60 * (c - 1) * 1.02, c).wanted, c);
    equal(decide(60 * (c - 1) * 1.02 - 0.001, c).wanted, c - 1);
  }
  equal(decide(0, 1).wanted, 1);
});

Deno.test("dynamic: one step at a time, however far off", () => {
  equal(decide(1000, 2).wanted, 3);
  equal(decide(0, 9).wanted, 8);
});

Deno.test("dynamic: the paper's staircase, up and down, ends at its ideal cores", () => {
  const seen = [];
  let c = 1;
  for (const kfps of [60, 120, 180, 240, 300, 360, 300, 240, 180, 120, 60]) {
    for (let period = 0; period < 5; period++) c = decide(kfps, c).wanted;
    equal(c, idealCores(kfps * 1000, 60_000));
    seen.push(c);
  }
  deepEqual(seen, [1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1]);
});

Deno.test("dynamic: up to 20 cores: at rest it has the ideal ones, or one off within the thresholds", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1_150_000 }), (fps) => {
    let c = 1;
    for (let period = 0; period < 60; period++) c = decide(fps / 1000, c).wanted;
    const ideal = idealCores(fps, 60_000);
    equal(decide(fps / 1000, c).wanted, c);
    // Coming from below: the next core comes 5 % late.
    equal(c === ideal || (c === ideal - 1 && fps <= 60_000 * c * 1.05), true, `${c} at ${fps}`);
  }));
});

Deno.test("dynamic: says what arrived and which threshold it went by", () => {
  const { rule, reason, inputs } = decide(200, 3);
  deepEqual(rule, "above");
  match(reason, /^200 Kfps arrive, more than 189 Kfps: too much for 3 cores$/);
  deepEqual(inputs, {
    arrival_rate_fps: 200_000,
    core_rate_fps: 60_000,
    ideal_cores: 4,
    above_fps: 189_000,
  });
});
