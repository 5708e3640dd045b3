/** The configuration file's text as values, with every error at once. Pure. */
import { dirname } from "node:path";
import { fromFolder, routerFromFolder } from "./paths.ts";
import { idleFields, ownFields, runFields, vrFields } from "../fields.ts";
import { meant } from "../near.ts";
import type { Layer } from "../options.ts";
import { formatPrefix } from "../../netlink/mod.ts";
import type { InterfaceSettings, RunValues, VrIdentity, VrValues } from "../types.ts";
import { samePort } from "../vr.ts";
import { sameSubnet } from "../subnet.ts";
import { quoteWord } from "../words.ts";
import { fileProblems } from "../sense.ts";
import { makeVr } from "../settings.ts";
import { fileSchema, knownKeys, salvage } from "./schema.ts";
import type { FileShape, VrShape } from "./schema.ts";
import { Source } from "./source.ts";
import type { Path, Problem } from "./source.ts";

/** One VR of the file. */
export interface FileVr {
  readonly identity: VrIdentity;
  readonly values: Layer<VrValues>;
}

/** What the file says. */
export interface FileConfig {
  /** Undefined where it names none. */
  readonly interfaces: readonly InterfaceSettings[] | undefined;
  readonly run: Layer<RunValues>;
  /** For all VRs. */
  readonly vr: Layer<VrValues>;
  readonly vrs: readonly FileVr[];
  /** For problems that show only when all is put together. */
  readonly source: Source;
}

/** What reading a file needs of its surroundings. */
export interface FileContext {
  /** As the user named it. */
  readonly path: string;
  /** Number of a routing table by its name. */
  readonly tableNumber: (name: string) => number | null;
}

type Fields = Readonly<Record<string, { readonly key: string; readonly of?: string }>>;

/** The values among `shape`'s keys, by their settings' names. */
function layerOf<T>(shape: Readonly<Record<string, unknown>>, fields: Fields): Layer<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([key]) => shape[key] !== undefined)
      .map(([key, field]) => [field.key, shape[key]]),
  ) as Layer<T>;
}

/** VRIs, or cores for them, without an allocator mean `fixed`. */
function withAllocator(values: Layer<VrValues>): Layer<VrValues> {
  const { vris, cores, allocator } = values;
  if (vris === undefined && cores === undefined) return values;
  const counted = vris === undefined && cores ? { vris: cores.length } : {};
  return { ...values, ...counted, allocator: allocator ?? "fixed" };
}

/** Reads the file's text. Throws Failure (configuration) with all that is wrong. */
export function readConfig(text: string, context: FileContext): FileConfig {
  const source = new Source(text, context.path);
  if (!source.readable) throw source.failure(source.problems);
  const value = source.value() ?? {};
  const schema = fileSchema(context.tableNumber);
  const issues = schema.safeParse(value).error?.issues ?? [];
  const shape = (salvage(schema, value) ?? {}) as FileShape;
  const directory = dirname(context.path);
  const vrs = (shape.vrs ?? []).map((vr, i) => fileVr(vr ?? {}, i, directory));
  const values = withAllocator(layerOf(shape, vrFields));
  const problems = [
    ...source.problems,
    ...issues.flatMap((issue) => told(source, issue)),
    ...contradictions(source, shape, vrs),
  ];
  if (problems.length > 0) {
    const made = vrs.map((vr) => makeVr(vr.identity, [values, vr.values]));
    throw source.failure([...problems, ...fileProblems(source, made)]);
  }
  const idle = layerOf<RunValues["idle"]>(shape, idleFields);
  const said = layerOf<RunValues>(shape, runFields);
  const { adapter } = said;
  const isSource = typeof adapter === "object" && adapter !== null;
  const run = isSource ? { ...said, adapter: fromFolder(adapter, directory) } : said;
  return {
    interfaces: shape.interfaces as FileConfig["interfaces"],
    run: Object.keys(idle).length === 0 ? run : { ...run, idle },
    vr: values,
    vrs,
    source,
  };
}

/** A problem that the schema found, or one for each key that it doesn't know. */
function told(
  source: Source,
  issue: { code: string; path: PropertyKey[]; message: string; keys?: string[] },
): Problem[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ offset: source.at(issue.path), message: issue.message }];
  }
  const known = knownKeys(issue.path);
  return (issue.keys ?? []).map((key) => {
    const hint = meant(key, known);
    const rest = hint === "" ? ` known: ${known.join(", ")}` : "";
    const message = elsewhere(key, issue.path) ?? `there is no key "${key}" here;${hint}${rest}`;
    return { offset: source.atKey([...issue.path, key]), message };
  });
}

/** Where a key belongs that can't be here; null where it is unknown everywhere. */
function elsewhere(key: string, path: Path): string | null {
  if (key === "<<") {
    return "YAML 1.2 has no merge keys (<<): write the keys out, or at the file's top for all VRs";
  }
  if (path.length === 0 && knownKeys(["vrs", 0]).includes(key)) {
    return `${key} is each VR's own: write it in an entry of vrs`;
  }
  if (path.length > 0 && knownKeys([]).includes(key)) {
    return `${key} is not one VR's own: write it at the file's top`;
  }
  return null;
}

function fileVr(vr: VrShape, index: number, directory: string): FileVr {
  const [program = "", ...rest] = vr.router?.words ?? [];
  const options = (vr.options ?? []).filter((option) => option !== undefined);
  const words = [routerFromFolder(program, directory), ...rest, ...options];
  const further = options.map((option) => ` ${quoteWord(option)}`).join("");
  const identity: VrIdentity = {
    name: vr.name ?? `vr${index + 1}`,
    subnets: (vr.subnets ?? []).filter((subnet) => subnet !== undefined),
    router: `${vr.router?.text.trim()}${further}`,
    words,
    table: vr.table ?? null,
    routes: (vr.routes ?? []).filter((route) => route !== undefined),
  };
  const values = layerOf<VrValues>(vr, { ...vrFields, ...ownFields });
  return { identity, values: withAllocator(values) };
}

/** What parts of the file say against each other, whatever flags say. */
function contradictions(source: Source, shape: FileShape, vrs: readonly FileVr[]): Problem[] {
  const top = allocatorOf(shape) ?? "dynamic";
  return [
    ...repeated(source, ["interfaces"], shape.interfaces, samePort),
    ...strangers(source, [], shape, top),
    ...(shape.vrs ?? []).flatMap((vr, i) =>
      vr === undefined ? [] : vrContradictions(source, vr, vrs, i, top)
    ),
  ];
}

function vrContradictions(
  source: Source,
  vr: VrShape,
  vrs: readonly FileVr[],
  index: number,
  topAllocator: string,
): Problem[] {
  const problems: Problem[] = [];
  const path: Path = ["vrs", index];
  const add = (key: string, message: string) =>
    problems.push({ offset: source.at([...path, key]), message });
  const { name, words } = vrs[index]!.identity;
  if (vrs.slice(0, index).some((other) => other.identity.name === name)) {
    add("name", `two VRs are called ${name}: give one of them another name`);
  }
  if (vr.table !== undefined && vr.routes !== undefined) {
    add("routes", "a VR follows a routing table or has static routes: choose one");
  }
  const further = vr.table === undefined ? "routes" : "table";
  const isStatic = words[0] === "cppvr" && words.some((word) => /^--route(=|$)/.test(word));
  if (isStatic && vr[further] !== undefined) {
    add(further, `cppvr's own --route takes the place of ${further}: choose one`);
  }
  if (vr.routes?.length === 0) {
    add("routes", "without any route it reaches nothing: name some, or take the key out");
  }
  return [
    ...problems,
    ...strangers(source, path, vr, allocatorOf(vr) ?? topAllocator),
    ...repeated(source, [...path, "subnets"], vr.subnets, sameSubnet),
    ...claims(source, vr, vrs, index),
    ...repeated(
      source,
      [...path, "routes"],
      vr.routes,
      (a, b) => sameSubnet(a.prefix, b.prefix),
      "this prefix has a route already: give it one",
    ),
  ];
}

/** Entries of a list that are there before. */
function repeated<T>(
  source: Source,
  path: Path,
  list: readonly (T | undefined)[] | undefined,
  same: (a: T, b: T) => boolean,
  message = "this is there twice: name it once",
): Problem[] {
  return (list ?? []).flatMap((entry, i) => {
    const known = list!.slice(0, i).some((other) =>
      entry !== undefined && other !== undefined && same(entry, other)
    );
    return known ? [{ offset: source.at([...path, i]), message }] : [];
  });
}

/** The allocator that a part of the file names, if only by a count of VRIs. */
function allocatorOf(shape: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof shape.allocator === "string") return shape.allocator;
  const isCounted = shape.vris !== undefined || Array.isArray(shape.cores) && "router" in shape;
  return isCounted ? "fixed" : undefined;
}

/** Parameters of other allocators than the one that is in force there. */
function strangers(
  source: Source,
  path: Path,
  shape: Readonly<Record<string, unknown>>,
  allocator: string,
): Problem[] {
  // At the top they may be for VRs with another allocator, but for those of one named beside them.
  const fields: Fields = path.length === 0 ? vrFields : { ...vrFields, ...ownFields };
  if (path.length === 0 && typeof shape.allocator !== "string") return [];
  // One that could not be read is told already.
  if (shape.allocator === undefined && source.has([...path, "allocator"])) return [];
  return Object.entries(fields).flatMap(([key, { of }]) => {
    if (of === undefined || of === allocator || shape[key] === undefined) return [];
    if (path.length === 0 && key !== "vris") return [];
    const cure = of === "fixed" ? "; with it say min_cores and max_cores" : "";
    return [{
      offset: source.atKey([...path, key]),
      message: `${key} is for the allocator ${of}, and the allocator here is ${allocator}${cure}`,
    }];
  });
}

/** Subnets of this VR that an earlier one has. */
function claims(source: Source, vr: VrShape, vrs: readonly FileVr[], index: number): Problem[] {
  const { name } = vrs[index]!.identity;
  return (vr.subnets ?? []).flatMap((subnet, i) => {
    if (subnet === undefined) return [];
    const owner = vrs.slice(0, index).find(({ identity }) =>
      identity.subnets.some((other) => sameSubnet(other, subnet))
    );
    if (owner === undefined) return [];
    return [{
      offset: source.at(["vrs", index, "subnets", i]),
      message: `both ${owner.identity.name} and ${name} claim ${formatPrefix(subnet)}: a source ` +
        `belongs to one VR; take it out of one of them`,
    }];
  });
}
