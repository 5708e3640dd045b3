/** Whether there are cores enough for what the VRs shall have at least. Pure. */
import { ExitCode, Failure } from "../../config/mod.ts";
import { toList } from "./cpu_set.ts";
import type { UsableTopology } from "./usable.ts";

/** What one VR needs, whatever its load. */
export interface CoreNeed {
  readonly name: string;
  readonly minCores: number;
  /** Null: as many as there are. */
  readonly maxCores: number | null;
  /** The very cores of its VRIs; null: the placement chooses. */
  readonly cores: readonly number[] | null;
}

/**
 * Throws Failure (configuration) when VRs are to have more cores than there are beside the
 * dispatchers' (with `overcommit` they share), or cores that lvrm may not use; also when there are
 * more dispatchers than cores.
 */
export function requireCores(
  needs: readonly CoreNeed[],
  usable: UsableTopology,
  overcommit: boolean,
  dispatchers = 1,
): void {
  const numbers = usable.cores.map(({ core }) => core);
  for (const { name, cores } of needs) {
    const foreign = cores?.filter((core) => !numbers.includes(core)) ?? [];
    if (foreign.length > 0) {
      fail(
        `${name}: core${foreign.length > 1 ? "s" : ""} ${toList(foreign)} can't be its own: ` +
          `lvrm has cores ${toList(numbers)}; choose from these, or change --cores`,
      );
    }
  }
  if (overcommit) return;
  if (dispatchers > numbers.length) {
    fail(
      `--dispatchers ${dispatchers}: lvrm has only ${numbers.length} ` +
        `core${numbers.length === 1 ? "" : "s"} (${toList(numbers)}): ask for fewer, or let them ` +
        "share cores with --overcommit",
    );
  }
  const free = Math.max(1, numbers.length - dispatchers); // the last core is shared
  const theirs = dispatchers === 1 ? "the dispatcher's" : `those of ${dispatchers} dispatchers`;
  const have = `there ${free === 1 ? "is 1" : `are ${free}`} for VRIs, beside ${theirs} ` +
    `(lvrm has ${toList(numbers)})`;
  const cure = "or let VRIs share cores with --overcommit";
  for (const { name, minCores, maxCores } of needs) {
    if (minCores > free) {
      fail(`${name} shall have at least ${minCores} cores, but ${have}: ask for less, ${cure}`);
    }
    if (maxCores !== null && maxCores > numbers.length) {
      fail(`${name} may have ${maxCores} cores, but ${have}: lower --max-cores, ${cure}`);
    }
  }
  const sum = needs.reduce((total, { minCores }) => total + minCores, 0);
  if (needs.length > 1 && sum > free && needs.some(({ minCores }) => minCores > 1)) {
    fail(`the VRs shall have at least ${sum} cores together, but ${have}: ask for less, ${cure}`);
  }
}

function fail(message: string): never {
  throw new Failure(ExitCode.configuration, message);
}
