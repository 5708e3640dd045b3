/**
 * Readers of single values as users write them, with units. A reader knows nothing of where the
 * text stood: it throws BadValue with what is wrong and how to write it. Pure.
 */

/** Why a text is no such value. */
export class BadValue extends Error {}

/** Reads one value. Throws BadValue. */
export type Reader<T> = (text: string) => T;

/** One of these names; gives its index. */
export function oneOf(what: string, names: readonly string[]): Reader<number> {
  return (text) => {
    const index = names.indexOf(text);
    if (index >= 0) return index;
    throw new BadValue(`there is no such ${what}; known: ${names.join(", ")}`);
  };
}

/** One of these names; gives the name. */
export function nameOf<T extends string>(what: string, names: readonly T[]): Reader<T> {
  const read = oneOf(what, names);
  return (text) => names[read(text)]!;
}

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): Reader<number> {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new BadValue(`it must be a number, ${min} to ${max}`);
  };
}

/** A power of two from `min` to `max`. */
export function powerOfTwo(min: number, max: number): Reader<number> {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max && Number.isInteger(Math.log2(value))) return value;
    throw new BadValue(`it must be a power of two, ${min} to ${max}`);
  };
}

/** A number with or without a fraction; `allowed` in words is part of the error. */
export function decimal(allowed: string, fits: (value: number) => boolean): Reader<number> {
  return (text) => {
    const value = /^-?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) ? Number(text) : NaN;
    if (fits(value)) return value;
    throw new BadValue(`it must be ${allowed}`);
  };
}

const sizes = "a number from 1/256 (0.004) to 1, for example 0.125";

/** The weight of a new observation, 1/256 to 1, in 1/256. */
export function readLoadWeight(text: string): number {
  const read = decimal(sizes, (value) => Math.round(value * 256) >= 1 && value <= 1);
  return Math.round(read(text) * 256);
}

/** Splits `1.5kfps` into 1.5 and `kfps`; a blank between them is allowed. */
function split(text: string): { amount: number; unit: string } | null {
  const found = /^([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s?([a-zA-Z]*)$/.exec(text);
  return found === null ? null : { amount: Number(found[1]), unit: found[2]! };
}

const milliseconds: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
};

/** A time in milliseconds as `500ms`, `1.5s`, `2min`. */
export function formatDuration(ms: number): string {
  if (ms >= 1000 && ms % 1000 === 0) return `${ms / 1000}s`;
  return `${ms}ms`;
}

/**
 * A time with its unit, `min_ms` to `max_ms`. A plain number counts milliseconds: that is what all
 * of these are tuned in, and one meant as seconds is below most minima and told so.
 */
export function duration(min_ms: number, max_ms: number): Reader<number> {
  return (text) => {
    const parts = split(text);
    const factor = parts === null ? undefined : milliseconds[parts.unit || "ms"];
    const value = parts === null || factor === undefined ? NaN : parts.amount * factor;
    if (value >= min_ms && value <= max_ms) return value;
    const range = `from ${formatDuration(min_ms)} to ${formatDuration(max_ms)}`;
    const hint = parts?.unit === "" && parts.amount > 0 && parts.amount * 1000 <= max_ms
      ? `; a plain number counts milliseconds: ${parts.amount} seconds are ${parts.amount}s`
      : `, for example ${formatDuration(Math.min(Math.max(500, min_ms), max_ms))}`;
    throw new BadValue(`it must be a time ${range}${hint}`);
  };
}

const thousands: Readonly<Record<string, number>> = { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** Frames per second: `60k`, `60kfps`, `1.5Mfps`, `60000`. */
export function readRate(text: string): number {
  const parts = split(text);
  const factor = parts === null ? undefined : thousands[parts.unit.replace(/(fps|pps)$/, "")];
  const value = parts === null || factor === undefined ? NaN : parts.amount * factor;
  if (value >= 1 && value <= 1e12) return value;
  throw new BadValue("it must be a rate in frames per second, for example 60kfps, 60k or 60000");
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
  GiB: 1024 ** 3,
};

/** Bytes as `2MiB`, `256KiB` or a number, then checked by `fits`. */
export function byteCount(read: Reader<number>): Reader<number> {
  return (text) => {
    const parts = split(text);
    const factor = parts === null ? undefined : byteUnits[parts.unit];
    if (parts === null || factor === undefined || !Number.isInteger(parts.amount * factor)) {
      throw new BadValue("it must be a number of bytes, for example 256KiB or 2MiB");
    }
    return read(String(parts.amount * factor));
  };
}

/** Bytes as they may be written again. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1024 ** 2 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}MiB`;
  if (bytes >= 1024 && bytes % 1024 === 0) return `${bytes / 1024}KiB`;
  return `${bytes}B`;
}
