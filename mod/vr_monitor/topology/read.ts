/**
 * Where the cores of a machine lie, as `/sys` tells: packages, last-level caches, NUMA nodes, SMT
 * siblings, speeds; which are offline or isolated. What this process may use is in `permitted.ts`.
 */
import type { Core } from "../placements/types.ts";
import { fromList, fromMask } from "./cpu_set.ts";
import { SystemFiles } from "./files.ts";

/** Cores of a machine. */
export interface Topology {
  /** Those that are online, ascending. */
  readonly cores: readonly Core[];
  /** CPU numbers of those that the machine has and that are offline. */
  readonly offline: readonly number[];
  /** CPU numbers that the scheduler leaves alone (`isolcpus=`). */
  readonly isolated: readonly number[];
}

const cpus = "sys/devices/system/cpu";
const nodes = "sys/devices/system/node";
/** The speed of the fastest cores, as Linux scales it. */
const fullCapacity = 1024;
/** Cores that differ by less are equally fast: turbo clocks vary a little from core to core. */
const sameSpeed = 0.9;

/** Reads a machine below `root`. */
export function readTopology(root = "/"): Topology {
  const files = new SystemFiles(root);
  const { online, offline } = onlineCores(files);
  const isolated = fromList(files.text(`${cpus}/isolated`) ?? "");
  const nodeOf = readNodes(files, online);
  const distances = readDistances(files);
  const capacity = readCapacities(files, online);
  const isOnline = new Set(online);
  const lowest = (all: readonly number[]) => all.find((core) => isOnline.has(core));
  const packageOf = (core: number) => {
    const number = files.number(`${cpus}/cpu${core}/topology/physical_package_id`);
    return number === null ? 0 : Math.max(0, number); // -1: the machine doesn't tell
  };
  const cores = online.map((core): Core => {
    const node = nodeOf.get(core) ?? 0;
    const told = distances.get(node);
    return {
      core,
      package: packageOf(core),
      l3: lowest(lastCache(files, core)) ?? -1,
      node,
      smt: lowest(siblings(files, core)) ?? core,
      capacity: capacity.get(core)!,
      ...(told === undefined ? {} : { distances: told }),
    };
  });
  // A machine that tells of no cache at all: each package shares one.
  const first = new Map<number, number>();
  for (const it of cores) if (!first.has(it.package)) first.set(it.package, it.core);
  const known = cores.map((it) => it.l3 >= 0 ? it : { ...it, l3: first.get(it.package)! });
  return { cores: known, offline, isolated };
}

/** The list of CPUs that are online, as Linux has it; cheap enough for once a period. */
export function readOnline(files: SystemFiles): string | null {
  return files.text(`${cpus}/online`);
}

function onlineCores(files: SystemFiles): { online: number[]; offline: number[] } {
  const all = files.numbered(cpus, "cpu");
  const list = files.text(`${cpus}/online`);
  // Old kernels have no list, and say it of each that could be offline.
  const online = list === null
    ? all.filter((core) => files.number(`${cpus}/cpu${core}/online`) !== 0)
    : fromList(list);
  const known = new Set(online);
  return { online: online.length > 0 ? online : [0], offline: all.filter((it) => !known.has(it)) };
}

/** CPUs in a file that is a mask, beside one of the same name with `_list`. */
function sharing(files: SystemFiles, path: string, list = `${path}_list`): number[] {
  const mask = files.text(path);
  if (mask !== null) return fromMask(mask);
  return fromList(files.text(list) ?? "");
}

/** A cache that holds data, and the CPUs that share it; none when nothing is known. */
interface Cache {
  readonly level: number;
  readonly shared: readonly number[];
}

/** The data cache of `core` that is best by `better`. */
function cache(files: SystemFiles, core: number, better: (one: Cache, than: Cache) => boolean) {
  const folder = `${cpus}/cpu${core}/cache`;
  let found: Cache | null = null;
  for (const index of files.numbered(folder, "index")) {
    const path = `${folder}/index${index}`;
    if (files.text(`${path}/type`) === "Instruction") continue;
    const shared = sharing(files, `${path}/shared_cpu_map`, `${path}/shared_cpu_list`);
    const one = { level: files.number(`${path}/level`) ?? 0, shared };
    if (shared.length > 0 && (found === null || better(one, found))) found = one;
  }
  return found;
}

const lastCache = (files: SystemFiles, core: number): readonly number[] =>
  cache(files, core, (one, than) => one.level > than.level)?.shared ?? [];

/**
 * CPUs of one physical core. Linux also calls two cores of an AMD module siblings; they have first
 * data caches of their own.
 */
function siblings(files: SystemFiles, core: number): readonly number[] {
  const told = sharing(files, `${cpus}/cpu${core}/topology/thread_siblings`);
  if (told.length < 2) return told;
  const first = cache(files, core, (one, than) => one.level < than.level);
  return first?.level === 1 ? told.filter((it) => first.shared.includes(it)) : told;
}

function readNodes(files: SystemFiles, online: readonly number[]): Map<number, number> {
  const nodeOf = new Map<number, number>();
  for (const node of files.numbered(nodes, "node")) {
    const path = `${nodes}/node${node}`;
    const list = files.text(`${path}/cpulist`);
    const members = list === null ? fromMask(files.text(`${path}/cpumap`) ?? "") : fromList(list);
    for (const core of members) nodeOf.set(core, node);
  }
  // A node without memory may be offline; its CPUs still name it.
  for (const core of online) {
    const [node] = nodeOf.has(core) ? [] : files.numbered(`${cpus}/cpu${core}`, "node");
    if (node !== undefined) nodeOf.set(core, node);
  }
  return nodeOf;
}

/** Distances from each node to each, where they can be told apart. */
function readDistances(files: SystemFiles): Map<number, ReadonlyMap<number, number>> {
  const numbers = files.numbered(nodes, "node");
  const all = new Map<number, ReadonlyMap<number, number>>();
  for (const node of numbers) {
    const row = (files.text(`${nodes}/node${node}/distance`) ?? "").split(/\s+/).map(Number);
    if (row.length !== numbers.length || !row.every((it) => it > 0)) continue;
    all.set(node, new Map(numbers.map((to, i) => [to, row[i]!])));
  }
  return all;
}

/**
 * Speed of each core: what the kernel's scheduler goes by where cores differ for it, else their
 * highest frequency, else their type (Intel's hybrids), else all the same.
 */
function readCapacities(files: SystemFiles, online: readonly number[]): Map<number, number> {
  const ofEach = (path: string) =>
    online.map((core) => files.number(`${cpus}/cpu${core}/${path}`) ?? 0);
  const slow = new Set(fromList(files.text("sys/devices/cpu_atom/cpus") ?? ""));
  const candidates = [
    ofEach("cpu_capacity"),
    ofEach("cpufreq/cpuinfo_max_freq"),
    online.map((core) => slow.has(core) ? 1 : 2), // nobody tells how much slower
  ];
  const told = candidates.find((all) => all.every((it) => it > 0) && new Set(all).size > 1);
  const speeds = told ?? online.map(() => 1);
  const classes: number[] = [];
  for (const speed of [...speeds].sort((a, b) => b - a)) {
    if (!classes.some((top) => speed >= top * sameSpeed)) classes.push(speed);
  }
  return new Map(online.map((core, i) => {
    const top = classes.find((it) => speeds[i]! >= it * sameSpeed)!;
    return [core, Math.round(fullCapacity * top / classes[0]!)];
  }));
}
