/**
 * What a run is asked to do: options of the command line, else `LVRM_…` of the environment, else
 * the configuration file, else defaults. Pure.
 */
import { Attempts, ExitCode, Failure } from "./failure.ts";
import type { FileConfig } from "./file/read.ts";
import { originOf } from "./origin.ts";
import { lookForPorts, lookForSense } from "./sense.ts";
import { givenBy, givenSocket } from "./options.ts";
import type { Layer, RunOptions } from "./options.ts";
import { arena, link } from "./sizes.ts";
import type {
  Environment,
  RunValues,
  Settings,
  VrIdentity,
  VrSettings,
  VrValues,
} from "./types.ts";
import { parseInterfaces, parseVrs } from "./vr.ts";
import { splitEntries } from "./words.ts";

export const defaultSocket = "/run/lvrm/lvrm.sock";

/** Values of a VR that nobody said anything about. */
export const vrDefaults: VrValues = {
  queue: 0,
  queueFrames: link.queue_capacity,
  control_bytes: link.control_capacity_bytes,
  balancer: 0,
  byFrame: false,
  loadEstimator: 0,
  loadWeight: 32,
  allocator: "dynamic",
  vris: 1,
  cores: null,
  coreRate_fps: 60_000,
  growAt: 1.05,
  shrinkAt: 1.02,
  utilisation: 0.8,
  minCores: 1,
  maxCores: null,
  weight: 1,
  coolDown_ms: 0,
  standbys: 2,
  flows: arena.flow_count,
  flowIdle_ms: arena.flow_idle_ms,
};

/** Values of a run that nobody said anything about. */
export const runDefaults: RunValues = {
  adapter: null,
  zeroCopy: false,
  dispatchers: 1,
  busyPoll: false,
  idle: {},
  cores: null,
  placement: "sibling",
  period_ms: 1000,
  dryRun: false,
  overcommit: false,
  socket: defaultSocket,
  logFormat: "text",
  logLevel: "info",
};

/** The control socket's path. Throws Failure (usage) for one that no socket can have. */
export function socketPath(given: string | undefined, env: Environment): string {
  return givenSocket(given, env) ?? defaultSocket;
}

/** A VR out of its identity and what was said of it, the weakest first. */
export function makeVr(identity: VrIdentity, layers: readonly Layer<VrValues>[]): VrSettings {
  const values: VrValues = Object.assign({ ...vrDefaults }, ...layers);
  const isFixed = values.allocator === "fixed";
  return {
    ...identity,
    ...values,
    vris: isFixed ? values.vris : values.minCores,
    cores: isFixed ? values.cores : null,
  };
}

/** The run's values, the weakest layer first; thresholds of idling one by one. */
export function makeRun(layers: readonly Layer<RunValues>[]): RunValues {
  const idle = Object.assign({}, ...layers.map((layer) => layer.idle));
  return Object.assign({ ...runDefaults }, ...layers, { idle });
}

/** VRs and ports that the command line, or else the environment, names. */
function named(
  options: RunOptions,
  env: Environment,
  all: Attempts,
): Pick<Settings, "interfaces"> & {
  /** Null: none is named. */
  readonly identities: readonly VrIdentity[] | null;
} {
  const ports = (env("LVRM_INTERFACE") ?? "").split(/[\s,;]+/).filter((text) => text !== "");
  const vrs = options.vr ?? splitEntries(env("LVRM_VR") ?? "");
  return {
    identities: vrs.length === 0 ? null : parseVrs(vrs, all),
    interfaces: parseInterfaces(options.interface ?? ports, all),
  };
}

/**
 * Decides a run. The file's values are the weakest, then the environment's, then the options'; VRs
 * and ports come from one of them alone. Throws Failure (usage or configuration) with all that
 * can't be read, or else with all that contradicts itself.
 */
export function decideSettings(
  options: RunOptions,
  env: Environment,
  file: FileConfig | null = null,
): Settings {
  const all = new Attempts();
  const read = all.attempt(() => givenBy(options, env));
  const { identities, interfaces } = named(options, env, all);
  all.end(ExitCode.usage);
  const layers = read!; // or it would have thrown
  const fileVrs = file?.vrs ?? [];
  if (identities === null && fileVrs.length === 0) {
    throw new Failure(
      file === null ? ExitCode.usage : ExitCode.configuration,
      "no virtual router: give at least one, " +
        (file === null ? "" : "as an entry of vrs in the configuration file, or ") +
        "for example --vr 10.0.1.0/24=cppvr (lvrm --help shows more)",
    );
  }
  const run = makeRun([file?.run ?? {}, ...layers.map((layer) => layer.run)]);
  const given = layers.map((layer) => layer.vr);
  const vrs = identities === null
    ? fileVrs.map((vr) => makeVr(vr.identity, [file?.vr ?? {}, vr.values, ...given]))
    : identities.map((identity) => makeVr(identity, [file?.vr ?? {}, ...given]));
  // Who says how many VRIs there shall be has said so, whatever cores there are.
  const toldVris = given.some((layer) => layer.vris !== undefined);
  const settings = {
    ...run,
    overcommit: run.overcommit || toldVris,
    vrs,
    interfaces: interfaces.length > 0 ? interfaces : file?.interfaces ?? [],
  };
  lookForPorts(settings, all);
  const problems = lookForSense(vrs, identities === null ? file?.source ?? null : null, given, all);
  const failure = originOf(options, env, file)?.explain(all.failure, problems) ?? all.failure;
  if (failure !== null) throw failure;
  return settings;
}
