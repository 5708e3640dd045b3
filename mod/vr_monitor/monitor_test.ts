import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { VrMonitor } from "./monitor.ts";
import type { VrMonitorOptions } from "./monitor.ts";
import { loadOf, policyWith } from "./testing.ts";
import type { VrPolicy } from "./types.ts";

const options = { period_ms: 1000, overcommit: false, origin_ms: 0 };

/** A monitor whose targets come about at once, and whose VRs get a rate each. */
class Run {
  targets: number[];
  readonly #monitor: VrMonitor;
  #now_ms = 0;

  constructor(policies: VrPolicy[], cores: number, more: Partial<VrMonitorOptions> = {}) {
    this.#monitor = new VrMonitor(policies, { ...options, ...more });
    this.targets = this.#monitor.start(cores);
  }

  period(kfps: number[], cores: number, broken = kfps.map(() => false)) {
    this.#now_ms += 1000;
    const loads = kfps.map((rate, vr) => loadOf(rate * 1000, this.targets[vr]!));
    const result = this.#monitor.period(this.#now_ms, loads, cores, {
      targets: this.targets,
      broken,
    });
    this.targets = [...result.targets];
    return result;
  }

  settle(kfps: number[], cores: number): number[] {
    for (let i = 0; i < 20; i++) this.period(kfps, cores);
    return this.targets;
  }
}

const two = [policyWith({ name: "a" }), policyWith({ name: "b" })];

Deno.test("monitor: cores follow each VR's traffic, one step per period", () => {
  const run = new Run(two, 8);
  deepEqual(run.targets, [1, 1]);
  deepEqual(run.period([180, 30], 8).targets, [2, 1]);
  deepEqual(run.period([180, 30], 8).targets, [3, 1]);
  deepEqual(run.period([180, 30], 8).decisions, []);
  deepEqual(run.period([30, 30], 8).targets, [2, 1]);
});

Deno.test("monitor: a decision tells before, after, rule, reason and inputs", () => {
  const run = new Run(two, 8);
  const { decisions, wanted } = run.period([180, 30], 8);
  deepEqual(wanted, [2, 1]);
  equal(decisions.length, 1);
  const { inputs, reason, ...rest } = decisions[0]!;
  deepEqual(rest, {
    at: "1970-01-01T00:00:01.000Z",
    uptime_ms: 1000,
    vr: "a",
    before: 1,
    after: 2,
    wanted: 2,
    rule: "above",
    took_us: null,
    dry_run: false,
  });
  match(reason, /^180 Kfps arrive, more than 63 Kfps/);
  deepEqual([inputs.arrival_rate_fps, inputs.cores], [180_000, 8]);
});

Deno.test("monitor: when all want more than there is, by weight; who is starved says so", () => {
  const run = new Run([policyWith({ name: "a", weight: 3 }), policyWith({ name: "b" })], 8);
  deepEqual(run.settle([600, 600], 8), [6, 2]);
  const { starved, decisions } = run.period([600, 600], 8);
  deepEqual([starved, decisions], [[true, true], []]);
  deepEqual(run.settle([120, 600], 8), [2, 6]);
  deepEqual(run.period([120, 600], 8).starved, [false, true]);
});

Deno.test("monitor: a VR that must give way hears that it is its share", () => {
  const run = new Run(two, 6);
  deepEqual(run.settle([600, 30], 6), [5, 1]);
  const decisions = run.period([600, 600], 6).decisions;
  deepEqual(decisions.map((it) => [it.vr, it.before, it.after, it.rule]), [
    ["a", 5, 4, "share"],
    ["b", 1, 2, "above"],
  ]);
  match(decisions[0]!.reason, /6 cores for all, and its share of them is 4$/);
});

Deno.test("monitor: cores that go away are taken from the VRs, and come back", () => {
  const run = new Run(two, 8);
  deepEqual(run.settle([220, 220], 8), [4, 4]);
  deepEqual(run.settle([220, 220], 3), [2, 1]);
  deepEqual(run.settle([220, 220], 0), [1, 1]);
  deepEqual(run.settle([220, 220], 8), [4, 4]);
});

Deno.test("monitor: a broken VR's cores go to others until it lasts", () => {
  const run = new Run(two, 6);
  deepEqual(run.settle([600, 600], 6), [3, 3]);
  const first = run.period([600, 600], 6, [true, false]);
  deepEqual(first.targets, [1, 4]);
  const { rule, reason } = first.decisions[0]!;
  equal(rule, "broken");
  match(reason, /fail over and over/);
  for (let i = 0; i < 5; i++) run.period([600, 600], 6, [true, false]);
  deepEqual(run.targets, [1, 6]); // its one VRI goes on trying
  deepEqual(run.settle([600, 600], 6), [3, 3]);
});

Deno.test("monitor: fixed VRs start with their cores, others with their minimum", () => {
  const fixed = policyWith({ name: "a", allocator: "fixed", vris: 3 });
  const run = new Run([fixed, policyWith({ name: "b", minCores: 2 })], 8);
  deepEqual(run.targets, [3, 2]);
  deepEqual(run.settle([0, 0], 8), [3, 2]);
});

Deno.test("monitor: more VRIs than cores only when told to, and never without end", () => {
  const fixed = policyWith({ allocator: "fixed", vris: 4 });
  const capped = new Run([fixed], 2);
  deepEqual(capped.settle([10], 2), [2]);
  deepEqual(capped.period([10], 2).starved, [true]);
  const run = new Run([fixed], 2, { overcommit: true });
  deepEqual(run.settle([10], 2), [4]);
  const endless = new Run([policyWith({ allocator: "service_rate" })], 2, { overcommit: true });
  deepEqual(endless.settle([1e9], 2), [64]);
});

Deno.test("monitor: the cool-down counts from the last change that the VR wished for", () => {
  const run = new Run([policyWith({ coolDown_ms: 3000 })], 8);
  const seen = Array.from({ length: 8 }, () => run.period([600], 8).targets[0]);
  deepEqual(seen, [2, 2, 2, 3, 3, 3, 4, 4]);
});

Deno.test("monitor: who must give way to others waits for no cool-down to get its core back", () => {
  const run = new Run([policyWith({ name: "a", coolDown_ms: 10_000 }), two[1]!], 6);
  for (let i = 0; i < 60; i++) run.period([600, 30], 6);
  deepEqual(run.targets, [5, 1]);
  deepEqual(run.period([600, 120], 6).targets, [4, 2]);
  deepEqual(run.period([600, 30], 6).targets, [5, 1]);
});

Deno.test("monitor: a dry run says each decision once, as if it were acted upon", () => {
  const monitor = new VrMonitor([policyWith()], { ...options, dryRun: true });
  const state = { targets: [1], broken: [false] }; // nothing comes of it
  const seen = [150, 150, 150, 150, 30, 30, 30].map((kfps, i) =>
    monitor.period(i * 1000, [loadOf(kfps * 1000, 1)], 8, state).decisions
      .map((it) => [it.before, it.after, it.dry_run])
  );
  deepEqual(seen, [[[1, 2, true]], [[2, 3, true]], [], [], [[3, 2, true]], [[2, 1, true]], []]);
});

Deno.test("monitor: never more than the cores, no core idle that is wanted, and at rest", () => {
  const vr = fc.record({
    kfps: fc.nat(1500),
    allocator: fc.constantFrom("dynamic", "service_rate"),
    weight: fc.constantFrom(1, 2, 5),
    minCores: fc.integer({ min: 1, max: 2 }),
  });
  const vrs = fc.array(vr, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(vrs, fc.integer({ min: 0, max: 64 }), (all, cores) => {
      const run = new Run(all.map((it, i) => policyWith({ ...it, name: `vr${i}` })), cores);
      const kfps = all.map((it) => it.kfps);
      for (let i = 0; i < 80; i++) run.period(kfps, cores);
      for (let i = 0; i < 3; i++) {
        const { decisions, targets, starved } = run.period(kfps, cores);
        deepEqual(decisions, [], "no change without a change of input");
        const total = targets.reduce((sum, count) => sum + count, 0);
        ok(total <= Math.max(cores, all.length));
        if (starved.includes(true)) ok(total >= cores);
      }
    }),
    { numRuns: 60 },
  );
});
