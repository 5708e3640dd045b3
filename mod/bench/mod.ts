/** `lvrm bench`: the paper's experiments 1 on this machine; all but 1a and 1b need no network. */
import { join } from "node:path";
import { manifest } from "../../ffi/abi.gen.ts";
import { Core } from "../../ffi/core.ts";
import { ExitCode, Failure, meant } from "../config/mod.ts";
import { link } from "../config/sizes.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { readTrace } from "../trace/mod.ts";
import { adaptiveAllocators, benchOneVr, benchTwoVrs } from "./adapt.ts";
import { benchAllocation } from "./allocation.ts";
import { benchBalance, benchFairness } from "./balance.ts";
import { benchClick } from "./click.ts";
import { type CoreOptions, readCoreOptions } from "./core_options.ts";
import { benchControl } from "./control.ts";
import { benchFixed, benchPlacements } from "./cores.ts";
import { benchLatency } from "./latency.ts";
import { benchForwarding } from "./forwarding.ts";
import { benchMonitor } from "./monitor.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { forwardingRouters, type NarrowingOptions, readNarrowing } from "./narrowing.ts";
import { benchRoundTrip } from "./round_trip.ts";
import { benchRouters, isBenchRouter, routerCommand } from "./routers.ts";
import { benchBalancers, benchQueues, benchScale } from "./scale.ts";
import type { Reaction } from "./steps.ts";
import { formatRows, type Row } from "./table.ts";
import { benchThroughput } from "./throughput.ts";
import { type BenchContext, fullTiming, type Outcome, quickTiming } from "./types.ts";

export { type FindLimit, findLimitOf, runFindLimit } from "./find_limit.ts";
export { benchRouters } from "./routers.ts";
export { adaptiveAllocators } from "./adapt.ts";
export { forwardingRouters } from "./narrowing.ts";

const leastWindow_frames = 64;
const defaultWindow_frames = 2048;
const largestWindow_frames = link.queue_capacity - 64;

/** The experiments by name, and what each measures. */
export const experiments = {
  "1a": {
    about: "rate of forwarding by size of frame, beside the kernel's; root",
    run: benchForwarding,
  },
  "1b": { about: "round trip of a ping, beside the kernel's; root", run: benchRoundTrip },
  "1c": { about: "throughput from memory to discard through one VRI", run: benchThroughput },
  "1d": { about: "latency of each frame from adapter to discard", run: benchLatency },
  "1e": { about: "a control event from one VRI to its sibling", run: benchControl },
  "2a": { about: "throughput by placement", run: benchPlacements },
  "2b": { about: "a fixed number of cores, with a dummy load", run: benchFixed },
  "2c": { about: "cores follow the load of one VR", run: benchOneVr },
  "2d": { about: "cores follow the loads of two VRs", run: benchTwoVrs },
  "3a": { about: "balancers over six VRIs", run: benchBalance },
  "3b": { about: "balancers, for two VRs", run: benchFairness },
  allocation: {
    about: "from a decision to the first frame of a new VRI, and until one that leaves is empty",
    run: benchAllocation,
  },
  monitor: {
    about: "what the monitors do once per period, for 100 VRs of 8 VRIs each",
    run: benchMonitor,
  },
  balancers: { about: "cost of a frame with 2, 4 and 8 VRIs", run: benchBalancers },
  scale: {
    about: "cost of a frame with 1 to 64 VRs, and with 1 to 100,000 routes",
    run: benchScale,
  },
  queues: { about: "the queues by themselves", run: benchQueues },
  click: { about: "Click configurations on one core, from memory to discard", run: benchClick },
} as const satisfies Record<string, {
  about: string;
  run: (context: BenchContext) => Promise<Row[] | Outcome>;
}>;

/** Options of `lvrm bench` as the command line gives them. */
export interface BenchOptions extends NarrowingOptions, CoreOptions {
  readonly json?: string;
  readonly quick?: boolean;
  readonly router?: string;
  readonly queue?: string;
  readonly allocator?: string;
  readonly window?: string;
  readonly trace?: string;
  readonly zeroCopy?: boolean;
}

/** What `--json` writes. */
export interface BenchResult {
  readonly experiment: string;
  readonly machine: Machine;
  /** VRIs slept their service time away (2b to 3b). */
  readonly paced: boolean;
  readonly rows: readonly Row[];
  /** 2c and 2d. */
  readonly allocations_us?: readonly number[];
  readonly deallocations_us?: readonly number[];
  readonly reactions?: readonly Reaction[];
}

/** What several experiments found, as one. */
function together(outcomes: readonly Outcome[]): Omit<Outcome, "text"> {
  const lists = ["allocations_us", "deallocations_us", "reactions"] as const;
  const present = lists.filter((list) => outcomes.some((outcome) => outcome[list] !== undefined));
  return {
    paced: outcomes.some(({ paced }) => paced),
    rows: outcomes.flatMap(({ rows }) => rows),
    ...Object.fromEntries(
      present.map((list) => [list, outcomes.flatMap((outcome) => [...outcome[list] ?? []])]),
    ),
  };
}

function known(what: string, names: readonly string[], name: string): void {
  if (names.includes(name)) return;
  throw new Failure(
    ExitCode.usage,
    `${name}: there is no such ${what};${meant(name, names)} known: ${names.join(", ")}`,
  );
}

const networkExperiments: readonly string[] = ["1a", "1b"];
const adaptiveExperiments: readonly string[] = ["2c", "2d"];

/** A program of the user's own is for those experiments that start one VRI of it. */
function checkRouter(names: readonly string[], router: string, runtime: string): void {
  const network = names.every((name) => networkExperiments.includes(name));
  if (network) return known("router", forwardingRouters, router);
  if (isBenchRouter(router)) return;
  if (!/[/:\s]/.test(router)) known("router", benchRouters, router);
  routerCommand(router, runtime);
  if (names.every((name) => name === "1c" || name === "1d")) return;
  throw new Failure(
    ExitCode.usage,
    `--router ${router}: experiments 1c and 1d take a program; others one of ` +
      benchRouters.join(", "),
  );
}

/** Options of some experiments, and how they are spelled. */
const special = [
  ["trace", "--trace", ["1c"]],
  ["zeroCopy", "--zero-copy", ["1c"]],
  ["adapter", "--adapter", networkExperiments],
  ["repeats", "--repeats", networkExperiments],
  ["sizes", "--sizes", networkExperiments],
  ["placement", "--placement", ["2a"]],
  ["allocator", "--allocator", adaptiveExperiments],
  ["period", "--period", adaptiveExperiments],
  ["coreRate", "--core-rate", adaptiveExperiments],
  ["minCores", "--min-cores", adaptiveExperiments],
  ["maxCores", "--max-cores", adaptiveExperiments],
] as const;

function requireFor(names: readonly string[], options: BenchOptions): void {
  for (const [option, spelled, allowed] of special) {
    if (options[option] === undefined) continue;
    if (names.every((name) => (allowed as readonly string[]).includes(name))) continue;
    const plural = allowed.length > 1 ? "experiments" : "experiment";
    const message = `${spelled} is for ${plural} ${allowed.join(" and ")} only`;
    throw new Failure(ExitCode.usage, message);
  }
}

/** Fewer than a queue holds, with a batch to spare; a queue that fills up drops. */
function parseWindow(text: string | undefined): number {
  if (text === undefined) return defaultWindow_frames;
  const frames = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (frames >= leastWindow_frames && frames <= largestWindow_frames) return frames;
  throw new Failure(
    ExitCode.usage,
    `--window ${text}: it must be a number, ${leastWindow_frames} to ${largestWindow_frames}`,
  );
}

function loadCore(runtime: string): Core {
  try {
    return Core.load(join(runtime, "lib", "liblvrm.so"));
  } catch (error) {
    throw new Failure(ExitCode.host, error instanceof Error ? error.message : String(error));
  }
}

function unwritable(path: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure(ExitCode.host, `--json: cannot write ${path}: ${reason}`);
}

/** Before minutes of measuring, not after. Throws Failure (host). */
function requireWritable(path: string): void {
  try {
    Deno.openSync(path, { append: true, create: true }).close();
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Runs experiments one after another; `print` gets the tables, `progress` a line for each row.
 * `terminal`: whether `progress` and `print` lead to one.
 */
export async function runBench(
  names: readonly string[],
  options: BenchOptions,
  print: (text: string) => void,
  progress: (line: string) => void,
  terminal = { progress: false, print: false },
): Promise<void> {
  const { router, queue } = options;
  for (const name of names) known("experiment", Object.keys(experiments), name);
  if (queue !== undefined) known("queue", manifest.queues, queue);
  if (router !== undefined) checkRouter(names, router, runtimeDirectory());
  const allocator = options.allocator ?? "dynamic";
  known("allocator", adaptiveAllocators, allocator);
  requireFor(names, options);
  const cores = readCoreOptions(options);
  if (options.json !== undefined) requireWritable(options.json);
  const window_frames = parseWindow(options.window);
  const capture = options.trace === undefined ? null : readTrace(options.trace);
  const machine = describeMachine();
  const runtime = runtimeDirectory();
  const quick = options.quick === true;
  const context: BenchContext = {
    core: loadCore(runtime),
    runtime,
    machine,
    timing: quick ? quickTiming : fullTiming,
    quick,
    router: router ?? null,
    only: readNarrowing(options),
    queue: queue ?? null,
    allocator,
    cores,
    window_frames,
    capture,
    zeroCopy: options.zeroCopy === true,
    progress,
    terminal: terminal.progress,
    printsThere: terminal.print,
  };
  print(
    `${machine.cpu}, ${machine.cores} cores, kernel ${machine.kernel}; ` +
      `load of the last minute ${machine.load_average.toFixed(1)}\n`,
  );
  const outcomes: Outcome[] = [];
  try {
    for (const name of names as (keyof typeof experiments)[]) {
      const { about, run } = experiments[name];
      const found = await run(context);
      const outcome: Outcome = "rows" in found ? found : { rows: found, paced: false };
      outcomes.push(outcome);
      const paced = outcome.paced ? " (paced)" : "";
      print(`\n${name}: ${about}${paced}\n\n${outcome.text ?? formatRows(outcome.rows)}`);
    }
  } finally {
    context.core.close();
  }
  if (options.json === undefined) return;
  const result: BenchResult = { experiment: names.join(" "), machine, ...together(outcomes) };
  try {
    await Deno.writeTextFile(options.json, JSON.stringify(result, null, 2) + "\n");
  } catch (error) {
    throw unwritable(options.json, error);
  }
}
