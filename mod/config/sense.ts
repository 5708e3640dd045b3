/** What values of one VR, or of all together, must not contradict. Pure. */
import { ExitCode, Failure } from "./failure.ts";
import { most } from "./options.ts";
import type { Settings, VrSettings, VrValues } from "./types.ts";

/** A contradiction, at one of the values that make it. */
export interface Problem {
  readonly key: keyof VrValues;
  /** What is wrong and what to do, without the VR's name. */
  readonly message: string;
}

/** Contradictions within one VR. */
export function vrProblems(vr: VrSettings): Problem[] {
  const problems: Problem[] = [];
  const { minCores, maxCores, vris, cores, growAt, shrinkAt } = vr;
  if (maxCores !== null && minCores > maxCores) {
    problems.push({
      key: "minCores",
      message: `its fewest cores, ${minCores}, are more than its most, ${maxCores}: lower ` +
        `min-cores or raise max-cores`,
    });
  }
  if (vr.allocator === "fixed") {
    if (maxCores !== null && vris > maxCores) {
      problems.push({
        key: "vris",
        message: `${vris} VRIs are more than its most cores, ${maxCores}: lower vris or raise ` +
          `max-cores`,
      });
    }
    if (vris < minCores) {
      problems.push({
        key: "vris",
        message: `${vris} VRIs are less than its fewest cores, ${minCores}: raise vris or lower ` +
          `min-cores`,
      });
    }
    if (cores !== null && cores.length !== vris) {
      problems.push({
        key: "cores",
        message: `${cores.length} cores are named for ${vris} VRIs: name one each, or leave one ` +
          `of the two out`,
      });
    }
  }
  if (shrinkAt >= growAt) {
    problems.push({
      key: "shrinkAt",
      message: `its thresholds are out of order: it would give up a core below ${shrinkAt} times ` +
        `what it takes one above ${growAt} times of, and never rest; shrink-at must be less ` +
        `than grow-at`,
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

/** Throws Failure (configuration) for the first contradiction. */
export function requireSense(settings: Settings): void {
  const count = countProblem(settings.vrs);
  if (count !== null) throw new Failure(ExitCode.configuration, count);
  for (const vr of settings.vrs) {
    const [first] = vrProblems(vr);
    if (first !== undefined) {
      throw new Failure(ExitCode.configuration, `${vr.name}: ${first.message}`);
    }
  }
}
