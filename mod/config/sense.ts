/** What values of one VR, or of all together, must not contradict. Pure. */
import { manifest } from "../../ffi/abi.gen.ts";
import { ExitCode, Failure } from "./failure.ts";
import { ownFields, vrFields } from "./fields.ts";
import type { Problem as FileProblem, Source } from "./file/source.ts";
import { most } from "./options.ts";
import type { Layer } from "./options.ts";
import { virtualSource } from "./source.ts";
import type { Settings, VrSettings, VrValues } from "./types.ts";

/** A contradiction. */
export interface Problem {
  /** The values that make it, the one to look at first. */
  readonly keys: readonly (keyof VrValues)[];
  /** What is wrong and what to do, without the VR's name. */
  readonly message: string;
}

/** Contradictions within one VR. */
export function vrProblems(vr: VrSettings): Problem[] {
  const problems: Problem[] = [];
  const { minCores, maxCores, vris, cores, growAt, shrinkAt } = vr;
  if (maxCores !== null && minCores > maxCores) {
    problems.push({
      keys: ["minCores", "maxCores"],
      message: `its fewest cores, ${minCores}, are more than its most, ${maxCores}: lower ` +
        `the one or raise the other`,
    });
  }
  if (vr.allocator === "fixed") {
    if (maxCores !== null && vris > maxCores) {
      problems.push({
        keys: ["vris", "maxCores"],
        message: `${vris} VRIs are more than its most cores, ${maxCores}: lower the one or ` +
          `raise the other`,
      });
    }
    if (vris < minCores) {
      problems.push({
        keys: ["vris", "minCores"],
        message: `${vris} VRIs are less than its fewest cores, ${minCores}: raise the one or ` +
          `lower the other`,
      });
    }
    if (cores !== null && cores.length !== vris) {
      problems.push({
        keys: ["cores", "vris"],
        message: `${cores.length} cores are named for ${vris} VRIs: name one each, or leave one ` +
          `of the two out`,
      });
    }
  }
  if (shrinkAt >= growAt) {
    problems.push({
      keys: ["shrinkAt", "growAt"],
      message: `its thresholds are out of order: it gives up a core below ${shrinkAt} times what ` +
        `it takes one for above ${growAt} times, and would never rest; the first must be less`,
    });
  }
  return problems;
}

/** Why there are too many VRs or VRIs, or null. */
export function countProblem(vrs: readonly VrSettings[]): string | null {
  const vris = vrs.reduce((sum, vr) => sum + vr.vris, 0);
  if (vrs.length <= most.vrs && vris <= most.vris) return null;
  return `${vrs.length} VRs with ${vris} VRIs are too many: at most ${most.vrs} VRs and ` +
    `${most.vris} VRIs`;
}

/** Where the file says a value of a VR, or what comes next to that. */
function placeOf(file: Source, vr: number, key: keyof VrValues): number {
  const found = Object.entries({ ...vrFields, ...ownFields }).find(([, field]) =>
    field.key === key
  );
  const own = ["vrs", vr, found![0]];
  return file.has(own)
    ? file.atKey(own)
    : file.has([found![0]])
    ? file.atKey([found![0]])
    : file.at(own);
}

/** Contradictions within VRs that are all the file's own. */
export function fileProblems(file: Source, vrs: readonly VrSettings[]): FileProblem[] {
  return vrs.flatMap((vr, index) =>
    vrProblems(vr).map(({ keys, message }) => ({
      offset: placeOf(file, index, keys[0]!),
      message,
    }))
  );
}

/**
 * Throws Failure (configuration) for contradictions: for the first where a flag has part in it,
 * else for all of the file. `file`: where the VRs are from, null: the flags; `given`: what flags
 * and the environment say of all VRs.
 */
export function requireSense(
  vrs: readonly VrSettings[],
  file: Source | null,
  given: readonly Layer<VrValues>[],
): void {
  const count = countProblem(vrs);
  if (count !== null) throw new Failure(ExitCode.configuration, count);
  for (const vr of vrs) {
    const problem = vrProblems(vr).find(({ keys }) =>
      file === null || keys.some((key) => given.some((layer) => key in layer))
    );
    if (problem === undefined) continue;
    throw new Failure(ExitCode.configuration, `${vr.name}: ${problem.message}`);
  }
  const problems = file === null ? [] : fileProblems(file, vrs);
  if (file !== null && problems.length > 0) throw file.failure(problems);
}

/** Throws Failure (configuration) where ports are asked for that the adapter doesn't have. */
export function requirePorts(settings: Settings): void {
  const source = virtualSource(settings);
  const followed = settings.vrs.find((vr) => vr.table !== null);
  const { dispatchers } = settings;
  const numberOf = (adapter: string) => manifest.adapters.findIndex((name) => name === adapter);
  const pfRing = numberOf("pf_ring");
  const why = dispatchers > 1 && source?.adapter === "pcap"
    ? `--dispatchers ${dispatchers} and --adapter pcap exclude each other: frames go in, and are ` +
      "written, in the order of their times, which one dispatcher alone can keep"
    : dispatchers > 1 && settings.zeroCopy
    ? `--dispatchers ${dispatchers} and --zero-copy exclude each other: frames lie in an arena ` +
      "for one dispatcher"
    : dispatchers > 1 && settings.adapter === pfRing
    ? `--dispatchers ${dispatchers} and --adapter pf_ring exclude each other: that adapter is ` +
      "not made for PF_RING's clusters; take packet_mmap"
    : source === null
    ? settings.zeroCopy && settings.adapter !== numberOf("af_xdp")
      ? "--zero-copy is for --adapter memory, whose frames lie in the arena beforehand, and for " +
        "--adapter af_xdp, whose driver may put them there"
      : null
    : settings.interfaces.length > 0
    ? `--interface and --adapter ${source.adapter} exclude each other: that adapter has ports ` +
      `of its own`
    : settings.zeroCopy && source.adapter !== "memory"
    ? "--zero-copy is for --adapter memory: only a trace can lie in the arena beforehand"
    : followed !== undefined
    ? `${followed.name} follows the kernel's routing table ${followed.table}, and the ports of ` +
      `--adapter ${source.adapter} are none of the kernel's: give it routes of its own`
    : null;
  if (why !== null) throw new Failure(ExitCode.configuration, why);
}
