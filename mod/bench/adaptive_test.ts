/** 2a to 3b run, and their rows have what they promise; the figures are judged elsewhere. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { manifest } from "../../ffi/abi.gen.ts";
import { Core } from "../../ffi/core.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { LoadMeter, placements, type VrLoad } from "../vr_monitor/mod.ts";
import { combined, judgeBalancers, serviceRates_fps } from "./balance.ts";
import { drawChart, plainLine, redraw } from "./chart.ts";
import { ideal_fps } from "./cores.ts";
import { benchCores, mustPace, vriArgs } from "./dummy.ts";
import { type BenchOptions, type BenchResult, benchRouters, runBench } from "./mod.ts";
import { routerCommand } from "./routers.ts";
import { Stage, usualPlacement } from "./stage.ts";
import { idealCores, sideBySide, staircase } from "./steps.ts";

type Figures = Record<string, string | number | boolean | null>;

async function quick(name: string, more: BenchOptions = {}) {
  const json = await Deno.makeTempFile();
  try {
    let text = "";
    const notes: string[] = [];
    const options = { quick: true, json, ...more };
    await runBench([name], options, (part) => text += part, (line) => notes.push(line));
    const result = JSON.parse(await Deno.readTextFile(json)) as BenchResult;
    equal(result.experiment, name);
    equal(typeof result.paced, "boolean");
    equal(text.includes("paced"), result.paced);
    return { result, rows: result.rows as Figures[], text, notes };
  } finally {
    await Deno.remove(json);
  }
}

function ratiosFit(rows: readonly Figures[]): void {
  ok(rows.some((row) => Number(row.frames_per_second) > 0)); // a loaded machine may miss some
  for (const row of rows) {
    ok(Number(row.ideal_frames_per_second) > 0);
    equal(row.ratio, Number(row.frames_per_second) / Number(row.ideal_frames_per_second));
  }
}

Deno.test("2a: every placement, for each router, beside the machine's limit", async () => {
  const { rows, result } = await quick("2a");
  const names = Object.keys(placements);
  deepEqual(rows.map((row) => row.placement), benchRouters.flatMap(() => names));
  ratiosFit(rows);
  equal(result.paced, false);
});

Deno.test("2a: one placement alone", async () => {
  const { rows } = await quick("2a", { placement: "same", router: "cppvr" });
  deepEqual(rows.map((row) => [row.router, row.placement]), [["cppvr", "same"]]);
  await rejects(() => quick("2a", { placement: "sibbling" }), /did you mean sibling\?/);
});

Deno.test("2b: fixed cores with the dummy load, more VRIs than it needs as well", async () => {
  const { rows } = await quick("2b");
  deepEqual(rows.map((row) => [row.router, row.cores]), [1, 3, 7].map((n) => ["cppvr-relay", n]));
  ratiosFit(rows);
});

Deno.test("2c: periods of one VR whose cores come and go with its load", async () => {
  const { rows, result, text, notes } = await quick("2c");
  const fields = ["t_s", "vr", "offered_fps", "carried_fps", "cores", "ideal_cores"];
  for (const row of rows) {
    for (const field of fields) ok(field in row, field);
    equal(row.ideal_cores, Number(row.offered_fps) / 60_000);
  }
  ok(rows.every((row) => [60_000, 120_000, 180_000].includes(Number(row.offered_fps))));
  ok(rows.some((row) => Number(row.cores) > 1) && rows.some((row) => Number(row.carried_fps) > 0));
  ok(result.allocations_us!.length > 0 && result.allocations_us!.every((us) => us > 0));
  ok(result.deallocations_us!.every((us) => us > 0));
  ok(result.reactions!.every(({ from_cores, to_cores }) => from_cores !== to_cores));
  match(text, /1 ┤█/);
  ok(notes.some((line) => /offered 120 Kfps/.test(line)));
});

Deno.test("2c: the other allocator that follows the load, without a staircase to be judged by", async () => {
  const { rows, result } = await quick("2c", { allocator: "service_rate" });
  ok(rows.every((row) => row.allocator === "service_rate"));
  ok(rows.some((row) => Number(row.cores) > 1));
  deepEqual(result.reactions, []);
  await rejects(() => quick("2c", { allocator: "fixed" }), /no such allocator; known: dynamic/);
});

Deno.test("2c: period, core rate and bounds are those asked for", async () => {
  const asked = { period: "100ms", coreRate: "30k", minCores: "2", maxCores: "4" };
  const { rows, notes } = await quick("2c", asked);
  match(notes[0]!, /a period of 100 ms$/);
  const ideal = (row: Figures) => Math.min(4, Math.max(2, Number(row.offered_fps) / 30_000));
  for (const row of rows) equal(row.ideal_cores, ideal(row));
  ok(rows.every((row) => Number(row.cores) >= 2 && Number(row.cores) <= 4));
  ok(rows.some((row) => row.cores === 4), "180 Kfps are six times 30");
  await rejects(() => quick("2c", { minCores: "3", maxCores: "2" }), /--min-cores 3 is more than/);
  await rejects(() => quick("2d", { minCores: "9" }), /the experiment has 4 cores for a VR/);
  await rejects(() => quick("2c", { period: "1ms" }), /--period 1ms: it must be a time from 50ms/);
  await rejects(() => quick("3a", { period: "1s" }), /--period is for experiments 2c and 2d only/);
});

Deno.test("allocation: each change is timed, beside a bare futex", async () => {
  const { rows } = await quick("allocation");
  const kinds = ["allocation", "deallocation"];
  deepEqual(rows.map((row) => row.change), [...kinds, ...kinds, ...kinds, ...kinds]);
  deepEqual(new Set(rows.map((row) => row.standby)), new Set(["waits", "is being replaced"]));
  deepEqual(rows.map((row) => row.dummy_load === "none"), [1, 1, 0, 0, 1, 1, 0, 0].map(Boolean));
  for (const row of rows) {
    ok(Number(row.changes) > 0 && Number(row.futex_p50_us) > 0, JSON.stringify(row));
    ok(Number(row.effect_p50_us) > 0 && Number(row.effect_p99_us) >= Number(row.effect_p50_us));
    if (row.change === "deallocation") equal(row.unparked_p50_us, null);
    else ok(Number(row.unparked_p50_us) > 0 && Number(row.effect_max_us) > 0);
  }
});

Deno.test("monitor: what a period costs, part by part", async () => {
  const { rows } = await quick("monitor");
  deepEqual(rows.map((row) => row.part), ["snapshot", "loads", "decisions", "together"]);
  for (const row of rows) {
    equal(row.vris_per_vr, 8);
    ok(Number(row.p50_us) > 0 && Number(row.p99_us) >= Number(row.p50_us));
  }
});

Deno.test("2d: two VRs, the second one later", async () => {
  const { rows } = await quick("2d");
  deepEqual([...new Set(rows.map((row) => row.vr))], ["vr1", "vr2"]);
  const first = rows.find((row) => row.vr === "vr2" && Number(row.offered_fps) > 0)!;
  ok(Number(first.t_s) >= 1);
  ok(rows.some((row) => row.vr === "vr2" && Number(row.carried_fps) > 0));
});

Deno.test("3a, 3b: every balancer, with equal VRIs and with one at half speed", async () => {
  const a = await quick("3a");
  const each = [...manifest.balancers];
  deepEqual(a.rows.map((row) => row.balancer), [...each, ...each]);
  deepEqual(new Set(a.rows.map((row) => row.vris)), new Set(["equal", "one at half speed"]));
  ratiosFit(a.rows);
  const b = await quick("3b");
  deepEqual(b.rows.map((row) => row.balancer), each);
  ratiosFit(b.rows);
});

Deno.test("full routing balanced by flow is a further row", async () => {
  const { rows } = await quick("2b", { router: "cppvr" });
  ok(rows.every((row) => row.router === "cppvr" && row.balanced_by === "flow"));
  ratiosFit(rows);
});

Deno.test("the Click VR bears the dummy load too", async () => {
  for (const name of ["2b", "3b"]) {
    const { rows } = await quick(name, { router: "clickvr" });
    ok(rows.every((row) => row.router === "clickvr" && row.balanced_by === "frame"));
    ratiosFit(rows);
  }
});

/** One VR with one VRI that serves 60 Kfps; `rate_fps` are offered. */
async function withOne(
  router: string,
  paced: boolean,
  rate_fps: number,
  use: (stage: Stage) => Promise<void>,
): Promise<void> {
  const runtime = runtimeDirectory();
  const core = Core.load(join(runtime, "lib", "liblvrm.so"));
  try {
    const options = {
      executable: routerCommand(router, runtime).executable,
      vrs: [[vriArgs(router, runtime, 0, 60_000, paced)]],
      queue: 0,
      balancer: 0,
      byFrame: true,
      cores: benchCores(),
      placement: usualPlacement,
    };
    await using stage = await Stage.start(core, options, runtime);
    equal(stage.running(0), 0);
    await stage.setTargets([1]);
    equal(stage.running(0), 1);
    await stage.offer(0, { rate_fps, window_frames: 0 });
    await use(stage);
  } finally {
    core.close();
  }
}

Deno.test("a VRI with a core of its own burns its service time", () =>
  withOne("cppvr-relay", false, 90_000, async (stage) => {
    ok((await stage.framesPerSecond(300, 100))[0]! > 0);
  }));

Deno.test("a paced VRI shows the core that it plays, not the time that it sleeps", async () => {
  for (const router of ["cppvr-relay", "clickvr"]) {
    await withOne(router, true, 15_000, async (stage) => {
      const meter = new LoadMeter();
      meter.measure((await stage.sample()).loads);
      await new Promise((resolve) => setTimeout(resolve, 500));
      const [{ vris: [vri] }] = meter.measure((await stage.sample()).loads) as [VrLoad];
      const { service_rate_fps, busy_fraction } = vri!;
      ok(Math.abs(service_rate_fps / 60_000 - 1) < 0.1, `${router}: ${service_rate_fps} frames/s`);
      ok(busy_fraction > 0 && busy_fraction < 0.5, `${router}: busy ${busy_fraction}`);
    });
  }
});

Deno.test("a staircase goes up and down; VRs side by side start later", () => {
  deepEqual(staircase(60, 180, 60), [60, 120, 180, 120, 60]);
  deepEqual(sideBySide([1, 2], 2, 1), [[1, 0], [2, 1], [0, 2]]);
  deepEqual([0, 1, 60, 61, 360].map((rate) => idealCores(rate, 60)), [1, 1, 1, 2, 6]);
});

Deno.test("paced where six VRIs and the dispatcher have no physical core each", () => {
  const cores = (count: number, siblings: number) =>
    Array.from({ length: count }, (_, i) => ({ smt: Math.floor(i / siblings) }));
  ok(mustPace(cores(2, 1)) && mustPace(cores(6, 1)) && mustPace(cores(12, 2)));
  ok(!mustPace(cores(7, 1)) && !mustPace(cores(14, 2)));
});

Deno.test("words of a VRI say its port, its service rate and whether it is paced", () => {
  deepEqual(vriArgs("cppvr", "/r", 0, null, true), []);
  deepEqual(vriArgs("cppvr-relay", "/r", 1, 60_000, false), [
    "--relay",
    "in1=out",
    "--service-rate",
    "60000",
  ]);
  deepEqual(vriArgs("cppvr", "/r", 0, 36_000, true), ["--service-rate", "36000", "--pace"]);
  deepEqual(vriArgs("clickvr", "/r", 1, 60_000, true), [
    ...["--vr", "--file", "/r/lib/click_minimal.click", "A=in1", "B=out"],
    ...["--service-rate", "60000", "--pace"],
  ]);
});

Deno.test("ideals: what VRIs serve together, what is offered, T of two VRs", () => {
  deepEqual([1, 6, 7].map((n) => ideal_fps(n, Infinity)), [60_000, 360_000, 360_000]);
  equal(ideal_fps(5, 3), 180_000);
  equal(combined([170, 180]), 340);
  equal(combined([360]), 360);
  equal(serviceRates_fps(true).reduce((a, b) => a + b), 360_000);
  ok(serviceRates_fps(false).reduce((a, b) => a + b) > 360_000); // all of it can be carried
});

Deno.test("balancers are judged by the issue's bounds", () => {
  const row = (balancer: string, vris: string, ratio: number) => ({
    experiment: "3a" as const,
    router: "cppvr-relay",
    balanced_by: "frame",
    balancer,
    vris,
    frames_per_second: ratio * 360_000,
    ideal_frames_per_second: 360_000,
    ratio,
  });
  const [equalOnes, unequal] = judgeBalancers([
    row("jsq", "equal", 0.99),
    row("random", "equal", 0.96),
    row("jsq", "one at half speed", 0.99),
    row("random", "one at half speed", 0.93),
  ]);
  match(equalOnes!, /0\.97 each: missed, within 0\.01: missed/);
  match(unequal!, /jsq 0\.990.*jsq behind none.*: reached/);
  const level = judgeBalancers([
    ...[row("jsq", "equal", 1), row("jsq", "one at half speed", 0.94)],
    ...[row("power_of_two", "one at half speed", 1), row("random", "one at half speed", 0.93)],
  ]);
  match(level[1]!, /jsq behind none.*: missed/);
});

Deno.test("the chart shows cores, those that lack and those too many", () => {
  const row = (t_s: number, cores: number, ideal_cores: number) => ({
    experiment: "2c" as const,
    router: "cppvr-relay",
    allocator: "dynamic",
    t_s,
    vr: "vr1",
    offered_fps: 60_000 * ideal_cores,
    carried_fps: 60_000 * cores,
    cores,
    ideal_cores,
  });
  const lines = drawChart([row(1, 1, 1), row(2, 1, 2), row(3, 2, 1)], 3, true);
  deepEqual(lines.slice(1, 5), ["  3 ┤", "  2 ┤ ░▒", "  1 ┤███", "    └───"]);
  match(plainLine(row(2, 1, 2), true), /2\.0 s +vr1 +offered 120 Kfps.*1 of 2 +paced$/);
  equal(redraw(["a", "b"], 0), "\x1b[?7la\x1b[K\nb\x1b[K\x1b[?7h");
  equal(redraw(["a"], 2), "\x1b[?7l\x1b[2Aa\x1b[K\x1b[?7h");
});
