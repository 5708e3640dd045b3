import { deepEqual, equal } from "node:assert/strict";
import type { DecisionRecord } from "../vr_monitor/mod.ts";
import { Decisions } from "./decisions.ts";
import type { Progress } from "./decisions.ts";

const record = (before: number, after: number): DecisionRecord => ({
  at: "2026-01-01T00:00:00.000Z",
  uptime_ms: 1,
  vr: "vr1",
  before,
  after,
  wanted: after,
  rule: "above",
  reason: "more arrives",
  inputs: {},
  took_us: null,
  dry_run: false,
});

Deno.test("a decision shows at once, and how long it took as soon as that is known", () => {
  const decisions = new Decisions(10, 1000);
  let progress: Progress = { is: "pending" };
  decisions.add(record(1, 2), () => progress, 0);
  decisions.settle(5);
  deepEqual([decisions.all.length, decisions.all[0]!.took_us, decisions.busy], [1, null, true]);
  progress = { is: "done", took_ns: 84_560 };
  decisions.settle(10);
  deepEqual([decisions.all[0]!.took_us, decisions.busy], [84.6, false]);
});

Deno.test("a decision that nothing comes of in time is waited for no longer", () => {
  const decisions = new Decisions(10, 1000);
  decisions.add(record(1, 2), () => ({ is: "pending" }), 0);
  decisions.settle(999);
  equal(decisions.busy, true);
  decisions.settle(1000);
  deepEqual([decisions.all[0]!.took_us, decisions.busy], [null, false]);
});

Deno.test("the history is bounded, also while decisions are open", () => {
  const decisions = new Decisions(3, 1000);
  for (let n = 1; n <= 5; n++) {
    decisions.add(record(n, n + 1), () => ({ is: "done", took_ns: 1000 * n }), 0);
  }
  deepEqual(decisions.all.map((it) => it.before), [3, 4, 5]);
  decisions.settle(1);
  deepEqual(decisions.all.map((it) => it.took_us), [3, 4, 5]);
  decisions.add({ ...record(6, 7), dry_run: true }, null, 2);
  deepEqual([decisions.busy, decisions.all.at(-1)!.took_us], [false, null]);
});
