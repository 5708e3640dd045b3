/** The plan of cores in words, for the log at start: which core does what, and why. Pure. */
import type { Choice, Placement } from "../placements/types.ts";
import { toList } from "./cpu_set.ts";
import type { UsableTopology } from "./usable.ts";

/** Cores told of in the order in which further VRIs get them. */
const previewed = 12;
/** VRIs of one core that are named. */
const named = 6;

export interface PlacedVri extends Choice {
  readonly id: string;
}

/**
 * Lines for the log: the machine, each core in use, and where further VRIs go. `helpers`:
 * dispatchers beside the first.
 */
export function explainCores(
  usable: UsableTopology,
  placement: { readonly name: string; readonly place: Placement },
  vris: readonly PlacedVri[],
  helpers: readonly PlacedVri[] = [],
): string[] {
  const { dispatcher, dispatcherWhy } = usable;
  const lines = [
    `${machineInWords(usable)}; placement ${placement.name}`,
    `core ${dispatcher.core}: dispatcher (${dispatcherWhy})`,
    ...helpers.map(({ id, core, why }) =>
      `${core === null ? "any core" : `core ${core}`}: ` +
      `${id} (${why})`
    ),
  ];
  const byCore = new Map<number | null, PlacedVri[]>();
  for (const vri of vris) byCore.set(vri.core, [...byCore.get(vri.core) ?? [], vri]);
  for (const [core, all] of byCore) {
    const ids = all.slice(0, named).map(({ id }) => id).join(", ");
    const more = all.length > named ? ` and ${all.length - named} more` : "";
    const shared = all.length > 1 && core !== null ? "; they share it" : "";
    const place = core === null ? "any core" : `core ${core}`;
    lines.push(`${place}: ${ids}${more} (${all[0]!.why}${shared})`);
  }
  const next = preview(usable, placement.place, [...helpers, ...vris]);
  if (next.length > 0) {
    const more = next.length > previewed ? ", …" : "";
    lines.push(`further VRIs go to core ${next.slice(0, previewed).join(", ")}${more}`);
  }
  return lines;
}

function machineInWords({ cores, machine }: UsableTopology): string {
  const count = (numbers: number[], one: string, many = `${one}s`) => {
    const size = new Set(numbers).size;
    return `${size} ${size === 1 ? one : many}`;
  };
  const usable = cores.map(({ core }) => core);
  const threads = new Set(cores.map(({ smt }) => smt)).size;
  const words = [
    `lvrm has core${usable.length === 1 ? "" : "s"} ${toList(usable)}`,
    ...(threads < usable.length ? [`${threads} physical cores`] : []),
    count(cores.map((core) => core.package), "package"),
    count(cores.map(({ l3 }) => l3), "last-level cache"),
    count(cores.map(({ node }) => node), "NUMA node"),
  ];
  const isolated = machine.isolated.filter((core) => !usable.includes(core));
  if (isolated.length > 0) {
    words.push(`${toList(isolated)} isolated (used only when named by --cores)`);
  }
  if (machine.offline.length > 0) words.push(`${toList(machine.offline)} offline`);
  return words.join(", ");
}

/** Cores that are free now, in the order in which VRIs will get them. */
function preview(
  { dispatcher, cores }: UsableTopology,
  place: Placement,
  vris: readonly PlacedVri[],
): number[] {
  const users = new Map([[dispatcher.core, 1]]);
  const add = (core: number) => users.set(core, (users.get(core) ?? 0) + 1);
  for (const { core } of vris) if (core !== null) add(core);
  const next: number[] = [];
  while (next.length <= previewed) {
    const { core } = place({ dispatcher, cores, users });
    if (core === null || users.has(core)) break; // the kernel's choice, or nothing is free
    next.push(core);
    add(core);
  }
  return next;
}
