/** Files and settings, for whatever settings there are; and for whatever somebody calls a file. */
import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { manifest } from "../../../ffi/abi.gen.ts";
import { makePrefix } from "../../netlink/mod.ts";
import { Failure } from "../failure.ts";
import { allocators, logFormats, logLevels, placements } from "../names.ts";
import { decideSettings, vrDefaults } from "../settings.ts";
import type { InterfaceSettings, Settings, VrSettings } from "../types.ts";
import { quoteWord } from "../words.ts";
import { readConfig } from "./read.ts";
import { jsonSchema, knownKeys } from "./schema.ts";
import { writeConfig } from "./write.ts";

const context = { path: "lvrm.yaml", tableNumber: () => null };
const again = (text: string) => decideSettings({}, () => undefined, readConfig(text, context));

/** One to `most` values that differ in their keys. */
const some = <T>(one: fc.Arbitrary<T>, most: number, key: (value: T) => string) =>
  fc.array(one, { minLength: 1, maxLength: most }).map((all) => [
    ...new Map(all.map((it) => [key(it), it])).values(),
  ]);
const index = (names: readonly unknown[]) => fc.nat(names.length - 1);
const power = (min: number, max: number) =>
  fc.integer({ min: Math.log2(min), max: Math.log2(max) }).map((it) => 2 ** it);
const hundredths = (min: number, max: number) =>
  fc.integer({ min: Math.round(min * 100), max: Math.round(max * 100) }).map((it) => it / 100);
const port: fc.Arbitrary<InterfaceSettings> = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/),
  vlan: fc.option(fc.integer({ min: 1, max: 4094 })),
});
const address = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes });
const prefix = fc.constantFrom(4, 16).chain((bytes) =>
  fc.tuple(address(bytes), fc.nat(bytes * 8)).map(([it, length]) => makePrefix(it, length))
);
const prefixKey = ({ address, length }: { address: Uint8Array; length: number }) =>
  `${address.join()}/${length}`;
/** Mostly what a shell would leave alone, and at times anything else. */
const word = fc.oneof(fc.stringMatching(/^[\w=,:.\/-]{1,12}$/), fc.string({ minLength: 1 }))
  .filter((it) => !/^--route(=|$)/.test(it));
const program = fc.oneof(
  fc.constant("cppvr"),
  word.map((it) => `/opt/${it}`),
);

const values = fc.record({
  queue: index(manifest.queues),
  queueFrames: power(256, 1 << 20),
  control_bytes: power(8192, 1 << 24),
  balancer: index(manifest.balancers),
  byFrame: fc.boolean(),
  loadEstimator: index(manifest.load_estimators),
  loadWeight: fc.integer({ min: 1, max: 256 }),
  minCores: fc.integer({ min: 1, max: 20 }),
  maxCores: fc.option(fc.integer({ min: 40, max: 64 })),
  weight: hundredths(0.01, 1000),
  coolDown_ms: fc.nat(3_600_000),
  flows: power(16, 1 << 22),
  flowIdle_ms: fc.integer({ min: 1, max: 3_600_000 }),
});

/** Values of each allocator that mean something to it. */
const allocation = fc.constantFrom(...allocators).chain((allocator) =>
  fc.record({
    allocator: fc.constant(allocator),
    ...allocator === "fixed" ? { vris: fc.integer({ min: 20, max: 40 }) } : {},
    ...allocator === "dynamic"
      ? {
        coreRate_fps: fc.integer({ min: 1, max: 1e9 }),
        growAt: hundredths(1.5, 10),
        shrinkAt: hundredths(0.1, 1.4),
      }
      : {},
    ...allocator === "service_rate" ? { utilisation: hundredths(0.01, 1) } : {},
  })
);

const vr = fc.record({
  name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,30}$/),
  subnets: some(prefix, 4, prefixKey),
  words: fc.tuple(program, fc.array(word, { maxLength: 3 })).map(([it, rest]) => [it, ...rest]),
  way: fc.oneof(
    fc.record({
      table: fc.option(
        fc.integer({ min: 1, max: 0xffff_ffff }).filter((it) => it < 253 || it > 255),
      ),
      routes: fc.constant([]),
    }),
    fc.record({
      table: fc.constant(null),
      routes: some(
        fc.record({ prefix, port, gateway: fc.option(fc.oneof(address(4), address(16))) }),
        3,
        (route) => prefixKey(route.prefix),
      ),
    }),
  ),
  values,
  allocation,
  ownCores: fc.boolean(),
}).map(({ way, values, allocation, ownCores, ...identity }): VrSettings => {
  const made = { ...vrDefaults, ...values, ...allocation };
  const isFixed = made.allocator === "fixed";
  const vris = isFixed ? made.vris : made.minCores;
  return {
    ...made,
    ...identity,
    ...way,
    router: identity.words.map(quoteWord).join(" "),
    vris,
    cores: isFixed && ownCores ? Array.from({ length: vris }, (_, i) => i + 1) : null,
  };
});

/** Whether one lvrm can't have both. */
function clash(a: VrSettings, b: VrSettings): boolean {
  const others = b.subnets.map(prefixKey);
  return a.name === b.name || a.subnets.some((subnet) => others.includes(prefixKey(subnet)));
}

const settings: fc.Arbitrary<Settings> = fc.record({
  vrs: fc.array(vr, { minLength: 1, maxLength: 4 }).map((all) =>
    all.filter((it, i) => !all.slice(0, i).some((other) => clash(it, other)))
  ),
  interfaces: fc.uniqueArray(port, { maxLength: 3, selector: (it) => `${it.name}:${it.vlan}` }),
  adapter: fc.constantFrom(null, manifest.adapters.findIndex((name) => name === "raw")),
  zeroCopy: fc.constant(false),
  dispatchers: fc.integer({ min: 1, max: 16 }),
  busyPoll: fc.boolean(),
  idle: fc.record({ spins: fc.nat(1_000_000), yields: fc.nat(1_000_000) }, { requiredKeys: [] }),
  cores: fc.option(fc.uniqueArray(fc.nat(4095), { minLength: 1, maxLength: 5 })),
  placement: fc.constantFrom(...placements),
  period_ms: fc.integer({ min: 50, max: 60_000 }),
  dryRun: fc.boolean(),
  overcommit: fc.boolean(),
  socket: fc.stringMatching(/^\/[ -~]{1,50}$/),
  logFormat: fc.constantFrom(...logFormats),
  logLevel: fc.constantFrom(...logLevels),
});

const schema = z.fromJSONSchema(jsonSchema());

Deno.test("a file that is written of any settings is read as the same settings", () => {
  fc.assert(
    fc.property(settings, (all) => {
      const text = writeConfig(all);
      const same = again(text);
      deepEqual({ ...same, idle: { ...same.idle } }, { ...all, idle: { ...all.idle } }, text);
      deepEqual(schema.safeParse(parse(text)).error, undefined, text);
    }),
    { numRuns: 200 },
  );
});

/** Fails where anything but Failure comes out. */
function survives(text: string): void {
  try {
    again(text);
  } catch (error) {
    ok(error instanceof Failure, `${error instanceof Error ? error.stack : error}\n${text}`);
    ok([2, 3].includes(error.code), String(error.code));
  }
}

const keys = [...knownKeys([]), ...knownKeys(["vrs", 0]), "__proto__", "<<", "constructor"];
const scraps = fc.oneof(
  fc.constantFrom(...keys, ": ", "- ", "\n", "\n  ", "[", "]", "{", "}", "&a ", "*a", "!!", "|"),
  fc.constantFrom("? ", "---", "\t", '"', "'", "#", "null", "~", "%YAML 1.1\n", "!!binary ", "\0"),
  fc.string({ unit: "binary" }),
);

Deno.test("nothing that is not a configuration throws anything but Failure", () => {
  fc.assert(fc.property(fc.array(scraps).map((all) => all.join("")), survives));
  fc.assert(fc.property(fc.string({ unit: "binary" }), survives));
  const deep = fc.integer({ min: 1, max: 20_000 });
  fc.assert(fc.property(deep, (levels) => survives("[".repeat(levels))), { numRuns: 10 });
  survives("[".repeat(500_000));
  survives("a: ".repeat(20_000));
  survives("&a [*a]");
  survives("a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]");
});

Deno.test("no value of any kind under any key throws anything but Failure", () => {
  const inside = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 6 });
  const top = fc.record({
    vrs: fc.oneof(fc.array(inside), fc.jsonValue()),
    rest: inside,
  }).map(({ vrs, rest }) => ({ ...rest, vrs }));
  fc.assert(fc.property(top, (all) => survives(stringify(all))));
});

Deno.test("a valid file with a piece cut out or put in throws nothing but Failure", () => {
  fc.assert(
    fc.property(settings, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(20), scraps, (
      all,
      where,
      length,
      scrap,
    ) => {
      const text = writeConfig(all);
      const at = Math.floor(where * text.length);
      survives(text.slice(0, at) + scrap + text.slice(at + length));
    }),
    { numRuns: 200 },
  );
});
