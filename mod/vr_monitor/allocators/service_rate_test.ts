import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { loadOf, policyWith } from "../testing.ts";
import type { Memory, VrLoad, Wish } from "../types.ts";
import { service_rate } from "./service_rate.ts";

/** A VR's periods; the cores follow the wishes. */
class Life {
  cores = 1;
  #memory: Memory = null;
  #now_ms = 0;
  readonly #utilisation: number;

  constructor(utilisation = 0.8) {
    this.#utilisation = utilisation;
  }

  period(load: VrLoad): Wish {
    const policy = policyWith({ allocator: "service_rate", utilisation: this.#utilisation });
    const view = { policy, load, cores_now: this.cores, now_ms: this.#now_ms };
    const wish = service_rate({ ...view, memory: this.#memory });
    this.#memory = wish.memory;
    this.#now_ms += 1000;
    this.cores = wish.wanted;
    return wish;
  }

  steady(fps: number, periods: number, capacity_fps = 60_000): void {
    for (let i = 0; i < periods; i++) this.period(loadOf(fps, this.cores, capacity_fps));
  }
}

Deno.test("service_rate: knows nothing and changes nothing until a VRI was busy", () => {
  const life = new Life();
  const wish = life.period({ ...loadOf(0, 1), arrival_rate_fps: 1e6 });
  deepEqual([wish.wanted, wish.rule], [1, "unknown"]);
});

Deno.test("service_rate: learns what a core can do, whatever that is", () => {
  for (const capacity_fps of [1000, 60_000, 5e6]) {
    const life = new Life();
    life.steady(capacity_fps * 2.5, 10, capacity_fps);
    equal(life.cores, 3);
  }
});

Deno.test("service_rate: grows before queues drop: while its cores still keep up", () => {
  const life = new Life();
  for (let kfps = 30; kfps <= 600; kfps += 1) {
    const load = loadOf(kfps * 1000, life.cores);
    equal(load.queue_full_drops_fps, 0, `at ${kfps} Kfps with ${life.cores} cores`);
    life.period(load);
  }
  equal(life.cores, 11);
});

Deno.test("service_rate: jumps by more than one when far off, both ways", () => {
  const life = new Life();
  life.steady(50_000, 5);
  equal(life.cores, 1);
  life.period(loadOf(600_000, 1));
  ok(life.cores >= 10, `${life.cores}`);
  life.steady(600_000, 10);
  ok(life.cores >= 11 && life.cores <= 13, `${life.cores}`);
  life.steady(30_000, 4);
  equal(life.cores, 1);
});

Deno.test("service_rate: shrinks only when the rest would stay under the target utilisation", () => {
  const rates = fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 10, maxLength: 60 });
  const target = fc.constantFrom(0.5, 0.8, 0.9);
  fc.assert(fc.property(rates, target, (all, utilisation) => {
    const life = new Life(utilisation);
    life.steady(30_000, 3);
    for (const fps of all) {
      const before = life.cores;
      const wish = life.period(loadOf(fps, before));
      if (wish.wanted >= before) continue;
      ok(fps <= wish.wanted * 60_000 * utilisation * (1 + 1e-9), `${wish.wanted} for ${fps}`);
    }
  }));
});

Deno.test("service_rate: one quiet period takes no core away", () => {
  const life = new Life();
  life.steady(300_000, 10);
  const before = life.cores;
  for (let i = 0; i < 20; i++) {
    life.period(loadOf(i % 2 === 0 ? 30_000 : 300_000, life.cores));
    equal(life.cores, before);
  }
});

Deno.test("service_rate: heavier frames are noticed at once when all cores are busy", () => {
  const life = new Life();
  life.steady(110_000, 20);
  const before = life.cores;
  const wish = life.period(loadOf(110_000, before, 20_000));
  ok(wish.wanted >= 6, `${wish.wanted}`);
});

Deno.test("service_rate: full queues at busy cores call for one more, at idle ones for none", () => {
  const life = new Life();
  life.steady(100_000, 20);
  equal(life.cores, 2);
  const full = { ...loadOf(100_000, 2), queue_full_drops_fps: 10 };
  const wish = life.period(full);
  deepEqual([wish.wanted, wish.rule], [3, "drops"]);
  match(wish.reason, /^queues are full, and its cores are busy 83 % of the time$/);
  const alone = new Life();
  alone.steady(40_000, 20); // one flow that bursts: another core would not help it
  equal(alone.period({ ...loadOf(40_000, 1), queue_full_drops_fps: 10 }).wanted, 1);
});

Deno.test("service_rate: a rising rate is expected to go on rising, a step is not", () => {
  /** The last rate of each, with the mean of a period in which it rose evenly. */
  const rising = (life: Life, from_fps: number, to_fps: number) =>
    life.period({
      ...loadOf(to_fps, life.cores),
      mean_arrival_rate_fps: (from_fps + to_fps) / 2,
    });
  const steady = new Life();
  steady.steady(56_000, 20);
  equal(steady.cores, 1);
  const ramp = new Life();
  for (let fps = 20_000; fps < 56_000; fps += 4000) rising(ramp, fps, fps + 4000);
  equal(ramp.cores, 2);
  const step = new Life();
  step.steady(20_000, 20);
  rising(step, 20_000, 56_000); // somewhere within this period
  step.steady(56_000, 1);
  equal(step.cores, 1);
});

Deno.test("service_rate: lighter frames are believed after a while, busier cores sooner", () => {
  const life = new Life();
  life.steady(150_000, 20);
  equal(life.cores, 3);
  life.steady(150_000, 3, 150_000);
  equal(life.cores, 3, "not at once");
  life.steady(150_000, 40, 150_000);
  equal(life.cores, 2);
});

Deno.test("service_rate: cores that are not all busy are no proof that frames are heavier", () => {
  const life = new Life();
  life.steady(30_000, 20);
  const { inputs } = life.period(loadOf(30_000, 1, 40_000)); // three quarters busy
  ok(inputs.capacity_fps! > 54_000 && inputs.capacity_fps! < 59_000, `${inputs.capacity_fps}`);
});

Deno.test("service_rate: a rate of long ago keeps no cores, also where frames are heavier now", () => {
  const life = new Life();
  life.steady(300_000, 10);
  equal(life.cores, 6);
  life.steady(200_000, 1); // five would do, as far as is known
  life.steady(60_000, 12, 20_000); // and it turns out that they would not have done
  equal(life.cores, 4);
});

Deno.test("service_rate: it shrinks to what was enough for all of the last two seconds", () => {
  const life = new Life();
  life.steady(300_000, 10);
  equal(life.cores, 6);
  life.steady(150_000, 1);
  life.steady(30_000, 1);
  equal(life.cores, 6);
  const { rule, wanted } = life.period(loadOf(30_000, 6));
  deepEqual([rule, wanted], ["shrink", 4]); // 150 Kfps at 0.8 of 60
});
