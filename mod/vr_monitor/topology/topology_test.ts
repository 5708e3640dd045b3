import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { ExitCode, Failure } from "../../config/mod.ts";
import { fromList, fromMask, toList } from "./cpu_set.ts";
import { distance } from "./nearness.ts";
import { readPermitted } from "./permitted.ts";
import { readTopology } from "./read.ts";
import { cpu, four, withTree } from "./tree_test_cases.ts";
import type { Tree } from "./tree_test_cases.ts";
import { usableTopology } from "./usable.ts";

const cpus = "sys/devices/system/cpu";
const nodes = "sys/devices/system/node";
const status = (list: string): Tree => ({
  "proc/self/status": `Name:\tx\nCpus_allowed_list:\t${list}`,
});

Deno.test("CPU lists and masks say what Linux means by them", () => {
  deepEqual(fromMask("00000001,80000005"), [0, 2, 31, 32]);
  deepEqual(fromMask("nonsense"), []);
  deepEqual(fromList(""), []);
  equal(toList([5, 1, 0, 7, 8, 9, 3]), "0,1,3,5,7-9");
  fc.assert(fc.property(fc.uniqueArray(fc.nat(300)), (cores) => {
    const sorted = cores.toSorted((a, b) => a - b);
    deepEqual(fromList(toList(cores)), sorted);
    const words = Array.from(
      { length: 10 },
      (_, word) =>
        cores.filter((core) => core >> 5 === word).reduce((sum, core) => sum + 2 ** (core % 32), 0),
    );
    deepEqual(fromMask(words.reverse().map((word) => word.toString(16)).join(",")), sorted);
  }));
});

Deno.test("packages, caches, threads and nodes come from sysfs", () => {
  const tree = {
    [`${cpus}/online`]: "0-3,6",
    [`${cpus}/isolated`]: "3",
    ...cpu(0, 0, "0,2", "0,2"),
    ...cpu(1, 7, "1,3", "1,3,5"),
    ...cpu(2, 0, "0,2", "0,2"),
    ...cpu(3, 7, "1,3", "1,3,5"),
    [`${cpus}/cpu5/online`]: "0",
    ...cpu(6, 9, "4,6", "4,6"), // its sibling isn't there
    [`${nodes}/node0/cpulist`]: "0,2",
    [`${nodes}/node4/cpulist`]: "1,3",
    [`${nodes}/node0/distance`]: "10 17",
    [`${nodes}/node4/distance`]: "17 10",
  };
  withTree(tree, (root) => {
    const { cores, offline, isolated } = readTopology(root);
    deepEqual(cores.map((it) => [it.core, it.package, it.l3, it.node, it.smt]), [
      [0, 0, 0, 0, 0],
      [1, 7, 1, 4, 1],
      [2, 0, 0, 0, 0],
      [3, 7, 1, 4, 1],
      [6, 9, 6, 0, 6],
    ]);
    deepEqual([offline, isolated], [[5], [3]]);
    equal(distance(cores[0]!, cores[1]!), 17);
    ok(cores.every(({ capacity }) => capacity === 1024));
  });
});

Deno.test("two cores of a module aren't threads of one core: each has its first data cache", () => {
  const tree = { ...cpu(0, 0, "0-1", "0-3"), ...cpu(1, 0, "0-1", "0-3") };
  const caches = { [`${cpus}/cpu0/cache/index0/shared_cpu_list`]: "0" };
  withTree({ ...tree, ...caches, [`${cpus}/cpu1/cache/index0/shared_cpu_list`]: "1" }, (root) => {
    deepEqual(readTopology(root).cores.map(({ smt }) => smt), [0, 1]);
  });
  withTree(tree, (root) => deepEqual(readTopology(root).cores.map(({ smt }) => smt), [0, 0]));
});

Deno.test("a machine that tells nothing is one package with one cache", () => {
  withTree({ [`${cpus}/cpu0/x`]: "", [`${cpus}/cpu1/x`]: "" }, (root) => {
    const { cores } = readTopology(root);
    deepEqual(cores.map((it) => [it.core, it.package, it.l3, it.smt]), [[0, 0, 0, 0], [
      1,
      0,
      0,
      1,
    ]]);
  });
  withTree({ x: "" }, (root) => deepEqual(readTopology(root).cores.map(({ core }) => core), [0]));
});

Deno.test("speeds: the scheduler's, else frequencies, else types; small differences don't count", () => {
  const capacities = (tree: Tree) => {
    let found: number[] = [];
    withTree({ ...four, ...tree }, (root) => {
      found = readTopology(root).cores.map(({ capacity }) => capacity);
    });
    return found;
  };
  const each = (path: string, values: number[]): Tree =>
    Object.fromEntries(values.map((value, i) => [`${cpus}/cpu${i}/${path}`, `${value}`]));
  const frequencies = each("cpufreq/cpuinfo_max_freq", [
    5_200_000,
    5_000_000,
    3_900_000,
    3_900_000,
  ]);
  deepEqual(capacities({}), [1024, 1024, 1024, 1024]);
  deepEqual(capacities(frequencies), [1024, 1024, 768, 768]);
  const scaled = each("cpu_capacity", [512, 500, 1024, 1000]);
  deepEqual(capacities({ ...frequencies, ...scaled }), [512, 512, 1024, 1024]);
  deepEqual(capacities({ ...frequencies, ...each("cpu_capacity", [1024, 1024, 1024, 1024]) }), [
    1024,
    1024,
    768,
    768,
  ]);
  const types = capacities({ "sys/devices/cpu_atom/cpus": "1-2" });
  deepEqual(types.map((it) => it < 1024), [false, true, true, false]);
});

Deno.test("cpusets: the nearest cgroup that says which CPUs it has", () => {
  const v1 = "cgroup /sys/fs/cgroup/cpu\\040set cgroup rw,cpuset 0 0";
  const v2 = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0";
  const group = "sys/fs/cgroup";
  const cases: [string, Tree, number[] | null, string | null][] = [
    [
      "v1",
      {
        "proc/mounts": v1,
        "proc/self/cgroup": "3:cpu,cpuset:/a",
        [`${group}/cpu set/a/cpuset.cpus`]: "1-2",
      },
      [1, 2],
      "/a",
    ],
    [
      "v1 whose effective set is smaller",
      {
        "proc/mounts": v1,
        "proc/self/cgroup": "3:cpuset:/a",
        [`${group}/cpu set/a/cpuset.cpus`]: "1-2",
        [`${group}/cpu set/a/cpuset.effective_cpus`]: "1",
      },
      [1],
      "/a",
    ],
    [
      "v2, told further up",
      {
        "proc/mounts": v2,
        "proc/self/cgroup": "0::/a/b/c",
        [`${group}/a/cpuset.cpus.effective`]: "0,3",
      },
      [0, 3],
      "/a",
    ],
    [
      "v2 in a container that sees the host's path",
      {
        "proc/mounts": v2,
        "proc/self/cgroup": "0::/docker/0123",
        [`${group}/cpuset.cpus.effective`]: "2",
      },
      [2],
      "/",
    ],
    [
      "the cpuset file system",
      {
        "proc/mounts": "none /dev/cpuset cpuset rw 0 0",
        "proc/self/cpuset": "/x",
        "dev/cpuset/x/cpus": "3",
      },
      [3],
      "/x",
    ],
    ["none", { "proc/mounts": "sysfs /sys sysfs rw 0 0" }, null, null],
  ];
  for (const [name, tree, cores, cgroup] of cases) {
    withTree({ ...four, ...tree }, (root) => {
      const { cpuset } = readPermitted(root);
      deepEqual([cpuset?.cores ?? null, cpuset?.cgroup ?? null], [cores, cgroup], name);
      const usable = usableTopology(null, root).cores.map(({ core }) => core);
      deepEqual(usable, cores ?? [0, 1, 2, 3], name);
    });
  }
});

Deno.test("the dispatcher takes the first core named, else the first of the fastest", () => {
  withTree(four, (root) => {
    const named = usableTopology([3, 1], root);
    deepEqual(named.cores.map(({ core }) => core), [3, 1]);
    equal(named.dispatcher, named.cores[0]);
    equal(named.dispatcherWhy, "named first by --cores");
    equal(usableTopology(null, root).dispatcherWhy, "the first core that lvrm may use");
  });
  const slow = { [`sys/devices/cpu_atom/cpus`]: "0-1" };
  withTree({ ...four, ...slow, ...status("1-3") }, (root) => {
    const { cores, dispatcherWhy } = usableTopology(null, root);
    deepEqual(cores.map(({ core }) => core), [2, 1, 3]);
    equal(dispatcherWhy, "the first of the fastest cores");
  });
});

Deno.test("isolated cores serve only who names them, though Linux keeps them out of affinities", () => {
  const isolated = { ...four, [`${cpus}/isolated`]: "2-3" };
  withTree({ ...isolated, ...status("0-1") }, (root) => {
    deepEqual(usableTopology(null, root).cores.map(({ core }) => core), [0, 1]);
    deepEqual(usableTopology([2, 3], root).cores.map(({ core }) => core), [2, 3]);
  });
  withTree({ ...isolated, ...status("2-3") }, (root) => {
    throws(() => usableTopology(null, root), failure(/is isolated \(2,3\).*--cores 2,3$/));
  });
});

/** A Failure with exit code 3 that says so. */
function failure(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    ok(error instanceof Failure, String(error));
    equal(error.code, ExitCode.configuration);
    equal(error.code, 3);
    ok(pattern.test(error.message), error.message);
    ok(!error.message.includes("\n"));
    return true;
  };
}

Deno.test("cores that can't be used are refused, each with its reason and what to do", () => {
  const tree = {
    ...four,
    [`${cpus}/online`]: "0-1,3",
    "proc/mounts": "cgroup2 /g cgroup2 rw 0 0",
    "proc/self/cgroup": "0::/a",
    "g/a/cpuset.cpus.effective": "0-2",
    ...status("0"),
  };
  withTree(tree, (root) => {
    const refused = (cores: number[], pattern: RegExp) =>
      throws(() => usableTopology(cores, root), failure(pattern));
    refused([0, 9, 12], /^--cores 0,9,12: this machine has no cores 9,12: its cores are 0-3$/);
    refused([2], /core 2 is offline: .*cpu2\/online/);
    refused([3], /core 3 not in lvrm's cpuset \(0-2, cgroup \/a\): choose from these/);
    refused([1], /core 1 not in the affinity that lvrm was started with \(0\): .*taskset/);
    refused([1, 2, 3, 9], /no core 9: .*; core 2 is offline: .*; core 3 not in .*; core 1 not in/);
  });
  withTree({ ...tree, "g/a/cpuset.cpus.effective": "2" }, (root) => {
    throws(
      () => usableTopology(null, root),
      failure(/^no core is left for lvrm: 0,1,3 are online/),
    );
  });
});

Deno.test("this machine can be read, and lends this process at least one core", () => {
  const { cores, machine } = usableTopology(null);
  const allowed = fromList(
    /^Cpus_allowed_list:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]!,
  );
  const isolated = new Set(machine.isolated);
  deepEqual(
    cores.map(({ core }) => core).toSorted((a, b) => a - b),
    allowed.filter((core) => !isolated.has(core)),
  );
  ok(machine.cores.length >= cores.length);
});
