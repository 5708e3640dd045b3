/** What every allocator must hold, over the registry: a new one is tested unasked. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { allocate } from "../allocate.ts";
import { loadOf, policyWith } from "../testing.ts";
import type { AllocatorView, Memory, VrLoad } from "../types.ts";
import * as registry from "./registry.ts";

const rate = fc.double({ min: 0, max: 1e8, noNaN: true });
const vri = fc.record({
  id: fc.constant("vr1.1"),
  queue_frames: fc.nat(1 << 20),
  service_rate_fps: fc.oneof(fc.constant(NaN), fc.double({ min: 0, max: 1e12, noNaN: true })),
  busy_fraction: fc.double({ min: 0, max: 1, noNaN: true }),
  departure_rate_fps: rate,
});
/** Any load, however unlikely: VRIs may lie. */
const anyLoad: fc.Arbitrary<VrLoad> = fc.record({
  arrival_rate_fps: rate,
  arrival_rate_Bps: rate,
  mean_arrival_rate_fps: rate,
  departure_rate_fps: rate,
  queue_full_drops_fps: rate,
  vris: fc.array(vri, { maxLength: 8 }),
});
const loads = fc.array(fc.record({ load: anyLoad, cores_now: fc.integer({ min: 1, max: 64 }) }), {
  maxLength: 12,
});

/** Periods of one VR in turn; each wish with the view that it came from. */
function* live(
  allocator: string,
  steps: readonly { load: VrLoad; cores_now: number }[],
  period_ms = 1000,
) {
  const policy = policyWith({ allocator, vris: 3 });
  let memory: Memory = null;
  for (const [i, { load, cores_now }] of steps.entries()) {
    const view: AllocatorView = { policy, load, cores_now, now_ms: i * period_ms, memory };
    const wish = registry[allocator as keyof typeof registry](view);
    memory = wish.memory === null ? null : Object.freeze({ ...wish.memory });
    yield { view, wish };
  }
}

for (const name of Object.keys(registry)) {
  Deno.test(`allocator ${name}: a whole number of cores, at least 1, with rule and reason`, () => {
    fc.assert(fc.property(loads, (steps) => {
      for (const { wish } of live(name, steps)) {
        ok(Number.isInteger(wish.wanted) && wish.wanted >= 1, `${wish.wanted}`);
        ok(/^[a-z_]+$/.test(wish.rule), wish.rule);
        ok(/^[^\n]{5,160}$/.test(wish.reason), wish.reason);
      }
    }));
  });

  Deno.test(`allocator ${name}: pure: the same view, the same wish`, () => {
    fc.assert(fc.property(loads, (steps) => {
      const first = [...live(name, steps)].map((it) => it.wish);
      deepEqual([...live(name, steps)].map((it) => it.wish), first);
    }));
  });

  Deno.test(`allocator ${name}: a steady load comes to rest and stays there`, () => {
    const steady = fc.double({ min: 0, max: 2e6, noNaN: true });
    const start = fc.integer({ min: 1, max: 40 });
    fc.assert(fc.property(steady, start, fc.constantFrom(50, 1000), (fps, start, period_ms) => {
      const policy = policyWith({ allocator: name, vris: 3 });
      let memory: Memory = null;
      const seen = [start];
      for (let i = 0; i < 4000 / period_ms + 100; i++) {
        const cores_now = seen.at(-1)!;
        const load = loadOf(fps, cores_now);
        const wish = allocate({ policy, load, cores_now, now_ms: i * period_ms, memory }, null);
        memory = wish.memory;
        seen.push(wish.wanted);
      }
      equal(new Set(seen.slice(-40)).size, 1, `flaps: ${seen.slice(-40)}`);
    }));
  });

  Deno.test(`allocator ${name}: minimum and maximum hold, and say so`, () => {
    fc.assert(fc.property(loads, fc.nat(5), fc.nat(5), (steps, low, span) => {
      const bounds = { minCores: 1 + low, maxCores: 1 + low + span };
      const policy = policyWith({ allocator: name, vris: 3, ...bounds });
      for (const { view } of live(name, steps)) {
        const own = registry[name as keyof typeof registry](view).wanted;
        const { wanted, rule } = allocate({ ...view, policy }, null);
        ok(wanted >= bounds.minCores && wanted <= bounds.maxCores);
        if (own < bounds.minCores) equal(rule, "minimum");
        if (own > bounds.maxCores) equal(rule, "maximum");
      }
    }));
  });

  Deno.test(`allocator ${name}: a load that is no number leaves a number of cores`, () => {
    const broken = [NaN, Infinity, -Infinity];
    for (const fps of broken) {
      const policy = policyWith({ allocator: name, vris: 3, maxCores: 9 });
      let memory: Memory = null;
      for (const [i, rate_fps] of [50_000, fps, 50_000, 50_000, 50_000, 50_000].entries()) {
        const load = { ...loadOf(50_000, 3), arrival_rate_fps: rate_fps };
        const view = { policy, load: { ...load, mean_arrival_rate_fps: rate_fps }, cores_now: 3 };
        const wish = allocate({ ...view, now_ms: i * 1000, memory }, null);
        ok(Number.isInteger(wish.wanted) && wish.wanted >= 1 && wish.wanted <= 9, `${fps}`);
        memory = wish.memory;
      }
    }
  });

  Deno.test(`allocator ${name}: nothing changes within its cool-down, but for its bounds`, () => {
    const policy = policyWith({ allocator: name, vris: 3, coolDown_ms: 5000 });
    const view = { policy, load: loadOf(600_000, 2), cores_now: 2, now_ms: 10_000, memory: null };
    const waits = allocate(view, 5001);
    deepEqual([waits.wanted, waits.rule], [2, "cool_down"]);
    ok(allocate(view, 5000).wanted > 2);
    equal(allocate({ ...view, policy: { ...policy, maxCores: 1 } }, 9999).wanted, 1);
  });
}
