/**
 * Machines recorded by the hwloc project against what its own `lstopo` prints for them. They are
 * not part of this repository: LVRM_TOPOLOGIES names their folder, else one named
 * `shared/topologies` beside the repository is taken; where there is none, these tests are skipped.
 */
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { basename, join } from "node:path";
import { distance } from "./nearness.ts";
import { readPermitted } from "./permitted.ts";
import { readTopology } from "./read.ts";
import type { Topology } from "./read.ts";
import { chooseCores, usableTopology } from "./usable.ts";
import { placeAll } from "../placements/conformance_cases.ts";
import { sibling } from "../placements/registry.ts";
import type { Core } from "../placements/types.ts";
import { readConsole } from "./recorded_console_test_cases.ts";
import type { Console } from "./recorded_console_test_cases.ts";

const repository = new URL("../../../", import.meta.url).pathname;

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

const folder = [
  Deno.env.get("LVRM_TOPOLOGIES") ?? "",
  join(repository, "../shared/topologies"),
  join(repository, "../../shared/topologies"), // from a worktree
].find((path) => path !== "" && isFolder(path));

const archives = folder === undefined ? [] : [...Deno.readDirSync(folder)].map(({ name }) => name)
  .filter((name) => name.endsWith(".tar.bz2")).sort();

if (archives.length === 0) {
  console.log("SKIPPED recorded topologies: no shared/topologies here (see LVRM_TOPOLOGIES)");
}

/** Unpacks a machine; `use` gets its root directory. */
async function withMachine(archive: string, use: (root: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-topology-" });
  try {
    const tar = new Deno.Command("tar", {
      args: ["-xjf", join(folder!, archive), "-C", directory],
      stderr: "piped",
    });
    const { success, stderr } = await tar.output();
    ok(success, `tar unpacks ${archive}: ${new TextDecoder().decode(stderr)}`);
    const [top] = [...Deno.readDirSync(directory)];
    use(join(directory, top!.name));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A test over one archive; skipped, and saying so, where the archives aren't there. */
function recorded(name: string, archive: string, use: (root: string) => void): void {
  Deno.test({
    name: `recorded ${name}`,
    ignore: !archives.includes(archive),
    fn: () => withMachine(archive, use),
  });
}

const ascending = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);
const distinct = (cores: readonly Core[], of: (core: Core) => number): number =>
  new Set(cores.map(of)).size;

/** Both maps put the same CPUs together, whatever they call the groups. */
function sameGroups(cores: readonly Core[], of: (core: Core) => number, told: Map<number, string>) {
  const ours = new Map<number, string>();
  const theirs = new Map<string, number>();
  for (const core of cores) {
    const name = told.get(core.core);
    if (name === undefined) continue;
    equal(
      ours.get(of(core)) ?? name,
      name,
      `CPU ${core.core}: one group of ours is two of lstopo's`,
    );
    equal(
      theirs.get(name) ?? of(core),
      of(core),
      `CPU ${core.core}: one of lstopo's is two of ours`,
    );
    ours.set(of(core), name);
    theirs.set(name, of(core));
  }
}

function compare(machine: Topology, usable: readonly Core[], told: Console): void {
  equal(usable.length, told.counts.PU);
  deepEqual(ascending(usable.map(({ core }) => core)), ascending([...told.packages.keys()]));
  equal(distinct(usable, ({ smt }) => smt), told.counts.Core);
  // Not those that are shown for their memory alone.
  equal(distinct(usable, (core) => core.package), new Set(told.packages.values()).size);
  if (told.counts.L3Cache !== undefined) {
    equal(distinct(usable, ({ l3 }) => l3), told.counts.L3Cache);
  }
  sameGroups(usable, ({ smt }) => smt, told.cores);
  sameGroups(usable, (core) => core.package, told.packages);
  sameGroups(usable, ({ l3 }) => l3, told.caches);
  for (const { core, node } of usable) {
    // Nodes whose memory is forbidden or offline are not shown.
    if (told.nodes.has(core)) equal(node, told.nodes.get(core), `node of CPU ${core}`);
  }
  const everybody = [...machine.cores.map(({ core }) => core), ...machine.offline];
  const missing = everybody.filter((core) => !usable.some((it) => it.core === core));
  deepEqual(ascending(missing), told.absent);
  for (const [from, row] of told.distances) {
    const one = usable.find(({ node }) => node === from);
    for (const [to, value] of row) {
      const other = usable.find(({ node }) => node === to);
      if (one !== undefined && other !== undefined) equal(distance(one, other), value);
    }
  }
}

for (const archive of archives) {
  const name = basename(archive, ".tar.bz2");
  const console = join(folder!, `${name}.console`);
  let text: string;
  try {
    text = Deno.readTextFileSync(console);
  } catch {
    continue; // no answer recorded
  }
  recorded(`${name}: as lstopo sees it`, archive, (root) => {
    const machine = readTopology(root);
    const { cores, dispatcher } = chooseCores(null, machine, readPermitted(root));
    compare(machine, cores, readConsole(text));
    equal(cores[0], dispatcher);
  });
}

recorded("offline CPUs and cpusets are refused by name", "16amd64-8n2c-cpusets.tar.bz2", (root) => {
  const says = (cores: number[], pattern: RegExp) => {
    try {
      usableTopology(cores, root);
    } catch (error) {
      ok(error instanceof Error && pattern.test(error.message), String(error));
      return;
    }
    throw new Error("accepted");
  };
  says([4], /core 4 is offline/);
  says([7, 8], /cores 7,8 not in lvrm's cpuset \(0-6,12-15, cgroup \/dummy\)/);
  says([16], /this machine has no core 16: its cores are 0-15$/);
  deepEqual(usableTopology([12, 0], root).cores.map(({ core }) => core), [12, 0]);
});

recorded("a cgroup v2 cpuset bounds the cores", "32amd64-4s2n4c-cgroup2.tar.bz2", (root) => {
  const { cores } = usableTopology(null, root);
  deepEqual(cores.map(({ core }) => core), [0, 1, 2, 3, 4, 5]);
});

recorded(
  "on the paper's gateway: one cache, one package, the other",
  "8em64t-2s2ca2c.tar.bz2",
  (root) => {
    const { cores, dispatcher } = usableTopology(null, root);
    equal(dispatcher.core, 0);
    const placed = placeAll(sibling, cores, 7).map((core) => cores.find((it) => it.core === core)!);
    equal(placed[0]!.l3, dispatcher.l3);
    deepEqual(placed.map((core) => core.package), [0, 0, 0, 1, 1, 1, 1]);
  },
);

recorded(
  "Intel's hybrid: P cores, then E cores, then threads",
  "20em64t-hybrid-1p6c2t+2ca4co1t.tar.bz2",
  (root) => {
    const { cores, dispatcher } = usableTopology(null, root);
    equal(dispatcher.core, 0);
    const placed = placeAll(sibling, cores, 19);
    deepEqual(placed.slice(0, 5), [2, 4, 6, 8, 10]);
    deepEqual(placed.slice(5, 13), [12, 13, 14, 15, 16, 17, 18, 19]);
    deepEqual(placed.slice(13), [3, 5, 7, 9, 11, 1]);
  },
);

recorded(
  "big.LITTLE: the dispatcher on a fast core, fast ones of its cache first",
  "nvidia-dgx-gb10.tar.bz2",
  (root) => {
    const { cores, dispatcher } = usableTopology(null, root);
    equal(dispatcher.core, 5);
    const placed = placeAll(sibling, cores, 19);
    deepEqual(placed.slice(0, 4), [6, 7, 8, 9]);
    deepEqual(placed.slice(4, 9), [0, 1, 2, 3, 4]);
    deepEqual(placed.slice(9, 14), [15, 16, 17, 18, 19]);
    notEqual(dispatcher.capacity, cores.find(({ core }) => core === 0)!.capacity);
  },
);

recorded(
  "CPU 0 and node 0 offline: the first that is left",
  "offline-cpu0-node0.tar.bz2",
  (root) => {
    const { dispatcher, cores } = usableTopology(null, root);
    equal(dispatcher.core, 4);
    const placed = placeAll(sibling, cores, 9);
    deepEqual(placed, [6, 8, 10, 12, 14, 16, 18, 20, 5]);
  },
);

recorded(
  "SMT with CPUs offline: whole cores of all packages before threads",
  "16em64t-4s2c2t-offlines.tar.bz2",
  (root) => {
    const { cores, dispatcher } = usableTopology(null, root);
    const placed = placeAll(sibling, cores, cores.length - 1);
    const physical = placed.slice(0, 6).map((core) => cores.find((it) => it.core === core)!.smt);
    equal(new Set([dispatcher.smt, ...physical]).size, 7);
    equal(cores.find(({ core }) => core === placed.at(-1))!.smt, dispatcher.smt);
  },
);
