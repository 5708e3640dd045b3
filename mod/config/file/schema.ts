/**
 * The configuration file's schema: the fields of `../fields.ts` and what only the file has. Errors,
 * the JSON schema for editors and the documentation's table come from here. Pure.
 */
import { z } from "zod";
import { formatAddress, formatPrefix, parseAddress } from "../../netlink/mod.ts";
import type { Prefix } from "../../netlink/mod.ts";
import { Failure } from "../failure.ts";
import { idleFields, ownFields, runFields, vrFields } from "../fields.ts";
import { runDefaults, vrDefaults } from "../settings.ts";
import { parseSubnet } from "../subnet.ts";
import type { InterfaceSettings, StaticRoute } from "../types.ts";
import { BadValue, textOf } from "../values.ts";
import type { Reader } from "../values.ts";
import { readInterface } from "../vr.ts";
import { splitWords } from "../words.ts";

type Field = { readonly read: Reader<unknown>; readonly about: string };

/** A value that a reader takes, written as text, number or switch. */
function scalar<T>(read: Reader<T>, about?: string): z.ZodType<T> {
  const schema = z.unknown().transform((value, context): T => {
    try {
      if (value === null) throw new BadValue(`it has no value: it must be ${read.words}`);
      const parts = Array.isArray(value) && read.separator !== undefined ? value : [value];
      if (parts.some((part) => typeof part === "object")) {
        throw new BadValue(`it must be ${read.words}`);
      }
      return read(parts.join(read.separator));
    } catch (error) {
      if (!(error instanceof BadValue || error instanceof Failure)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
  return schema.meta({ ...read.json, ...about === undefined ? {} : { description: about } });
}

/** A list of such values. */
function listOf<T>(read: Reader<T>, about: string, least = 0): z.ZodType<T[]> {
  const error = (issue: { input?: unknown; path?: readonly PropertyKey[] | undefined }) =>
    issue.input === undefined
      ? `the key ${String(issue.path?.at(-1))} is missing: ${about}`
      : `it must be a list${least > 0 ? " with at least one entry" : ""}: ${about}`;
  return z.array(scalar(read), { error }).min(least, { error }).meta({ description: about });
}

const subnet = textOf("a subnet, for example 10.0.1.0/24", parseSubnet);
const port: Reader<InterfaceSettings> = textOf("IF or IF:VLAN, for example eth0", readInterface);

/** As `ip route` has it, or as cppvr's --route, which needs quotes in YAML's `[…]`. */
const routeForms = [
  /^(?<prefix>\S+)(\s+via\s+(?<gateway>\S+))?\s+dev\s+(?<port>\S+)$/,
  /^(?<prefix>[^\s=]+)=(?<port>[^\s=,]+)(,(?<gateway>[^\s=,]+))?$/,
];

/** A static route. */
export const staticRoute: Reader<StaticRoute> = textOf(
  "PREFIX [via GATEWAY] dev IF, for example 10.0.3.0/24 via 10.0.2.7 dev eth2",
  (route) => {
    const parts = routeForms.map((form) => form.exec(route.trim())?.groups).find((it) => it);
    if (parts === undefined) throw new BadValue(`it must be ${staticRoute.words}`);
    const gateway = parts.gateway === undefined ? null : parseAddress(parts.gateway);
    if (parts.gateway !== undefined && gateway === null) {
      throw new BadValue(`"${parts.gateway}" is no address of a gateway`);
    }
    return { prefix: parseSubnet(parts.prefix!), port: readInterface(parts.port!), gateway };
  },
);

/** A route as the file may say it. */
export function writeRoute({ prefix, port, gateway }: StaticRoute): string {
  const device = port.vlan === null ? port.name : `${port.name}:${port.vlan}`;
  const via = gateway === null ? "" : ` via ${formatAddress(gateway)}`;
  return `${formatPrefix(prefix)}${via} dev ${device}`;
}

/** A VR's name: it is part of its VRIs' names and of log lines. */
const vrName = textOf("a name of letters, digits, - and _, at most 31", (name) => {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,30}$/.test(name)) return name;
  throw new BadValue("it must be a name: a letter, then letters, digits, - and _, at most 31");
});

/** A routing table by number, or by a name that the host knows; null: the main one. */
export function tableReader(named: (name: string) => number | null): Reader<number | null> {
  const words = "a routing table: its number, 1 to 4294967295 but not 255, or its name";
  const read = textOf(words, (name) => {
    const number = /^[0-9]{1,10}$/.test(name) ? Number(name) : named(name);
    if (number === null) {
      throw new BadValue(
        `there is no routing table ${name} here: name it in rt_tables, or give its number`,
      );
    }
    if (number < 1 || number > 0xffff_ffff || number === 255) {
      throw new BadValue(`it must be ${words}`);
    }
    return number === 254 ? null : number;
  });
  return Object.assign(read, { json: { type: ["integer", "string"] } });
}

/** What the file's router and options come to; quotes as on the command line. */
const routerWords = textOf("a router", (router) => {
  const split = splitWords(router);
  if ("error" in split) throw new BadValue(`it cannot be split into words: ${split.error}`);
  if (split.words.length === 0 || split.words[0] === "") {
    throw new BadValue("it names no router: write cppvr, or the path of an executable");
  }
  return split.words;
});
const word = textOf("text", (option) => option);

const routerAbout = "cppvr, or the path of an executable; options may follow, split into words " +
  "as on the command line";

const missingRouter = (issue: { input?: unknown }) =>
  issue.input === undefined
    ? `a VR without router: say which, for example router: cppvr`
    : `it must be text: ${routerAbout}`;

const described = (fields: Readonly<Record<string, Field>>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, { read, about }]) => [key, scalar(read, about).optional()]),
  );

/** Keys of one VR that are not values of `../fields.ts`, and what is said of them. */
export const identityAbout = {
  name: "the VR's name; without it `vr1`, `vr2`, … in order",
  subnets:
    "the sources that it serves, IPv4 and IPv6; of two that overlap the longer prefix counts",
  router: routerAbout,
  options: "further words for the router, each as it is",
  table: "the kernel's routing table that it follows and nothing else: number or name; without " +
    "it the main one",
  routes: "static routes instead of the kernel's, each `PREFIX [via GATEWAY] dev IF`",
} as const;

export const topAbout = {
  interfaces: "ports to serve, `IF` or `IF:VLAN`; without it every Ethernet interface that is up " +
    "and has an address",
  vrs: "the virtual routers",
} as const;

/** Keys that are known at a path of the file. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  const shared = Object.keys(vrFields);
  if (path.length > 0) return [...Object.keys(identityAbout), ...shared, ...Object.keys(ownFields)];
  return [
    ...Object.keys(topAbout),
    ...Object.keys(runFields),
    ...Object.keys(idleFields),
    ...shared,
  ];
}

/** The schema; `named`: the number of a routing table with a name. */
export function fileSchema(named: (name: string) => number | null): z.ZodObject {
  const table = tableReader(named);
  const vr = z.strictObject({
    name: scalar(vrName, identityAbout.name).optional(),
    subnets: listOf(subnet, identityAbout.subnets, 1),
    router: z.string({ error: missingRouter }).transform((router, context) => {
      try {
        return { text: router, words: routerWords(router) };
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        context.addIssue({ code: "custom", message: error.message });
        return z.NEVER;
      }
    }).meta({ description: identityAbout.router }),
    options: listOf(word, identityAbout.options).optional(),
    table: scalar(table, identityAbout.table).optional(),
    routes: listOf(staticRoute, identityAbout.routes).optional(),
    ...described(vrFields),
    ...described(ownFields),
  }, { error: objectError("a VR: name, subnets, router and more") });
  return z.strictObject({
    interfaces: listOf(port, topAbout.interfaces).optional(),
    ...described(runFields),
    ...described(idleFields),
    ...described(vrFields),
    vrs: z.array(vr, { error: "it must be a list of VRs, each with subnets and router" })
      .optional().meta({ description: topAbout.vrs }),
  }, { error: objectError("keys with values, for example vrs:") });
}

const objectError = (words: string) => (issue: { code?: string }) =>
  issue.code === "invalid_type" ? `it must be ${words}` : undefined;

/** A list; what could not be read is undefined, in a file that is refused. */
type List<T> = readonly (T | undefined)[];

/** One VR as the schema gives it: what is fixed, and values by their keys. */
export interface VrShape extends Readonly<Record<string, unknown>> {
  readonly name?: string;
  readonly subnets?: List<Prefix>;
  readonly router?: { readonly text: string; readonly words: readonly string[] };
  readonly options?: List<string>;
  readonly table?: number | null;
  readonly routes?: List<StaticRoute>;
}

/** The whole file as the schema gives it. */
export interface FileShape extends Readonly<Record<string, unknown>> {
  readonly interfaces?: List<InterfaceSettings>;
  readonly vrs?: List<VrShape>;
}

/** All that can be read of a value that the schema refuses as a whole; undefined where nothing. */
export function salvage(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional) return salvage(schema.unwrap(), value);
  if (schema instanceof z.ZodArray) {
    return Array.isArray(value) ? value.map((it) => salvage(schema.element, it)) : undefined;
  }
  if (!(schema instanceof z.ZodObject)) return (schema as z.ZodType).safeParse(value).data;
  if (typeof value !== "object" || value === null) return undefined;
  const parts = Object.entries(schema.shape).map(([key, part]) =>
    [key, Object.hasOwn(value, key) ? salvage(part, Reflect.get(value, key)) : undefined] as const
  );
  return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
}

/** Default of a key, as the file may say it; null where there is none. */
export function defaultOf(key: string): string | number | boolean | null {
  const run = (runFields as Readonly<Record<string, { key: string; write: unknown }>>)[key];
  const vr = ({ ...vrFields, ...ownFields } as Readonly<
    Record<string, { key: string; write: unknown }>
  >)[key];
  const field = run ?? vr;
  if (field === undefined || key === "cores" || key === "vris") return null;
  const defaults = (run === undefined ? vrDefaults : runDefaults) as unknown as Readonly<
    Record<string, unknown>
  >;
  return (field.write as (value: unknown) => string | number | boolean)(defaults[field.key]);
}

/** The JSON schema for editors. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema(() => null), { io: "input", unrepresentable: "any" });
  return { title: "Configuration of lvrm", ...schema };
}
