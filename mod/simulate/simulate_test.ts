/** The VR monitor against docs/scenarios, in virtual time: the same in every run. */
import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { simulate } from "./run.ts";
import type { Report } from "./run.ts";
import { readScenario } from "./scenario.ts";
import type { Scenario } from "./types.ts";

const folder = new URL("../../docs/scenarios/", import.meta.url).pathname;
const read = (path: string) => Deno.readTextFileSync(path);

function load(name: string, allocator?: string): Scenario {
  const scenario = readScenario(read(`${folder}${name}.yaml`), `${folder}${name}.yaml`, read);
  if (allocator === undefined) return scenario;
  const vrs = scenario.vrs.map((vr) => ({ ...vr, policy: { ...vr.policy, allocator } }));
  return { ...scenario, vrs };
}

/** Cores of all VRs at each time of the history. */
function coresOverTime({ rows }: Report): number[] {
  const times = new Map<number, number>();
  for (const { t_s, cores } of rows) times.set(t_s, (times.get(t_s) ?? 0) + cores);
  return [...times.values()];
}

Deno.test("day curve: service_rate needs at most 1.15 times the oracle's cores, 0.1 % lost", () => {
  const { total, vrs } = simulate(load("day"));
  ok(total.ratio <= 1.15, `${total.ratio}`);
  ok(total.dropped_share <= 0.001, `${total.dropped_share}`);
  equal(total.starved_share, 0);
  for (const vr of vrs) ok(vr.dropped_share <= 0.001 && vr.ratio <= 1.16, vr.vr);
  // What users do who don't want to lose frames either.
  ok(total.fixed_peak_ratio > 1.5 * total.ratio, `${total.fixed_peak_ratio}`);
  // The comparison is fair: the oracle loses nothing, and nobody could do with less.
  equal(total.oracle_dropped_share, 0);
});

Deno.test("day curve: other sizes, other seeds", () => {
  const base = load("day");
  for (const [scale, seed] of [[0.45, 2], [2.2, 3]] as const) {
    const vrs = base.vrs.slice(0, 4).map((vr) => {
      return { ...vr, rate: (t_s: number) => vr.rate(t_s) * scale };
    });
    const { total } = simulate({ ...base, vrs, seed });
    ok(total.ratio <= 1.15, `${scale}: ${total.ratio}`);
    ok(total.dropped_share <= 0.001, `${scale}: ${total.dropped_share}`);
  }
});

for (const allocator of ["dynamic", "service_rate"]) {
  Deno.test(`steps: ${allocator} follows each within one period and 100 ms`, () => {
    for (const [name, most] of [["steps", 6], ["two", 4]] as const) {
      const { total, decisions } = simulate(load(name, allocator));
      ok(total.reactions >= most - 2, `${total.reactions}`);
      ok(total.reaction_ms_max <= 1100, `${total.reaction_ms_max}`);
      ok(decisions.length >= 8);
    }
  });
}

Deno.test("steps: dynamic has the paper's staircase, one period late at most", () => {
  const { rows, decisions } = simulate(load("steps"));
  const isLate = rows.filter((row) => row.cores !== Math.ceil(row.offered_fps / 60_000 - 1e-9));
  equal(decisions.length, 10);
  ok(isLate.length <= 10, JSON.stringify(isLate)); // the period in which a step lies
  deepEqual(decisions.map((it) => it.after), [2, 3, 4, 5, 6, 5, 4, 3, 2, 1]);
});

Deno.test("bursts: a shorter period loses less for about as many cores", () => {
  const scenario = { ...load("bursts"), duration_s: 300 };
  const slow = simulate(scenario).total;
  const fast = simulate({ ...scenario, period_ms: 50 }).total;
  ok(fast.dropped_share < slow.dropped_share / 10, `${fast.dropped_share}`);
  ok(fast.reaction_ms_p99 <= 150, `${fast.reaction_ms_p99}`);
  ok(fast.ratio <= 1.15 && slow.ratio <= 1.15, `${fast.ratio} ${slow.ratio}`);
});

Deno.test("flash crowd: served within seconds, and its neighbours lose nothing", () => {
  const { vrs, total } = simulate(load("flash"));
  const [news, ...others] = vrs;
  ok(news!.dropped_share < 0.005, `${news!.dropped_share}`);
  ok(news!.reaction_ms_max <= 1100);
  for (const other of others) equal(other.dropped_frames, 0);
  ok(total.ratio < 1.15);
});

Deno.test("more wanted than there is: shares by weight, and all cores at work", () => {
  const report = simulate(load("crowded"));
  const [gold, plain, safe] = report.vrs;
  ok(coresOverTime(report).slice(10).every((cores) => cores === 8));
  const coresAt = (t_s: number) =>
    report.rows.filter((row) => row.t_s === t_s).map((row) => row.cores);
  deepEqual(coresAt(100), [2, 4, 2]);
  deepEqual(coresAt(300), [4, 2, 2]); // 3 to 1 of what two of them leave, as near as cores can
  deepEqual(coresAt(590), [2, 4, 2]);
  ok(gold!.starved_share > 0.3 && gold!.starved_share < 0.5 && plain!.starved_share > 0.9);
  ok(safe!.starved_share < 0.01 && safe!.dropped_frames === 0, "its minimum is its own");
});

Deno.test("a hundred VRs: never more than the cores, all VRs alive, no thrashing", () => {
  const scenario = { ...load("hundred"), duration_s: 1200 };
  const report = simulate(scenario);
  ok(coresOverTime(report).every((cores) => cores >= 100 && cores <= scenario.cores));
  ok(report.rows.every((row) => row.cores >= 1));
  ok(report.total.ratio <= 1.15 && report.total.dropped_share < 0.01);
  // Twice per burst, and some for what fluctuates.
  const bursts = 20 * scenario.duration_s / 300;
  const changes = report.total.reallocations_per_hour * scenario.duration_s / 3600;
  ok(changes < 4 * bursts, `${changes} for ${bursts} bursts`);
});

Deno.test("more VRIs than cores: what they do together is what the cores can do", () => {
  const scenario = { ...load("hundred"), duration_s: 60, cores: 8 };
  const vrs = scenario.vrs.slice(0, 24).map((vr, i) => ({
    ...vr,
    policy: { ...vr.policy, allocator: "fixed", vris: 1 },
    rate: () => i < 12 ? 10_000 : 50_000,
    noise: 0,
    jitter: 0,
  }));
  const { total, vrs: each } = simulate({ ...scenario, vrs });
  const served = total.offered_frames - total.dropped_frames;
  const queued = 24 * 4096;
  ok(Math.abs(served - 8 * 60_000 * 60) < queued, `${served}`);
  ok(Math.abs(total.core_seconds - 8 * 60) < 1e-6);
  // Who needs less than an even share has all of it; the others share the rest evenly.
  for (const vr of each.slice(0, 12)) equal(vr.dropped_frames, 0);
  const lost = each.slice(12).map((vr) => vr.dropped_share);
  ok(Math.max(...lost) - Math.min(...lost) < 0.01, `${lost}`);
  // With `overcommit` a hundred VRs lose no more on 64 shared cores than on 128 of their own.
  const few = simulate({ ...load("shared"), duration_s: 1200 }).total;
  const many = simulate({ ...load("hundred"), duration_s: 1200 }).total;
  ok(few.dropped_share < many.dropped_share + 0.001, `${few.dropped_share}`);
});

Deno.test("a recorded history plays what was recorded", () => {
  const { rows, total } = simulate(load("recorded"));
  const offered = rows.map((row) => row.offered_fps);
  ok(Math.max(...offered) > 350_000 && Math.min(...offered) < 70_000);
  ok(total.dropped_share < 0.01);
});

Deno.test("frames are conserved, and the same seed is the same run", () => {
  const scenario = { ...load("bursts"), duration_s: 120 };
  const first = simulate(scenario);
  deepEqual(simulate(scenario), first);
  notDeepEqual(simulate({ ...scenario, seed: 7 }).total, first.total);
  for (const vr of first.vrs) {
    const rows = first.rows.filter((row) => row.vr === vr.vr);
    const carried = rows.reduce((sum, row) => sum + row.carried_fps, 0); // each 1 s
    const waiting = vr.offered_frames - vr.dropped_frames - carried;
    ok(waiting > -2 && waiting < 6 * 4096, `${waiting}`);
  }
});

Deno.test("a fixed number for the peak loses nothing and costs the most", () => {
  const scenario = { ...load("day"), duration_s: 24 * 3600 };
  const vrs = scenario.vrs.slice(0, 2).map((vr) => {
    return { ...vr, policy: { ...vr.policy, allocator: "fixed", vris: 5 } };
  });
  const { total } = simulate({ ...scenario, vrs });
  equal(total.dropped_frames, 0);
  equal(total.reallocations_per_hour, 0);
  equal(total.core_seconds, total.fixed_peak_core_seconds);
});

Deno.test("docs/core-allocation.md has every scenario, with the figures that come of it", () => {
  const rows = read(`${folder}../core-allocation.md`).split("\n")
    .map((line) => /^\| `(\w+)`.*? \| `(\w+)` \| (\S+) % \| (\S+) \| (\S+) \|$/.exec(line))
    .filter((row) => row !== null);
  const known = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".yaml")).map((name) => name.replace(".yaml", ""));
  deepEqual([...new Set(rows.map((row) => row[1]!))].sort(), known.sort());
  for (const [, name, allocator, lost, ratio, fixed] of rows) {
    const { total } = simulate(load(name!, allocator!));
    const percent = 100 * total.dropped_share;
    equal(percent.toFixed(lost!.split(".")[1]?.length ?? 0), lost, name);
    equal(total.ratio.toFixed(3), ratio, name);
    equal(total.fixed_peak_ratio.toFixed(3), fixed, name);
  }
});
