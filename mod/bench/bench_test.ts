/** Every experiment runs, and its rows have what they promise; the figures are judged elsewhere. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { manifest } from "../../ffi/abi.gen.ts";
import { type BenchOptions, type BenchResult, benchRouters, experiments, runBench } from "./mod.ts";
import { median } from "./statistics.ts";
import { formatRows } from "./table.ts";

type Figures = Record<string, string | number | boolean>;

async function quick(
  name: string,
  options: BenchOptions = {},
): Promise<{ rows: Figures[]; text: string; notes: string[] }> {
  const json = await Deno.makeTempFile();
  try {
    let text = "";
    const notes: string[] = [];
    const note = (line: string) => notes.push(line);
    await runBench([name], { quick: true, json, ...options }, (part) => text += part, note);
    const result = JSON.parse(await Deno.readTextFile(json)) as BenchResult;
    equal(result.experiment, name);
    ok(result.machine.cores > 0 && result.machine.used_cores.length > 0);
    const rows = result.rows as Figures[];
    ok(rows.every((row) => row.experiment === name) && rows.length > 0);
    return { rows, text, notes };
  } finally {
    await Deno.remove(json);
  }
}

Deno.test("1c: rates and the machine's limit, for each router", async () => {
  const { rows, text } = await quick("1c");
  equal(rows.length, 2 * benchRouters.length);
  for (const row of rows) {
    ok(Number(row.frames_per_second) > 0 && Number(row.limit_frames_per_second) > 0);
    equal(row.bits_per_second, Number(row.frames_per_second) * Number(row.wire_bytes) * 8);
    ok(Number(row.ratio) > 0 && Number(row.router_ns_per_frame) > 0);
  }
  match(text, /cppvr-relay +mc_ring_buffer +84 +[\d.]+ M\/s/);
  ok(rows.every((row) => row.copy === true));
});

Deno.test("1c: without the copy, and says so", async () => {
  const { rows, notes, text } = await quick("1c", { zeroCopy: true, router: "cppvr" });
  ok(rows.every((row) => row.copy === false && Number(row.frames_per_second) > 0));
  ok(!notes.some((line) => line.includes("copied all the same")), notes.join("; "));
  match(text, /copy/);
});

Deno.test("1d: latencies in order, from one at a time to idle", async () => {
  const { rows } = await quick("1d");
  const figures = rows.filter((row) => row.load !== undefined);
  deepEqual(figures.slice(0, 5).map((row) => row.load), [
    "one at a time",
    "1 %",
    "50 %",
    "90 %",
    "idle",
  ]);
  for (const row of figures) {
    const ordered = ["p50_us", "p99_us", "p999_us", "max_us"].map((name) => Number(row[name]));
    ok(Number(row.frames) > 0 && ordered[0]! > 0, JSON.stringify(row));
    deepEqual(ordered, [...ordered].sort((a, b) => a - b));
  }
  ok(rows.some((row) => row.router === "bare futex" && Number(row.p50_us) > 0));
});

Deno.test("1e: events come back, without and with load", async () => {
  const { rows, notes } = await quick("1e");
  deepEqual(rows.map((row) => [row.event_bytes, row.load]), [
    [64, "none"],
    [4096, "none"],
    [64, "full"],
    [4096, "full"],
  ]);
  ok(rows.every((row) => Number(row.one_way_p50_us) > 0 && Number(row.events) > 0));
  equal(rows[0]!.own_cores, !notes.some((line) => line.includes("share one")));
});

Deno.test("balancers, VRs, routes and bare queues", async () => {
  const balancers = await quick("balancers");
  equal(balancers.rows.length, 1 + 2 * manifest.balancers.length);
  const scale = await quick("scale");
  const scaled = scale.rows.map((row) => [row.vrs, row.routes]);
  deepEqual(scaled, [[1, 1000], [4, 1000], [1, 1], [1, 1000], [1, 0], [4, 0]]);
  ok([...balancers.rows, ...scale.rows].every((row) => Number(row.frame_ns) > 0));
  const queues = await quick("queues");
  deepEqual(queues.rows.map((row) => row.queue), [...manifest.queues]);
});

Deno.test("click: packets get through each configuration", async () => {
  const { rows, text } = await quick("click");
  deepEqual(rows.map((row) => row.configuration), ["counter", "chain", "router"]);
  ok(rows.every((row) => Number(row.packets_per_second) > 0 && Number(row.packets) > 0));
  match(text, /router +200,000 +[\d.]+ M\/s +9\.00 M\/s/);
});

Deno.test("what is not known is refused with what is", async () => {
  const run = (names: string[], options: object) => runBench(names, options, () => {}, () => {});
  await rejects(run(["1x"], {}), (error: Error) => {
    return Object.keys(experiments).every((name) => error.message.includes(name));
  });
  await rejects(run(["1c"], { queue: "fifo" }), /known: mc_ring_buffer, lamport/);
  await rejects(run(["1c"], { router: "bird" }), /known: cppvr-relay, cppvr, clickvr/);
  await rejects(run(["1c"], { router: "./no/such vr" }), /no such file/);
  await rejects(run(["1c", "1e"], { router: "sh -c x" }), /1c and 1d take a program/);
  await rejects(run(["1c"], { window: "9999" }), /--window 9999.*64 to 4032/);
  await rejects(run(["1c", "1d"], { trace: "x" }), /--trace is for experiment 1c/);
  await rejects(run(["1d"], { zeroCopy: true }), /--zero-copy is for experiment 1c/);
  await rejects(run(["1c"], { trace: "/nonexistent.pcap" }), /no such file/);
  await rejects(run(["1c"], { json: "/dev/null/x.json" }), /--json: cannot write/);
  await rejects(run(["1c"], { queue: "lock" }), /did you mean locked\?/);
});

Deno.test("a table has the fields of all rows, with units", () => {
  const text = formatRows([
    { experiment: "x", queue: "a", frames_per_second: 12_345_678, p50_us: 0.25 },
    { experiment: "x", queue: "longer", ratio: 0.5 },
  ]);
  const lines = text.split("\n");
  match(lines[0]!, /^queue +frames per second +p50 +ratio$/);
  match(lines[1]!, /^a +12\.35 M\/s +0\.25 µs +-$/);
  match(lines[2]!, /^longer +- +- +0\.50$/);
  const small = formatRows([{ frames_per_second: 57_620, ideal_frames_per_second: 360_000 }]);
  match(small, /\n +57\.6 k\/s +360\.0 k\/s\n$/);
});

Deno.test("the median of an even and an odd number of values", () => {
  equal(median([3, 1, 2]), 2);
  equal(median([4, 1, 3, 2]), 2.5);
});
