/** What of experiments 1a and 1b is to be measured, where not all of it. */
import { manifest } from "../../ffi/abi.gen.ts";
import { virtualAdapters } from "../config/source.ts";
import { ExitCode, Failure } from "../config/mod.ts";

/** Routers of experiments 1a and 1b; `clickvr`: as the paper's, joins two interfaces. */
export const forwardingRouters = ["cppvr-relay", "cppvr", "clickvr"] as const;

/** Null: all of them, or as often as the experiment has it. */
export interface Narrowing {
  readonly adapters: readonly string[] | null;
  readonly sizes_bytes: readonly number[] | null;
  readonly repeats: number | null;
}

/** The options as they were given. */
export interface NarrowingOptions {
  readonly adapter?: string;
  readonly sizes?: string;
  readonly repeats?: string;
}

const names: readonly string[] = manifest.adapters.filter((it) => !virtualAdapters.includes(it));
const wireBytes = { least: 84, most: 1538 } as const;
const repeatsMax = 100;

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new Failure(ExitCode.usage, `${option} ${text}: it must be a number, ${least} to ${most}`);
}

/** Reads the options. Throws Failure (usage). */
export function readNarrowing(options: NarrowingOptions): Narrowing {
  const adapters = options.adapter?.split(",") ?? null;
  const unknown = adapters?.find((it) => !names.includes(it));
  if (unknown !== undefined) {
    throw new Failure(
      ExitCode.usage,
      `--adapter ${unknown}: there is no such adapter of interfaces; known: ${names.join(", ")}`,
    );
  }
  const { least, most } = wireBytes;
  return {
    adapters,
    sizes_bytes: options.sizes?.split(",").map((it) => wholeNumber("--sizes", it, least, most)) ??
      null,
    repeats: options.repeats === undefined
      ? null
      : wholeNumber("--repeats", options.repeats, 1, repeatsMax),
  };
}
