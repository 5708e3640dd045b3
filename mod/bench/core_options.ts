/** What `lvrm bench` is told about cores, in the options that a run has. Pure. */
import { Attempts, ExitCode, Failure } from "../config/mod.ts";
import { runFields, vrFields } from "../config/fields.ts";
import { BadValue } from "../config/values.ts";
import type { Reader } from "../config/values.ts";
import { coreRate_fps } from "./dummy.ts";

/** The options as they were given. */
export interface CoreOptions {
  readonly placement?: string;
  readonly period?: string;
  readonly coreRate?: string;
  readonly minCores?: string;
  readonly maxCores?: string;
}

/** What the experiments go by. */
export interface CoreChoice {
  /** 2a: only this one; null: all. */
  readonly placement: string | null;
  /** 2c and 2d; null: the experiment's. */
  readonly period_ms: number | null;
  readonly coreRate_fps: number;
  readonly minCores: number;
  /** Null: as many as the experiment has. */
  readonly maxCores: number | null;
}

function read<T>(option: string, text: string | undefined, reader: Reader<T>): T | null {
  if (text === undefined) return null;
  try {
    return reader(text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new Failure(ExitCode.usage, `${option} ${text}: ${error.message}`);
  }
}

/**
 * Reads the options. Throws Failure (usage) for all that can't be read, or (configuration) where
 * they contradict each other.
 */
export function readCoreOptions(options: CoreOptions): CoreChoice {
  const all = new Attempts();
  const one = <T>(option: string, text: string | undefined, reader: Reader<T>): T | null =>
    all.attempt(() => read(option, text, reader)) ?? null;
  const choice = {
    placement: one("--placement", options.placement, runFields.placement.read),
    period_ms: one("--period", options.period, runFields.period.read),
    coreRate_fps: one("--core-rate", options.coreRate, vrFields.core_rate.read) ?? coreRate_fps,
    minCores: one("--min-cores", options.minCores, vrFields.min_cores.read) ?? 1,
    maxCores: one("--max-cores", options.maxCores, vrFields.max_cores.read),
  };
  all.end();
  if (choice.maxCores !== null && choice.minCores > choice.maxCores) {
    throw new Failure(
      ExitCode.configuration,
      `--min-cores ${choice.minCores} is more than --max-cores ${choice.maxCores}: lower the one ` +
        "or raise the other",
    );
  }
  return choice;
}

/** Fewest and most cores of a VR that may have `most` at most. Throws Failure (configuration). */
export function boundsOf(choice: CoreChoice, most: number): { least: number; most: number } {
  const { minCores, maxCores } = choice;
  if (minCores > most) {
    throw new Failure(
      ExitCode.configuration,
      `--min-cores ${minCores}: the experiment has ${most} cores for a VR; ask for less`,
    );
  }
  return { least: minCores, most: Math.min(most, maxCores ?? most) };
}
