/** The whole benchmark as one function: kernel forwarding and lvrm side by side, interleaved. */
import { addressesOf, Testbed, vriPids } from "../testbed/mod.ts";
import { subnetsOf } from "../testbed/mod.ts";
import { cpuTimes_ms, highestRate, median, prepare, roundTrip_us, target } from "./measure.ts";

/** Sizes on the wire that are compared: the smallest and the largest ordinary frame. */
export const wireSizes_bytes = [84, 1538] as const;

/** How much to measure. */
export interface BenchOptions {
  repeats: number;
  trial_s: number;
  steps: number;
  pings: number;
  idle_s: number;
}

export const fullRun: BenchOptions = {
  ...{ repeats: 5, trial_s: 1, steps: 7, pings: 1000, idle_s: 10 },
};
export const quickRun: BenchOptions = {
  ...{ repeats: 1, trial_s: 0.2, steps: 2, pings: 20, idle_s: 0.5 },
};

/** Both forwarders' figures for one thing that was measured, and every sample. */
export interface Comparison {
  kernel: number;
  lvrm: number;
  samples: { kernel: number[]; lvrm: number[] };
}

/** The result of a run. Medians, with all samples. */
export interface BenchResult {
  machine: { cores: number; model: string; kernel: string };
  options: BenchOptions;
  highest_rate_fps: Record<string, Comparison>;
  round_trip_us: Comparison;
  idle_core_percent: number;
}

/** Runs everything; `tell` gets a line per finished step. */
export async function bench(
  options: BenchOptions,
  tell: (line: string) => void,
): Promise<BenchResult> {
  await using kernel = await Testbed.create({ forwarding: true });
  await using gateway = await Testbed.create();
  await prepare(kernel);
  await gateway.startLvrm([
    "--vr",
    `0.0.0.0/0,::/0=cppvr`,
    "--interface",
    "s1",
    "--interface",
    "r1",
  ]);
  await prepare(gateway);
  const beds = { kernel, lvrm: gateway };
  const rates: Record<string, Comparison> = {};
  for (const wire_bytes of wireSizes_bytes) {
    rates[wire_bytes] = await compare(options.repeats, async (name) => {
      const trial = await highestRate(beds[name], wire_bytes, options);
      tell(`${name}, ${wire_bytes} bytes: ${Math.round(trial.received_fps)} fps`);
      return trial.received_fps;
    });
  }
  const { host4 } = addressesOf("r1");
  const round_trip_us = await compare(options.repeats, async (name) => {
    const time_us = await roundTrip_us(beds[name].s1, host4, options.pings);
    tell(`${name}, ping: ${time_us.toFixed(1)} µs`);
    return time_us;
  });
  const idle_core_percent = await idle(options.idle_s);
  tell(`idle lvrm with two VRs: ${idle_core_percent.toFixed(2)} % of a core`);
  return { machine: machine(), options, highest_rate_fps: rates, round_trip_us, idle_core_percent };
}

/** Measures both in turn, the first of them alternating, so that drift hits both alike. */
async function compare(
  repeats: number,
  measure: (name: "kernel" | "lvrm") => Promise<number>,
): Promise<Comparison> {
  const samples: Comparison["samples"] = { kernel: [], lvrm: [] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const order = repeat % 2 === 0 ? ["kernel", "lvrm"] as const : ["lvrm", "kernel"] as const;
    for (const name of order) samples[name].push(await measure(name));
  }
  return { kernel: median(samples.kernel), lvrm: median(samples.lvrm), samples };
}

/** Percent of one core that lvrm and its VRIs take with two VRs and no traffic. */
async function idle(seconds: number): Promise<number> {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([
    ...["--vr", `${subnetsOf("s1", "r1")}=cppvr`, "--vr", `${subnetsOf("s2", "r2")}=cppvr`],
  ]);
  const pids = [lvrm.pid, ...vriPids(await lvrm.status())];
  await new Promise((resolve) => setTimeout(resolve, 1000)); // what the start still had to do
  const start_ms = performance.now();
  const before_ms = cpuTimes_ms(pids);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return (cpuTimes_ms(pids) - before_ms) / (performance.now() - start_ms) * 100;
}

function machine(): BenchResult["machine"] {
  const model = /model name\s*: (.*)/.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "";
  return { cores: navigator.hardwareConcurrency, model, kernel: Deno.osRelease() };
}

/** The result as a table for people. */
export function table(result: BenchResult): string {
  const lines: [string, string, string, string][] = [["", "kernel", "lvrm", "lvrm / kernel"]];
  for (const [size, { kernel, lvrm }] of Object.entries(result.highest_rate_fps)) {
    lines.push([
      `highest rate, ${size} bytes on the wire`,
      `${(kernel / 1000).toFixed(0)} Kfps`,
      `${(lvrm / 1000).toFixed(0)} Kfps`,
      (lvrm / kernel).toFixed(2),
    ]);
  }
  const { kernel, lvrm } = result.round_trip_us;
  const added = lvrm - kernel;
  lines.push([
    "ping, median round trip",
    `${kernel.toFixed(1)} µs`,
    `${lvrm.toFixed(1)} µs`,
    `${added >= 0 ? "+" : ""}${added.toFixed(1)} µs`,
  ]);
  lines.push(["idle with two VRs", "", `${result.idle_core_percent.toFixed(2)} % of a core`, ""]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((it) => it[column]!.length)));
  const { cores, model, kernel: release } = result.machine;
  const head = `${cores} cores (${model}), Linux ${release}; raw + cppvr, one VRI; ` +
    `medians of ${result.options.repeats}; loss at most 2 % (to ${target})`;
  return [
    head,
    ...lines.map((line) =>
      line.map((text, column) =>
        column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)
      )
        .join("  ").trimEnd()
    ),
  ].join("\n");
}
