/**
 * What a run is asked to do: options of the command line, else `LVRM_…` of the environment, else
 * defaults. Names of variants come from the library's manifest. Pure.
 */
import { limits, manifest } from "../../ffi/abi.gen.ts";
import type { Idle } from "../../ffi/core.ts";
import { parseCores } from "./cores.ts";
import { ExitCode, Failure } from "./failure.ts";
import { BadSource, parseSource, type VirtualSource } from "./source.ts";
import { parseInterfaces, parseVrs } from "./vr.ts";
import type { InterfaceSettings, VrSettings } from "./vr.ts";
import { splitEntries } from "./words.ts";

export const defaultSocket = "/run/lvrm/lvrm.sock";

export const logFormats = ["text", "json"] as const;
export const logLevels = ["debug", "info", "warning", "error"] as const;
export type LogFormat = typeof logFormats[number];
export type LogLevel = typeof logLevels[number];

/** Options as the command line has them; undefined where not given. */
export interface RunOptions {
  vr?: string[];
  interface?: string[];
  adapter?: string;
  zeroCopy?: boolean;
  queue?: string;
  balancer?: string;
  frames?: boolean;
  loadEstimator?: string;
  loadWeight?: string;
  busyPoll?: boolean;
  idleSpins?: string;
  idleYields?: string;
  vris?: string;
  cores?: string;
  socket?: string;
  logFormat?: string;
  logLevel?: string;
}

/** A run, fully decided but for what only the host can tell. */
export interface Settings {
  readonly vrs: readonly VrSettings[];
  /** Empty: every Ethernet interface that is up and has an address. */
  readonly interfaces: readonly InterfaceSettings[];
  /** Index into the manifest's adapters; null: the best that works here. */
  readonly adapter: number | null;
  /** Frames come from and go to this, not to interfaces; null: to interfaces. */
  readonly source: VirtualSource | null;
  /** Frames of a trace lie in the arenas. */
  readonly zeroCopy: boolean;
  readonly queue: number;
  readonly balancer: number;
  /** Frames are balanced one by one, instead of by flow. */
  readonly byFrame: boolean;
  readonly loadEstimator: number;
  /** Of a new observation, in 1/256: 1 to 256. */
  readonly loadWeight: number;
  /** Never sleep, neither lvrm nor VRIs. */
  readonly busyPoll: boolean;
  /** What goes before the placement's choice. */
  readonly idle: Partial<Idle>;
  /** VRIs per VR. */
  readonly vris: number;
  /** Null: those that this process inherited. */
  readonly cores: readonly number[] | null;
  readonly socket: string;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** Reads a variable of the environment. */
export type Environment = (name: string) => string | undefined;

const maxVrisPerVr = 64;
/** 40 ms of spinning: longer than any sleep is worth. */
const maxIdleLooks = 1_000_000;

/** A switch in the environment: 1 or 0. */
function flag(name: string, env: Environment): boolean {
  const text = env(name);
  if (text === undefined || text === "" || text === "0") return false;
  if (text === "1") return true;
  throw new Failure(ExitCode.usage, `${name}=${text} is neither 1 nor 0`);
}

function choice<T extends string>(option: string, names: readonly T[], text: string): number {
  const index = names.findIndex((name) => name === text);
  if (index >= 0) return index;
  throw new Failure(
    ExitCode.usage,
    `--${option} ${text}: there is no such ${option}; known: ${names.join(", ")}`,
  );
}

/** An option's value, from the environment where the command line has none. */
function valueOf(given: string | undefined, name: string, env: Environment): string | undefined {
  if (given !== undefined) return given;
  const value = env(name)?.trim();
  return value === undefined || value === "" ? undefined : value;
}

/** What the value of `--adapter` says of ports that are no interfaces. Throws Failure. */
function sourceOf(text: string): VirtualSource | null {
  try {
    return parseSource(text);
  } catch (error) {
    if (!(error instanceof BadSource)) throw error;
    throw new Failure(ExitCode.usage, `--adapter ${text}: ${error.message}`);
  }
}

/** Throws Failure (configuration) where options don't go together. */
function requireFitting(
  source: VirtualSource | null,
  zeroCopy: boolean,
  interfaces: readonly InterfaceSettings[],
): void {
  const why = source !== null && interfaces.length > 0
    ? `--interface and --adapter ${source.adapter} exclude each other: that adapter has ports ` +
      `of its own`
    : zeroCopy && source?.adapter !== "memory"
    ? `--zero-copy is for --adapter memory: only a trace can lie in the arena beforehand`
    : null;
  if (why !== null) throw new Failure(ExitCode.configuration, why);
}

function parseVris(text: string): number {
  const vris = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (vris >= 1 && vris <= maxVrisPerVr) return vris;
  throw new Failure(ExitCode.usage, `--vris ${text}: it must be a number, 1 to ${maxVrisPerVr}`);
}

/** A weight as written, 1/256 to 1, in 1/256. */
function parseWeight(text: string): number {
  const weight = /^[0-9]*\.?[0-9]+$/.test(text) ? Math.round(Number(text) * 256) : 0;
  if (weight >= 1 && weight <= 256) return weight;
  throw new Failure(
    ExitCode.usage,
    `--load-weight ${text}: it must be a number from 1/256 (0.004) to 1, for example 0.125`,
  );
}

function parseIdle(name: "spins" | "yields", text: string | undefined): Partial<Idle> {
  if (text === undefined) return {};
  const looks = /^[0-9]{1,7}$/.test(text) ? Number(text) : maxIdleLooks + 1;
  if (looks <= maxIdleLooks) return { [name]: looks };
  throw new Failure(
    ExitCode.usage,
    `--idle-${name} ${text}: it must be a number, 0 to ${maxIdleLooks}`,
  );
}

/** The control socket's path. Throws Failure (usage) for one that no socket can have. */
export function socketPath(given: string | undefined, env: Environment): string {
  const path = valueOf(given, "LVRM_SOCKET", env) ?? defaultSocket;
  if (new TextEncoder().encode(path).length > 107 || path.includes("\0")) {
    throw new Failure(
      ExitCode.usage,
      `--socket ${path}: a socket's path may have 107 bytes at most; choose a shorter one`,
    );
  }
  return path;
}

/** Decides a run. Throws Failure (usage or configuration). */
export function decideSettings(options: RunOptions, env: Environment): Settings {
  const value = (given: string | undefined, name: string) => valueOf(given, name, env);
  const vrTexts = options.vr ?? splitEntries(env("LVRM_VR") ?? "");
  if (vrTexts.length === 0) {
    throw new Failure(
      ExitCode.usage,
      "no virtual router: give at least one, for example --vr 10.0.1.0/24=cppvr " +
        "(lvrm --help shows more)",
    );
  }
  const vrs = parseVrs(vrTexts);
  const interfaceTexts = options.interface ??
    (env("LVRM_INTERFACE") ?? "").split(/[\s,;]+/).filter((text) => text !== "");
  const interfaces = parseInterfaces(interfaceTexts);
  const adapter = value(options.adapter, "LVRM_ADAPTER") ?? "auto";
  const source = sourceOf(adapter);
  const adapters = [...manifest.adapters, "auto"];
  const adapterIndex = choice("adapter", adapters, source?.adapter ?? adapter);
  const zeroCopy = options.zeroCopy ?? flag("LVRM_ZERO_COPY", env);
  requireFitting(source, zeroCopy, interfaces);
  const queue = value(options.queue, "LVRM_QUEUE") ?? manifest.queues[0];
  const balancer = value(options.balancer, "LVRM_BALANCER") ?? manifest.balancers[0];
  const estimator = value(options.loadEstimator, "LVRM_LOAD_ESTIMATOR") ??
    manifest.load_estimators[0];
  const weight = value(options.loadWeight, "LVRM_LOAD_WEIGHT") ?? "0.125";
  const vris = parseVris(value(options.vris, "LVRM_VRIS") ?? "1");
  const cores = value(options.cores, "LVRM_CORES");
  if (vrs.length > limits.max_vrs || vrs.length * vris > limits.max_vris / 2) {
    throw new Failure(
      ExitCode.configuration,
      `${vrs.length} VRs of ${vris} VRIs are too many: at most ${limits.max_vrs} VRs and ` +
        `${limits.max_vris / 2} VRIs`,
    );
  }
  const format = value(options.logFormat, "LVRM_LOG_FORMAT") ?? "text";
  const level = value(options.logLevel, "LVRM_LOG_LEVEL") ?? "info";
  return {
    vrs,
    interfaces,
    adapter: adapter === "auto" ? null : adapterIndex,
    source,
    zeroCopy,
    queue: choice("queue", manifest.queues, queue),
    balancer: choice("balancer", manifest.balancers, balancer),
    byFrame: options.frames ?? flag("LVRM_FRAMES", env),
    loadEstimator: choice("load-estimator", manifest.load_estimators, estimator),
    loadWeight: parseWeight(weight),
    busyPoll: options.busyPoll ?? flag("LVRM_BUSY_POLL", env),
    idle: {
      ...parseIdle("spins", value(options.idleSpins, "LVRM_IDLE_SPINS")),
      ...parseIdle("yields", value(options.idleYields, "LVRM_IDLE_YIELDS")),
    },
    vris,
    cores: cores === undefined ? null : parseCores(cores),
    socket: socketPath(options.socket, env),
    logFormat: logFormats[choice("log-format", logFormats, format)]!,
    logLevel: logLevels[choice("log-level", logLevels, level)]!,
  };
}
