/**
 * The scenario file's schema. Values are read by the readers of the configuration file, and a VR's
 * allocator and its parameters have the same keys as there. Pure.
 */
import { z } from "zod";
import { ownFields, vrFields } from "../config/fields.ts";
import { BadValue, decimal, duration, orWord, rate, textOf, whole } from "../config/values.ts";
import type { Reader } from "../config/values.ts";

const second_ms = 1000;
const hour_ms = 3600 * second_ms;
const month_ms = 31 * 24 * hour_ms;

/** A value that a reader takes, written as text, number or switch. */
function scalar<T>(read: Reader<T>): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    try {
      if (value === undefined) throw new BadValue(`a value is missing: it must be ${read.words}`);
      if (typeof value === "object") throw new BadValue(`it must be ${read.words}`);
      return read(String(value));
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
}

const optional = <T>(read: Reader<T>) => scalar(read).optional();
const rates: Reader<number> = orWord("0", 0, rate());
const times = duration(0, month_ms);
const spans = duration(1, month_ms);
const share = decimal("a number from 0 to 1", {}, (value) => value >= 0 && value <= 1);
const factor = decimal("a number above 0", {}, (value) => value > 0 && value <= 1e6);
const name = textOf("a name", (text) => {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,30}$/.test(text)) return text;
  throw new BadValue("it must be a name: a letter, then letters, digits, - and _, at most 31");
});
const file = textOf("a path", (text) => text);
const onOff = textOf("true or false", (text) => {
  if (text === "true" || text === "false") return text === "true";
  throw new BadValue("it must be true or false");
});

/** Shapes of traffic; those that one VR names add up. */
const shapes = {
  steady: optional(rates),
  steps: z.strictObject({ rates: z.array(scalar(rates)).min(1), every: scalar(spans) }).optional(),
  bursts: z.strictObject({
    base: scalar(rates),
    peak: scalar(rates),
    every: scalar(spans),
    length: scalar(spans),
  }).optional(),
  flash: z.strictObject({
    base: scalar(rates),
    peak: scalar(rates),
    at: scalar(times),
    rise: scalar(times),
    hold: scalar(times),
    fall: scalar(times),
  }).optional(),
  day: z.strictObject({ low: scalar(rates), high: scalar(rates), peak: scalar(times) }).optional(),
  recorded: z.strictObject({ file: scalar(file), vr: optional(name), scale: optional(factor) })
    .optional(),
};

/** Allocator and parameters, as in the configuration file. */
const policyFields = {
  allocator: vrFields.allocator,
  vris: vrFields.vris,
  core_rate: vrFields.core_rate,
  grow_at: vrFields.grow_at,
  shrink_at: vrFields.shrink_at,
  utilisation: vrFields.utilisation,
  min_cores: vrFields.min_cores,
  max_cores: vrFields.max_cores,
  cool_down: vrFields.cool_down,
  weight: ownFields.weight,
} as const;

/** Settings' names of those keys. */
export const policyKeys: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(policyFields).map(([key, field]) => [key, field.key]),
);

const model = {
  core_capacity: optional(rate()),
  queue: optional(whole(1, 1 << 20)),
  frame_bytes: optional(whole(60, 16_383)),
  noise: optional(share),
  noise_time: optional(spans),
  jitter: optional(share),
  busy_noise: optional(share),
};

const policy = Object.fromEntries(
  Object.entries(policyFields).map((
    [key, field],
  ) => [key, optional(field.read as Reader<unknown>)]),
);

const vr = z.strictObject({
  name: optional(name),
  count: optional(whole(1, 1000)),
  shift: optional(times),
  traffic: z.strictObject(shapes),
  ...model,
  ...policy,
});

export const scenarioSchema = z.strictObject({
  name: optional(textOf("text", (text) => text)),
  duration: scalar(duration(second_ms, month_ms)),
  period: optional(duration(50, 60 * second_ms)),
  cores: scalar(whole(0, 4096)),
  overcommit: optional(onOff),
  seed: optional(whole(0, 0xffff_ffff)),
  start: optional(duration(0, hour_ms)),
  vrs: z.array(vr).min(1),
  ...model,
  ...policy,
});

export type TrafficShape = z.infer<z.ZodObject<typeof shapes>>;
export type ModelShape = z.infer<z.ZodObject<typeof model>>;
export type VrShape = z.infer<typeof vr>;
export type ScenarioShape = z.infer<typeof scenarioSchema>;

/** Keys that are known at a path of the file. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(scenarioSchema.shape);
  if (path.length === 2) return Object.keys(vr.shape);
  if (path.length === 3) return Object.keys(shapes);
  const inner = shapes[path[3] as keyof typeof shapes] as unknown;
  return inner instanceof z.ZodOptional && inner.unwrap() instanceof z.ZodObject
    ? Object.keys((inner.unwrap() as z.ZodObject).shape)
    : [];
}
