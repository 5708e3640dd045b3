/**
 * Readers of single values as users write them, with units. A reader knows nothing of where the
 * text stood: it throws BadValue with what is wrong and how to write it. Pure.
 */
import { meant } from "./near.ts";

/** Why a text is no such value. */
export class BadValue extends Error {}

/** Reads one value; `Reader(text)` throws BadValue. */
export interface Reader<T> {
  (text: string): T;
  /** What it takes, in words that follow "it must be". */
  readonly words: string;
  /** The same as facts of a JSON schema. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Where the file may have a list instead: what joins it to one text. */
  readonly separator?: string;
}

function reader<T>(
  words: string,
  json: Readonly<Record<string, unknown>>,
  read: (text: string) => T | undefined,
): Reader<T> {
  const strict = (text: string) => {
    const value = read(text);
    if (value === undefined) throw new BadValue(`it must be ${words}`);
    return value;
  };
  return Object.assign(strict, { words, json });
}

/** One of these names; gives its index. */
export function oneOf(what: string, names: readonly string[]): Reader<number> {
  return reader(`one of ${names.join(", ")}`, { enum: [...names] }, (text) => {
    const index = names.indexOf(text);
    if (index >= 0) return index;
    const hint = meant(text, names);
    throw new BadValue(`there is no such ${what};${hint} known: ${names.join(", ")}`);
  });
}

/** One of these names; gives the name. */
export function nameOf<T extends string>(what: string, names: readonly T[]): Reader<T> {
  const index = oneOf(what, names);
  return reader(index.words, index.json, (text) => names[index(text)]!);
}

const wholeNumber = (text: string) => /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): Reader<number> {
  const json = { type: "integer", minimum: min, maximum: max };
  return reader(`a number, ${min} to ${max}`, json, (text) => {
    const value = wholeNumber(text);
    return value >= min && value <= max ? value : undefined;
  });
}

/** A power of two from `min` to `max`. */
export function powerOfTwo(min: number, max: number): Reader<number> {
  const json = { type: "integer", minimum: min, maximum: max };
  return reader(`a power of two, ${min} to ${max}`, json, (text) => {
    const value = wholeNumber(text);
    return value >= min && value <= max && Number.isInteger(Math.log2(value)) ? value : undefined;
  });
}

/** What the reader takes, or a word for something else. */
export function orWord<T, U>(word: string, value: U, read: Reader<T>): Reader<T | U> {
  const json = { anyOf: [read.json, { const: word }] };
  return reader<T | U>(`${read.words}, or ${word}`, json, (text) => {
    if (text === word) return value;
    try {
      return read(text);
    } catch (error) {
      if (error instanceof BadValue) return undefined;
      throw error;
    }
  });
}

const decimalPattern = /^-?([0-9]+\.?[0-9]*|\.[0-9]+)$/;

/** A number with or without a fraction; `words` say which, and `json` too. */
export function decimal(
  words: string,
  json: Readonly<Record<string, unknown>>,
  fits: (value: number) => boolean,
): Reader<number> {
  return reader(words, { type: "number", ...json }, (text) => {
    const value = decimalPattern.test(text) ? Number(text) : NaN;
    return fits(value) ? value : undefined;
  });
}

/** The weight of a new observation, 1/256 to 1; gives 256ths. */
export function loadWeight(): Reader<number> {
  const words = "a number from 1/256 (0.004) to 1, for example 0.125";
  const json = { type: "number", minimum: 1 / 512, maximum: 1 };
  return reader(words, json, (text) => {
    const value = decimalPattern.test(text) ? Number(text) : NaN;
    const parts = Math.round(value * 256);
    return parts >= 1 && value <= 1 ? parts : undefined;
  });
}

/** Splits `1.5kfps` into 1.5 and `kfps`; a blank between them is allowed. */
function split(text: string): { amount: number; unit: string } | null {
  const found = /^([0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15})\s?([a-zA-Z]*)$/.exec(text);
  return found === null ? null : { amount: Number(found[1]), unit: found[2]! };
}

/** JSON facts of an amount with one of these units; a plain number may be one as well. */
function amount(units: string): Readonly<Record<string, unknown>> {
  return { type: ["string", "number"], pattern: `^([0-9]+(\\.[0-9]+)?|\\.[0-9]+) ?(${units})?$` };
}

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
};

/** A time as it may be written again. */
export function formatDuration(ms: number): string {
  const unit = ["h", "min", "s"].find((it) => ms > 0 && ms % milliseconds[it]! === 0) ?? "ms";
  return `${ms / milliseconds[unit]!}${unit}`;
}

/**
 * A time with its unit, `min_ms` to `max_ms`, in whole milliseconds. A plain number counts
 * milliseconds, in which all of these are tuned; one meant as seconds is told so.
 */
export function duration(min_ms: number, max_ms: number): Reader<number> {
  const words = `a time from ${formatDuration(min_ms)} to ${formatDuration(max_ms)}`;
  return reader(words, amount("ms|s|min|h"), (text) => {
    const parts = split(text);
    const factor = parts === null ? undefined : milliseconds[parts.unit || "ms"];
    const value = parts === null || factor === undefined
      ? NaN
      : Math.round(parts.amount * factor * 1e6) / 1e6;
    if (value >= min_ms && value <= max_ms && Number.isInteger(value)) return value;
    const hint = parts?.unit === "" && parts.amount > 0 && parts.amount * 1000 <= max_ms
      ? `; a plain number counts milliseconds: ${parts.amount} seconds are ${parts.amount}s`
      : `, for example ${formatDuration(Math.min(Math.max(500, min_ms), max_ms))}`;
    throw new BadValue(`it must be ${words}${hint}`);
  });
}

const thousands: Readonly<Record<string, number>> = { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** Frames per second: `60k`, `60kfps`, `1.5Mfps`, `60000`. */
export function rate(): Reader<number> {
  const words = "a rate in frames per second, for example 60kfps, 60k or 60000";
  return reader(words, amount("[kKMG]?(fps)?"), (text) => {
    const parts = split(text);
    const factor = parts === null ? undefined : thousands[parts.unit.replace(/fps$/, "")];
    const value = parts === null || factor === undefined
      ? NaN
      : Math.round(parts.amount * factor * 1e6) / 1e6;
    return value >= 1 && value <= 1e12 ? value : undefined;
  });
}

/** A rate as it may be written again. */
export function formatRate(fps: number): string {
  if (fps >= 1e6 && fps % 1e5 === 0) return `${fps / 1e6}Mfps`;
  if (fps >= 1e3 && fps % 1e2 === 0) return `${fps / 1e3}kfps`;
  return `${fps}fps`;
}

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
};

/** A power of two of bytes as `2MiB`, `256KiB` or a number. */
export function bytes(min: number, max: number): Reader<number> {
  const words = `a power of two, ${formatBytes(min)} to ${formatBytes(max)}`;
  return reader(words, amount("B|KiB|MiB"), (text) => {
    const parts = split(text);
    const factor = parts === null ? undefined : byteUnits[parts.unit];
    const value = parts === null || factor === undefined ? NaN : parts.amount * factor;
    return value >= min && value <= max && Number.isInteger(Math.log2(value)) ? value : undefined;
  });
}

/** Bytes as they may be written again. */
export function formatBytes(count: number): string {
  if (count >= 1024 ** 2 && count % 1024 ** 2 === 0) return `${count / 1024 ** 2}MiB`;
  if (count >= 1024 && count % 1024 === 0) return `${count / 1024}KiB`;
  return `${count}B`;
}

/** Any text that `read` takes; it throws BadValue. */
export function textOf<T>(words: string, read: (text: string) => T): Reader<T> {
  return Object.assign(read, { words, json: { type: "string" } });
}
