/** Values out of the command line's options and out of the environment, option by option. Pure. */
import { limits, manifest } from "../../ffi/abi.gen.ts";
import type { Idle } from "../../ffi/core.ts";
import { parseCores } from "./cores.ts";
import { ExitCode, Failure } from "./failure.ts";
import { allocators, logFormats, logLevels, placements } from "./names.ts";
import type { Environment, RunValues, VrValues } from "./types.ts";
import * as values from "./values.ts";
import type { Reader } from "./values.ts";

/** Options as the command line has them; undefined where not given. */
export interface RunOptions {
  vr?: string[];
  interface?: string[];
  adapter?: string;
  queue?: string;
  balancer?: string;
  frames?: boolean;
  loadEstimator?: string;
  loadWeight?: string;
  busyPoll?: boolean;
  idleSpins?: string;
  idleYields?: string;
  allocator?: string;
  vris?: string;
  coreRate?: string;
  minCores?: string;
  maxCores?: string;
  placement?: string;
  period?: string;
  dryRun?: boolean;
  overcommit?: boolean;
  cores?: string;
  socket?: string;
  logFormat?: string;
  logLevel?: string;
}

/** Options with one value, and those that are on or off. */
type ValueOption = Exclude<
  { [K in keyof RunOptions]-?: NonNullable<RunOptions[K]> extends string ? K : never }[
    keyof RunOptions
  ],
  undefined
>;
type Switch = Exclude<keyof RunOptions, ValueOption | "vr" | "interface">;

/** Some of the values; those that nobody gave are absent. */
export type Layer<T> = { readonly [K in keyof T]?: T[K] };

/** Ranges and readers of values, the same for options and the configuration file. */
export const readers = {
  queue: values.oneOf("queue", manifest.queues),
  queueFrames: values.powerOfTwo(256, 1 << 20),
  control: values.byteCount(values.powerOfTwo(8192, 1 << 24)),
  balancer: values.oneOf("balancer", manifest.balancers),
  loadEstimator: values.oneOf("load-estimator", manifest.load_estimators),
  loadWeight: values.readLoadWeight,
  allocator: values.nameOf("allocator", allocators),
  vris: values.whole(1, 64),
  coreRate: values.readRate,
  threshold: values.decimal("a number from 0.1 to 10", (it) => it >= 0.1 && it <= 10),
  utilisation: values.decimal("above 0 and at most 1", (it) => it > 0 && it <= 1),
  minCores: values.whole(1, 64),
  maxCores: values.whole(1, 64),
  weight: values.decimal("a number above 0, at most 1000000", (it) => it > 0 && it <= 1e6),
  coolDown: values.duration(0, 3_600_000),
  flows: values.powerOfTwo(16, 1 << 22),
  flowIdle: values.duration(1, 3_600_000),
  idleLooks: values.whole(0, 1_000_000), // 40 ms of spinning: longer than any sleep is worth
  placement: values.nameOf("placement", placements),
  period: values.duration(50, 60_000),
  logFormat: values.nameOf("log-format", logFormats),
  logLevel: values.nameOf("log-level", logLevels),
} as const;

/** The command line's options, or the environment's variables. */
interface Source {
  /** Undefined where not given. */
  readonly text: (option: ValueOption) => string | undefined;
  readonly on: (option: Switch) => boolean | undefined;
  /** The option and its value as written, for errors. */
  readonly spell: (option: ValueOption, text: string) => string;
}

const kebab = (option: string) => option.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
const variable = (option: string) => `LVRM_${kebab(option).replaceAll("-", "_").toUpperCase()}`;

const fromOptions = (options: RunOptions): Source => ({
  text: (option) => options[option],
  on: (option) => options[option],
  spell: (option, text) => `--${kebab(option)} ${text}`,
});

const fromEnvironment = (env: Environment): Source => ({
  text: (option) => {
    const text = env(variable(option))?.trim();
    return text === "" ? undefined : text;
  },
  on: (option) => {
    const name = variable(option);
    const text = env(name)?.trim() ?? "";
    if (text === "") return undefined;
    if (text === "1" || text === "0") return text === "1";
    throw new Failure(ExitCode.usage, `${name}=${text} is neither 1 nor 0`);
  },
  spell: (option, text) => `${variable(option)}=${text}`,
});

/** Reads what the source gives for an option. Throws Failure (usage). */
function read<T>(source: Source, option: ValueOption, reader: Reader<T>): T | undefined {
  const text = source.text(option);
  if (text === undefined) return undefined;
  try {
    return reader(text);
  } catch (error) {
    if (!(error instanceof values.BadValue)) throw error;
    throw new Failure(ExitCode.usage, `${source.spell(option, text)}: ${error.message}`);
  }
}

/** Without the keys that are undefined. */
export function given<T extends object>(
  all: { readonly [K in keyof T]?: T[K] | undefined },
): Layer<T> {
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  ) as Layer<T>;
}

/** What a layer says of VRIs and allocator: VRIs without an allocator mean `fixed`. */
function vrLayer(source: Source): Layer<VrValues> {
  const vris = read(source, "vris", readers.vris);
  const allocator = read(source, "allocator", readers.allocator);
  if (vris !== undefined && allocator !== undefined && allocator !== "fixed") {
    throw new Failure(
      ExitCode.usage,
      `${source.spell("vris", String(vris))} is for the allocator fixed; with ${allocator} say ` +
        "--min-cores and --max-cores",
    );
  }
  return given<VrValues>({
    queue: read(source, "queue", readers.queue),
    balancer: read(source, "balancer", readers.balancer),
    byFrame: source.on("frames"),
    loadEstimator: read(source, "loadEstimator", readers.loadEstimator),
    loadWeight: read(source, "loadWeight", readers.loadWeight),
    allocator: vris === undefined ? allocator : "fixed",
    vris,
    coreRate_fps: read(source, "coreRate", readers.coreRate),
    minCores: read(source, "minCores", readers.minCores),
    maxCores: read(source, "maxCores", readers.maxCores),
  });
}

/** Every adapter that serves interfaces; the last one lets lvrm choose. */
const readAdapter: Reader<number | null> = (text) => {
  const names = [...manifest.adapters, "auto"];
  const index = values.oneOf("adapter", names)(text);
  if (text === "memory") {
    throw new values.BadValue(
      "it replays a trace and serves no interface: it is what `lvrm bench` measures with " +
        "(lvrm bench --help)",
    );
  }
  return text === "auto" ? null : index;
};

/** A path that a socket can have. */
export function readSocket(text: string): string {
  if (new TextEncoder().encode(text).length <= 107 && !text.includes("\0")) return text;
  throw new values.BadValue("a socket's path may have 107 bytes at most; choose a shorter one");
}

function runLayer(source: Source): Layer<RunValues> {
  const spins = read(source, "idleSpins", readers.idleLooks);
  const yields = read(source, "idleYields", readers.idleLooks);
  return given<RunValues>({
    adapter: read(source, "adapter", readAdapter),
    busyPoll: source.on("busyPoll"),
    idle: spins === undefined && yields === undefined ? undefined : given<Idle>({ spins, yields }),
    cores: read(source, "cores", parseCores),
    placement: read(source, "placement", readers.placement),
    period_ms: read(source, "period", readers.period),
    dryRun: source.on("dryRun"),
    overcommit: source.on("overcommit"),
    socket: read(source, "socket", readSocket),
    logFormat: read(source, "logFormat", readers.logFormat),
    logLevel: read(source, "logLevel", readers.logLevel),
  });
}

/** What one source says. */
export interface Given {
  readonly vr: Layer<VrValues>;
  readonly run: Layer<RunValues>;
}

/** The environment's values and then the command line's, weakest first. Throws Failure (usage). */
export function givenBy(options: RunOptions, env: Environment): readonly [Given, Given] {
  const of = (source: Source): Given => ({ vr: vrLayer(source), run: runLayer(source) });
  return [of(fromEnvironment(env)), of(fromOptions(options))];
}

/** The control socket's path alone, for commands that only talk to lvrm. Throws Failure (usage). */
export function givenSocket(option: string | undefined, env: Environment): string | undefined {
  return read(fromOptions(given<RunOptions>({ socket: option })), "socket", readSocket) ??
    read(fromEnvironment(env), "socket", readSocket);
}

/** How many VRs and VRIs the library holds; a VRI that is replaced needs a second number. */
export const most = { vrs: limits.max_vrs, vris: limits.max_vris / 2 } as const;
