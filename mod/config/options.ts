/** Values out of the command line's options and out of the environment, option by option. Pure. */
import { limits } from "../../ffi/abi.gen.ts";
import { Attempts, ExitCode, Failure } from "./failure.ts";
import { idleFields, runFields, vrFields } from "./fields.ts";
import type { Environment, RunValues, VrValues } from "./types.ts";
import { BadValue } from "./values.ts";
import type { Reader } from "./values.ts";

/** Options as the command line has them; undefined where not given. */
export interface RunOptions {
  config?: string;
  vr?: string[];
  interface?: string[];
  adapter?: string;
  zeroCopy?: boolean;
  dispatchers?: string;
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
  standbys?: string;
  placement?: string;
  period?: string;
  dryRun?: boolean;
  overcommit?: boolean;
  cores?: string;
  socket?: string;
  logFormat?: string;
  logLevel?: string;
}

/** Options with one value or none, by the field that each gives. */
const vrOptions = {
  queue: "queue",
  balancer: "balancer",
  frames: "frames",
  loadEstimator: "load_estimator",
  loadWeight: "load_weight",
  allocator: "allocator",
  vris: "vris",
  coreRate: "core_rate",
  minCores: "min_cores",
  maxCores: "max_cores",
  standbys: "standbys",
} as const satisfies { [K in keyof RunOptions]?: keyof typeof vrFields };
const runOptions = {
  adapter: "adapter",
  zeroCopy: "zero_copy",
  dispatchers: "dispatchers",
  cores: "cores",
  placement: "placement",
  period: "period",
  dryRun: "dry_run",
  overcommit: "overcommit",
  busyPoll: "busy_poll",
  socket: "socket",
  logFormat: "log_format",
  logLevel: "log_level",
} as const satisfies { [K in keyof RunOptions]?: keyof typeof runFields };
const idleOptions = { idleSpins: "idle_spins", idleYields: "idle_yields" } as const;
type Option = keyof typeof vrOptions | keyof typeof runOptions | keyof typeof idleOptions;

/** Some of the values; those that nobody gave are absent. */
export type Layer<T> = { readonly [K in keyof T]?: T[K] };

/** The command line's options, or the environment's variables. */
interface Source {
  /** Undefined where not given; switches are `true` or `false`. */
  readonly text: (option: Option) => string | undefined;
  /** The option and its value as written, for errors. */
  readonly spell: (option: Option, text: string) => string;
}

const kebab = (option: string) => option.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
const variable = (option: string) => `LVRM_${kebab(option).replaceAll("-", "_").toUpperCase()}`;

const switches: readonly Option[] = [
  "frames",
  "busyPoll",
  "dryRun",
  "overcommit",
  "zeroCopy",
];

const fromOptions = (options: RunOptions): Source => ({
  text: (option) => options[option]?.toString(),
  spell: (option, text) => `--${kebab(option)} ${text}`,
});

/** A variable that is empty is none. */
export function valueOf(env: Environment, name: string): string | undefined {
  const text = env(name)?.trim();
  return text === "" ? undefined : text;
}

const fromEnvironment = (env: Environment): Source => ({
  text: (option) => {
    const name = variable(option);
    const text = valueOf(env, name);
    if (text === undefined || !switches.includes(option)) return text;
    if (text === "1" || text === "0") return text === "1" ? "true" : "false";
    throw new Failure(ExitCode.usage, `${name}=${text} is neither 1 nor 0`);
  },
  spell: (option, text) => `${variable(option)}=${text}`,
});

/** Reads what the source gives for an option. Throws Failure (usage). */
function read<T>(source: Source, option: Option, reader: Reader<T>): T | undefined {
  const text = source.text(option);
  if (text === undefined) return undefined;
  try {
    return reader(text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new Failure(ExitCode.usage, `${source.spell(option, text)}: ${error.message}`);
  }
}

/** The values that the source gives for these options, by their settings' names. */
function layer<T>(
  all: Attempts,
  source: Source,
  options: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, { readonly key: string; readonly read: Reader<unknown> }>>,
): Layer<T> {
  const found: Record<string, unknown> = {};
  for (const [option, name] of Object.entries(options)) {
    const field = fields[name]!;
    const value = all.attempt(() => read(source, option as Option, field.read));
    if (value !== undefined) found[field.key] = value;
  }
  return found as Layer<T>;
}

/** What a layer says of VRIs and allocator: VRIs without an allocator mean `fixed`. */
function vrLayer(all: Attempts, source: Source): Layer<VrValues> {
  const said = layer<VrValues>(all, source, vrOptions, vrFields);
  if (said.vris === undefined) return said;
  if (said.allocator !== undefined && said.allocator !== "fixed") {
    const why = `${source.spell("vris", String(said.vris))} is for the allocator fixed; with ` +
      `${said.allocator} say --min-cores and --max-cores`;
    all.attempt(() => {
      throw new Failure(ExitCode.usage, why);
    });
  }
  return { ...said, allocator: "fixed", cores: null };
}

function runLayer(all: Attempts, source: Source): Layer<RunValues> {
  const idle = layer<RunValues["idle"]>(all, source, idleOptions, idleFields);
  const said = layer<RunValues>(all, source, runOptions, runFields);
  return Object.keys(idle).length === 0 ? said : { ...said, idle };
}

/** What one source says. */
export interface Given {
  readonly vr: Layer<VrValues>;
  readonly run: Layer<RunValues>;
}

/**
 * The environment's values and then the command line's, weakest first. Throws Failure (usage) with
 * all that can't be read.
 */
export function givenBy(options: RunOptions, env: Environment): readonly [Given, Given] {
  const all = new Attempts();
  const of = (source: Source): Given => ({ vr: vrLayer(all, source), run: runLayer(all, source) });
  const given = [of(fromEnvironment(env)), of(fromOptions(options))] as const;
  all.end();
  return given;
}

/** The control socket's path alone, for commands that only talk to lvrm. Throws Failure (usage). */
export function givenSocket(option: string | undefined, env: Environment): string | undefined {
  const socket = runFields.socket.read;
  return read(fromOptions(option === undefined ? {} : { socket: option }), "socket", socket) ??
    read(fromEnvironment(env), "socket", socket);
}

/** How many VRs and VRIs the library holds; a VRI that is replaced needs a second number. */
export const most = { vrs: limits.max_vrs, vris: limits.max_vris / 2 } as const;
