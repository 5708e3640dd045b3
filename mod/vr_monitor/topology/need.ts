/** Whether there are cores enough for what the VRs shall have at least. Pure. */
import { Attempts, ExitCode, Failure } from "../../config/mod.ts";
import type { Place } from "../../config/mod.ts";
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
  /** Where the configuration file says so. */
  readonly places?: { readonly least: Place; readonly most: Place; readonly cores: Place };
}

/**
 * Throws Failure (configuration) when VRs are to have more cores than there are beside the
 * dispatchers' (with `overcommit` they share), or cores that lvrm may not use; also when there are
 * more dispatchers than cores. All that is wrong is told at once.
 */
export function requireCores(
  needs: readonly CoreNeed[],
  usable: UsableTopology,
  overcommit: boolean,
  dispatchers = 1,
): void {
  const numbers = usable.cores.map(({ core }) => core);
  const all = new Attempts();
  for (const need of needs) all.attempt(() => requireOwn(need, numbers));
  if (!overcommit) {
    all.attempt(() => requireDispatchers(dispatchers, numbers));
    const room = roomFor(dispatchers, numbers);
    for (const need of needs) all.attempt(() => requireRoom(need, room));
    if (!all.failed) all.attempt(() => requireSum(needs, room));
  }
  all.end();
}

/** Cores that a VR names. */
function requireOwn({ name, cores, places }: CoreNeed, numbers: readonly number[]): void {
  const foreign = cores?.filter((core) => !numbers.includes(core)) ?? [];
  if (foreign.length === 0) return;
  fail(
    `${name}: core${foreign.length > 1 ? "s" : ""} ${toList(foreign)} can't be its own: ` +
      `lvrm has cores ${toList(numbers)}; choose from these, or change --cores`,
    places?.cores,
  );
}

function requireDispatchers(dispatchers: number, numbers: readonly number[]): void {
  if (dispatchers <= numbers.length) return;
  fail(
    `--dispatchers ${dispatchers}: lvrm has only ${numbers.length} ` +
      `core${numbers.length === 1 ? "" : "s"} (${toList(numbers)}): ask for fewer, or let them ` +
      "share cores with --overcommit",
    ["dispatchers"],
  );
}

/** Cores for VRIs. */
interface Room {
  readonly free: number;
  /** The dispatchers' too. */
  readonly cores: number;
  /** How many there are, in words. */
  readonly have: string;
}

function roomFor(dispatchers: number, numbers: readonly number[]): Room {
  const free = Math.max(1, numbers.length - dispatchers); // the last core is shared
  const theirs = dispatchers === 1 ? "the dispatcher's" : `those of ${dispatchers} dispatchers`;
  const have = `there ${free === 1 ? "is 1" : `are ${free}`} for VRIs, beside ${theirs} ` +
    `(lvrm has ${toList(numbers)})`;
  return { free, cores: numbers.length, have };
}

const cure = "or let VRIs share cores with --overcommit";

function requireRoom({ name, minCores, maxCores, places }: CoreNeed, room: Room): void {
  const { free, cores, have } = room;
  if (minCores > free) {
    const words = `${name} shall have at least ${minCores} cores, but ${have}: ask for less`;
    fail(`${words}, ${cure}`, places?.least);
  }
  if (maxCores !== null && maxCores > cores) {
    const words = `${name} may have ${maxCores} cores, but ${have}: lower --max-cores`;
    fail(`${words}, ${cure}`, places?.most);
  }
}

function requireSum(needs: readonly CoreNeed[], { free, have }: Room): void {
  const sum = needs.reduce((total, { minCores }) => total + minCores, 0);
  const greedy = needs.find(({ minCores }) => minCores > 1);
  if (needs.length === 1 || sum <= free || greedy === undefined) return;
  const words = `the VRs shall have at least ${sum} cores together, but ${have}: ask for less`;
  fail(`${words}, ${cure}`, greedy.places?.least);
}

function fail(message: string, place: Place | null = null): never {
  throw new Failure(ExitCode.configuration, message, place);
}
