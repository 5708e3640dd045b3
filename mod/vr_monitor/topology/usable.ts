/** The cores that lvrm may use, and the dispatcher's among them; or why there are none. */
import { ExitCode, Failure } from "../../config/mod.ts";
import type { Core } from "../placements/types.ts";
import { toList } from "./cpu_set.ts";
import { cpusetInWords, readPermitted } from "./permitted.ts";
import type { Permitted } from "./permitted.ts";
import { readTopology } from "./read.ts";
import type { Topology } from "./read.ts";

/** What a run has to work with. */
export interface UsableTopology {
  readonly dispatcher: Core;
  /** Why that one, in words. */
  readonly dispatcherWhy: string;
  /** The dispatcher's first, then as named by the user, else ascending. */
  readonly cores: readonly Core[];
  /** The machine that they are part of. */
  readonly machine: Topology;
}

/** Reads the machine below `root`. `wanted`: `--cores`, null for all. Throws Failure. */
export function usableTopology(wanted: readonly number[] | null, root = "/"): UsableTopology {
  return chooseCores(wanted, readTopology(root), readPermitted(root));
}

/** The same from what was read. Pure; throws Failure (configuration). */
export function chooseCores(
  wanted: readonly number[] | null,
  machine: Topology,
  permitted: Permitted,
): UsableTopology {
  const known = new Map(machine.cores.map((core) => [core.core, core]));
  if (wanted !== null) {
    refuse(wanted, machine, permitted);
    const [dispatcher, ...others] = wanted.map((core) => known.get(core)!);
    if (dispatcher === undefined) throw new RangeError("--cores names no core");
    const dispatcherWhy = "named first by --cores";
    return { dispatcher, dispatcherWhy, cores: [dispatcher, ...others], machine };
  }
  const usable = usableNow(null, machine, permitted);
  const fastest = Math.max(...usable.map((core) => core.capacity));
  const dispatcher = usable.find((core) => core.capacity === fastest);
  if (dispatcher === undefined) throw nothingLeft(machine, permitted);
  const mixed = usable.some((core) => core.capacity < fastest);
  return {
    dispatcher,
    dispatcherWhy: mixed ? "the first of the fastest cores" : "the first core that lvrm may use",
    cores: [dispatcher, ...usable.filter((core) => core !== dispatcher)],
    machine,
  };
}

/** Cores that can be used now, whatever was refused at start. `wanted`: `--cores`. */
export function usableNow(
  wanted: readonly number[] | null,
  machine: Topology,
  permitted: Permitted,
): Core[] {
  const isolated = new Set(machine.isolated);
  if (wanted === null) {
    return machine.cores.filter(({ core }) => !isolated.has(core) && mayUse(core, permitted));
  }
  const known = new Map(machine.cores.map((core) => [core.core, core]));
  return wanted.flatMap((core) => {
    const allowed = mayUse(core, isolated.has(core) ? { ...permitted, affinity: null } : permitted);
    return allowed ? known.get(core) ?? [] : [];
  });
}

function mayUse(core: number, { cpuset, affinity }: Permitted): boolean {
  return (cpuset?.cores.includes(core) ?? true) && (affinity?.includes(core) ?? true);
}

/** "core 3", "cores 3,5". */
function named(cores: readonly number[]): string {
  return `core${cores.length > 1 ? "s" : ""} ${toList(cores)}`;
}

/** Throws Failure for cores that can't be used, all of them with their reasons. */
function refuse(wanted: readonly number[], machine: Topology, permitted: Permitted): void {
  const online = machine.cores.map(({ core }) => core);
  const { cpuset, affinity } = permitted;
  const isOffline = (core: number) => machine.offline.includes(core);
  const isMissing = (core: number) => !online.includes(core) && !isOffline(core);
  const outside = (core: number) => cpuset !== null && !cpuset.cores.includes(core);
  // Linux keeps isolated cores out of everybody's affinity: who names one may have it.
  const barred = (core: number) =>
    affinity !== null && !affinity.includes(core) && !machine.isolated.includes(core);
  const kinds: [(core: number) => boolean, (cores: number[]) => string][] = [
    [isMissing, (cores) => {
      const all = [...online, ...machine.offline];
      return `this machine has no ${named(cores)}: its cores are ${toList(all)}`;
    }],
    [isOffline, (cores) => {
      const path = `/sys/devices/system/cpu/cpu${cores[0]}/online`;
      return `${named(cores)} ${cores.length > 1 ? "are" : "is"} offline: leave out, or bring ` +
        `online (echo 1 > ${path})`;
    }],
    [
      outside,
      (cores) =>
        `${named(cores)} not in ${cpusetInWords(cpuset!)}: choose from these, or widen the cpuset`,
    ],
    [
      barred,
      (cores) =>
        `${named(cores)} not in the affinity that lvrm was started with (${toList(affinity!)}): ` +
        "choose from these, or start it without taskset or CPUAffinity=",
    ],
  ];
  const reasons: string[] = [];
  let rest = [...wanted];
  for (const [applies, words] of kinds) {
    const bad = rest.filter(applies);
    rest = rest.filter((core) => !bad.includes(core));
    if (bad.length > 0) reasons.push(words(bad));
  }
  if (reasons.length === 0) return;
  const message = `--cores ${toList(wanted)}: ${reasons.join("; ")}`;
  throw new Failure(ExitCode.configuration, message, ["cores"]);
}

function nothingLeft(machine: Topology, permitted: Permitted): Failure {
  const allowed = machine.cores.filter(({ core }) => mayUse(core, permitted));
  if (allowed.length > 0) {
    const cores = toList(allowed.map(({ core }) => core));
    return new Failure(
      ExitCode.configuration,
      `every core that lvrm may use is isolated (${cores}): name those that it shall have, ` +
        `for example --cores ${cores}`,
    );
  }
  const { cpuset, affinity } = permitted;
  const bounds = [
    ...(cpuset === null ? [] : [cpusetInWords(cpuset)]),
    ...(affinity === null ? [] : [`its affinity (${toList(affinity)})`]),
  ];
  const online = toList(machine.cores.map(({ core }) => core));
  return new Failure(
    ExitCode.configuration,
    `no core is left for lvrm: ${online} are online, but ${bounds.join(" and ")} has none of ` +
      "them: start lvrm where it may use one",
  );
}
