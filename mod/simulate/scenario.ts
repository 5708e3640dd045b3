/** A scenario file's text as a scenario, with every error at its line. Pure. */
import { dirname, isAbsolute, join } from "node:path";
import { Source } from "../config/file/source.ts";
import type { Problem } from "../config/file/source.ts";
import { meant } from "../config/near.ts";
import { vrProblems } from "../config/sense.ts";
import { makeVr } from "../config/settings.ts";
import { recordedRate } from "./recorded.ts";
import { knownKeys, policyKeys, scenarioSchema } from "./schema.ts";
import type { ModelShape, ScenarioShape, TrafficShape, VrShape } from "./schema.ts";
import * as traffic from "./traffic.ts";
import type { Rate, Scenario, SimulatedVr } from "./types.ts";

/** VRs of one simulation, and periods times VRs: some minutes of computing. */
const mostVrs = 1024;
const mostPeriods = 100_000_000;

/** Reads a file that a scenario names; throws an Error that says why not. */
export type ReadFile = (path: string) => string;

/** A file being read. */
interface Reading {
  readonly source: Source;
  readonly problems: Problem[];
  /** What paths in it start from. */
  readonly directory: string;
  readonly readFile: ReadFile;
}

/** Reads the text of the scenario at `path`. Throws Failure (configuration) with all errors. */
export function readScenario(text: string, path: string, readFile: ReadFile): Scenario {
  const source = new Source(text, path);
  if (!source.readable) throw source.failure(source.problems);
  const { data, error } = scenarioSchema.safeParse(source.value() ?? {});
  const issues = (error?.issues ?? []).flatMap((issue) => told(source, issue));
  const problems = [...source.problems, ...issues];
  if (data === undefined || problems.length > 0) throw source.failure(problems);
  const reading = { source, problems, directory: dirname(path), readFile };
  const vrs = data.vrs.flatMap((vr, i) => readVr(vr, data, i, reading));
  problems.push(...sameNames(source, data.vrs.map((vr, i) => vr.name ?? `vr${i + 1}`)));
  const period_ms = data.period ?? 1000;
  const periods = Math.ceil(data.duration / period_ms);
  if (vrs.length > mostVrs || vrs.length * periods > mostPeriods) {
    const message = `${vrs.length} VRs over ${periods} periods are too much: at most ${mostVrs} ` +
      `VRs, and ${mostPeriods} periods of all of them together`;
    problems.push({ offset: source.at(["vrs"]), message });
  }
  if (problems.length > 0) throw source.failure(problems);
  return {
    name: data.name ?? path,
    duration_s: data.duration / 1000,
    period_ms,
    cores: data.cores,
    overcommit: data.overcommit ?? false,
    seed: data.seed ?? 1,
    start_ms: data.start ?? 20,
    vrs,
  };
}

/** VRs that have an earlier one's name. */
function sameNames(source: Source, names: readonly string[]): Problem[] {
  return names.flatMap((name, i) => {
    if (names.indexOf(name) === i) return [];
    const message = `two VRs are called ${name}: give one of them another name`;
    return [{ offset: source.at(["vrs", i, "name"]), message }];
  });
}

/** A problem that the schema found, or one for each key that it doesn't know. */
function told(
  source: Source,
  issue: { code: string; path: PropertyKey[]; message: string; keys?: string[] },
): Problem[] {
  if (issue.code !== "unrecognized_keys") {
    const message = issue.code === "custom" ? issue.message : plain(issue.message);
    const key = String(issue.path.at(-1));
    const named = message.replace(/^(a value|it) is missing/, `the key ${key} is missing`);
    return [{ offset: source.at(issue.path), message: named }];
  }
  const known = knownKeys(issue.path);
  return (issue.keys ?? []).map((key) => {
    const hint = meant(key, known);
    return {
      offset: source.atKey([...issue.path, key]),
      message: `there is no key "${key}" here;${
        hint === "" ? ` known: ${known.join(", ")}` : hint
      }`,
    };
  });
}

/** The library's words as the others are. */
function plain(message: string): string {
  return message.replace(/^Invalid input: expected (\w+), received undefined$/, "it is missing")
    .replace(/^Invalid input: expected (\w+), received \w+$/, "it must be an $1")
    .replace("it must be an record", "it must have keys")
    .replace("it must be an object", "it must have keys")
    .replace("it must be an array", "it must be a list")
    .replace(/^Too small.*$/, "it must have at least one entry");
}

/** One entry of the file, as often as it says. */
function readVr(vr: VrShape, all: ScenarioShape, index: number, reading: Reading): SimulatedVr[] {
  const at = ["vrs", index];
  const { source, problems } = reading;
  const base = vr.name ?? `vr${index + 1}`;
  const values = { ...policyOf(all), ...policyOf(vr) };
  const { count = 1, shift = 0 } = vr;
  const rate = trafficOf(vr.traffic, base, [...at, "traffic"], reading);
  for (const { keys, message } of vrProblems(makeVr({ ...identity, name: base }, [values]))) {
    const written = Object.keys(policyKeys).find((key) => policyKeys[key] === keys[0]) ?? "";
    problems.push({
      offset: source.at(source.has([...at, written]) ? [...at, written] : at),
      message,
    });
  }
  const model: ModelShape = { ...defined(all), ...defined(vr) };
  return Array.from({ length: count }, (_, i): SimulatedVr => ({
    policy: makeVr({ ...identity, name: count === 1 ? base : `${base}-${i + 1}` }, [values]),
    rate: traffic.later(rate, i * shift / 1000),
    capacity_fps: model.core_capacity ?? 60_000,
    queue_frames: model.queue ?? 4096,
    frame_bytes: model.frame_bytes ?? 84,
    noise: model.noise ?? 0,
    noise_s: (model.noise_time ?? 10_000) / 1000,
    jitter: model.jitter ?? 0,
    busy_noise: model.busy_noise ?? 0,
  }));
}

const identity = { subnets: [], router: "", words: [], table: null, routes: [] };

/** Keys that have a value. */
const defined = (shape: object) =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));

/** Allocator and parameters by their settings' names; a count of VRIs means `fixed`. */
function policyOf(shape: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = Object.entries(policyKeys).filter(([key]) => shape[key] !== undefined)
    .map(([key, setting]) => [setting, shape[key]] as const);
  const policy: Record<string, unknown> = Object.fromEntries(values);
  if (policy.vris !== undefined) policy.allocator ??= "fixed";
  return policy;
}

/** All shapes of one VR together. */
function trafficOf(
  shape: TrafficShape,
  name: string,
  path: readonly PropertyKey[],
  reading: Reading,
): Rate {
  const { steady, steps, bursts, flash, day, recorded } = shape;
  const s = (ms: number) => ms / 1000;
  const rates: Rate[] = [];
  if (steady !== undefined) rates.push(traffic.steady(steady));
  if (steps !== undefined) rates.push(traffic.steps(steps.rates, s(steps.every)));
  if (bursts !== undefined) {
    if (bursts.length > bursts.every) {
      const message = "a burst is longer than the time from one to the next: lower the one or " +
        "raise the other";
      reading.problems.push({ offset: reading.source.at([...path, "bursts", "length"]), message });
    }
    rates.push(traffic.bursts(bursts.base, bursts.peak, s(bursts.every), s(bursts.length)));
  }
  if (flash !== undefined) {
    const { base, peak, at, rise, hold, fall } = flash;
    rates.push(traffic.flash(base, peak, s(at), s(rise), s(hold), s(fall)));
  }
  if (day !== undefined) rates.push(traffic.day(day.low, day.high, s(day.peak)));
  if (recorded !== undefined) rates.push(playBack(recorded, name, path, reading));
  if (rates.length > 0) return traffic.sum(rates);
  const message = `no traffic: name ${knownKeys([0, 0, 0]).join(", ")}, or several, which add up`;
  reading.problems.push({ offset: reading.source.at(path), message });
  return traffic.steady(0);
}

/** What was recorded of a VR, the one of the same name unless another is named. */
function playBack(
  { file, vr, scale = 1 }: NonNullable<TrafficShape["recorded"]>,
  name: string,
  path: readonly PropertyKey[],
  { source, problems, directory, readFile }: Reading,
): Rate {
  try {
    const rate = recordedRate(
      readFile(isAbsolute(file) ? file : join(directory, file)),
      vr ?? name,
    );
    return scale === 1 ? rate : (t_s) => rate(t_s) * scale;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    problems.push({ offset: source.at([...path, "recorded", "file"]), message });
    return traffic.steady(0);
  }
}
