/** What values of one VR, or of all together, must not contradict. Pure. */
import { manifest } from "../../ffi/abi.gen.ts";
import { Attempts, ExitCode, Failure } from "./failure.ts";
import type { Place } from "./failure.ts";
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

/** VRs with one and the same problem that are named. */
const namedVrs = 4;

const countOf = (vris: number) => vris === 1 ? "1 VRI is" : `${vris} VRIs are`;

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
        message: `${countOf(vris)} more than its most cores, ${maxCores}: lower the one or ` +
          `raise the other`,
      });
    }
    if (vris < minCores) {
      problems.push({
        keys: ["vris", "minCores"],
        message: `${countOf(vris)} less than its fewest cores, ${minCores}: raise the one or ` +
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

/** Where the file says one of these values of a VR, or else where the VR begins. */
function placeOf(file: Source, vr: number, keys: readonly (keyof VrValues)[]): number {
  const fields = Object.entries({ ...vrFields, ...ownFields });
  const places = keys.flatMap((key) => {
    const [name] = fields.find(([, field]) => field.key === key)!;
    return [["vrs", vr, name], [name]];
  });
  const found = places.find((place) => file.has(place));
  return found === undefined ? file.at(["vrs", vr]) : file.atKey(found);
}

/** Contradictions within VRs that are all the file's own. */
export function fileProblems(file: Source, vrs: readonly VrSettings[]): FileProblem[] {
  return vrs.flatMap((vr, index) =>
    vrProblems(vr).map((problem) => fileProblem(file, index, problem))
  );
}

function fileProblem(file: Source, vr: number, { keys, message }: Problem): FileProblem {
  return { offset: placeOf(file, vr, keys), message };
}

/** VRs that share a problem, in words. */
function namesOf(names: readonly string[]): string {
  if (names.length <= namedVrs) return names.join(", ");
  return `${names.slice(0, namedVrs).join(", ")} and ${names.length - namedVrs} more`;
}

/**
 * All contradictions: those in which a flag has part go to `all`, told once for all VRs that have
 * them; the file's own are returned. `file`: where the VRs are from, null: the flags; `given`:
 * what flags and the environment say of all VRs.
 */
export function lookForSense(
  vrs: readonly VrSettings[],
  file: Source | null,
  given: readonly Layer<VrValues>[],
  all: Attempts,
): FileProblem[] {
  const refuse = (message: string) =>
    all.attempt(() => {
      throw new Failure(ExitCode.configuration, message);
    });
  const count = countProblem(vrs);
  if (count !== null) refuse(count);
  const byFlags = new Map<string, string[]>();
  const problems: FileProblem[] = [];
  for (const [i, vr] of vrs.entries()) {
    for (const problem of vrProblems(vr)) {
      const { keys, message } = problem;
      const isFlags = file === null || keys.some((key) => given.some((layer) => key in layer));
      if (!isFlags) problems.push(fileProblem(file, i, problem));
      else byFlags.set(message, [...byFlags.get(message) ?? [], vr.name]);
    }
  }
  for (const [message, names] of byFlags) refuse(`${namesOf(names)}: ${message}`);
  return problems;
}

/** Why several dispatchers can't be, or null. */
function dispatchersProblem(settings: Settings): string | null {
  const { dispatchers } = settings;
  if (dispatchers === 1) return null;
  const words = (other: string, why: string) =>
    `--dispatchers ${dispatchers} and ${other} exclude each other: ${why}`;
  if (virtualSource(settings)?.adapter === "pcap") {
    const why = "frames go in, and are written, in the order of their times, which one " +
      "dispatcher alone can keep";
    return words("--adapter pcap", why);
  }
  if (settings.zeroCopy) {
    return words("--zero-copy", "frames lie in an arena for one dispatcher");
  }
  if (settings.adapter !== manifest.adapters.findIndex((name) => name === "pf_ring")) return null;
  const why = "that adapter is not made for PF_RING's clusters; take packet_mmap";
  return words("--adapter pf_ring", why);
}

/** Ports that are asked for and that the adapter doesn't have: what is wrong goes to `all`. */
export function lookForPorts(settings: Settings, all: Attempts): void {
  const source = virtualSource(settings);
  const add = (message: string, place: Place) =>
    all.attempt(() => {
      throw new Failure(ExitCode.configuration, message, place);
    });
  const dispatchers = dispatchersProblem(settings);
  if (dispatchers !== null) add(dispatchers, ["dispatchers"]);
  const afXdp = manifest.adapters.findIndex((name) => name === "af_xdp");
  if (settings.zeroCopy && source?.adapter !== "memory" && settings.adapter !== afXdp) {
    const why = "--zero-copy is for --adapter memory, whose frames lie in the arena beforehand, " +
      "and for --adapter af_xdp, whose driver may put them there";
    add(why, ["zero_copy"]);
  }
  if (source !== null && settings.interfaces.length > 0) {
    const why = `--interface and --adapter ${source.adapter} exclude each other: that adapter ` +
      "has ports of its own";
    add(why, ["interfaces"]);
  }
  for (const [i, { name, table }] of settings.vrs.entries()) {
    if (source === null || table === null) continue;
    const why = `${name} follows the kernel's routing table ${table}, and the ports of ` +
      `--adapter ${source.adapter} are none of the kernel's: give it routes of its own`;
    add(why, ["vrs", i, "table"]);
  }
}
