/** Each wrong file with every error that it must get: line, column and words. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { decideSettings } from "../settings.ts";
import type { RunOptions } from "../options.ts";
import { Failure } from "../failure.ts";
import type { Environment } from "../types.ts";
import { readConfig } from "./read.ts";

const tables = new Map([["office", 100]]);
const read = (text: string) =>
  readConfig(text, {
    path: "conf/lvrm.yaml",
    tableNumber: (name) => tables.get(name) ?? null,
  });

const none: Environment = () => undefined;

/** What the file is refused with, without its first line. */
function refusal(text: string, options: RunOptions = {}): string[] {
  try {
    decideSettings(options, none, read(text));
  } catch (error) {
    ok(error instanceof Failure, String(error));
    equal(error.code, 3, error.message);
    return error.message.split("\n");
  }
  throw new Error(`it was taken:\n${text}`);
}

const one = "vrs: [{subnets: [10.0.1.0/24], router: cppvr}]";
const vr = (lines: string) =>
  `vrs:\n  - subnets: [10.0.1.0/24]\n    router: cppvr\n${lines.replaceAll(/^/gm, "    ")}\n`;

/** File, then for each error its position and what it says, in the order of the file. */
const cases: Record<string, [string, ...[string, RegExp][]]> = {
  "unknown keys, with what was meant": [
    `balancr: jsq\n${vr("wieght: 2\nnonsense: 1")}`,
    ["1:1", /no key "balancr" here; did you mean balancer\?$/],
    ["5:5", /no key "wieght" here; did you mean weight\?$/],
    ["6:5", /no key "nonsense" here; known: name, subnets, router/],
  ],
  "keys of VRs at the top, and the other way round": [
    `weight: 2\n${vr("period: 2s\ncores: 1")}`,
    ["1:1", /weight is each VR's own: write it in an entry of vrs$/],
    ["5:5", /period is not one VR's own: write it at the file's top$/],
  ],
  "a key twice": [`${one}\nqueue: lamport\nqueue: locked\n`, ["3:1", /queue is there twice/]],
  "a key twice, the second one wrong": [
    `${one}\nqueue: lamport\nqueue: lockd\n`,
    ["3:1", /queue is there twice/],
    ["3:8", /did you mean locked\?/],
  ],
  "keys that are no words": [
    `${one}\n? [a, b]\n: 1\nnull: 2\n`,
    ["2:3", /no key "\[ a, b \]" here/],
    ["4:1", /no key "" here/],
  ],
  "unknown names": [
    `queue: lampport\nplacement: siblings\nallocator: x\nlog_level: warn\n${one}`,
    ["1:8", /no such queue; did you mean lamport\? known: mc_ring_buffer/],
    ["2:12", /did you mean sibling\?/],
    ["3:12", /no such allocator; known: dynamic, fixed, service_rate/],
    ["4:12", /no such log level;.*known: debug/],
  ],
  "the beginning of a name": [
    `adapter: mem\nload_estimator: queue\nallocator: service\n${one}`,
    ["1:10", /no such adapter; did you mean memory\?/],
    ["2:17", /no such load estimator; did you mean queue_length\?/],
    ["3:12", /did you mean service_rate\?/],
  ],
  "values out of range": [
    `period: 49ms\n${vr("weight: 0\nflows: 1000\nqueue_control: 3MiB\nvris: 65")}`,
    ["1:9", /from 50ms to 1min/],
    ["5:13", /above 0/],
    ["6:12", /power of two/],
    ["7:20", /power of two, 8KiB to 16MiB/],
    ["8:11", /1 to 64/],
  ],
  "weights of nothing or less, utilisations above 1": [
    vr("weight: -1\nallocator: service_rate\nutilisation: 1.01"),
    ["4:13", /above 0/],
    ["6:18", /above 0, at most 1$/],
  ],
  "values of another kind": [
    `busy_poll: yes\nqueue: [a]\ninterfaces: eth0\nperiod:\nvrs: {}\n`,
    ["1:12", /true or false/],
    ["2:8", /one of mc_ring_buffer/],
    ["3:13", /must be a list/],
    ["4:8", /no value.*a time/],
    ["5:6", /list of VRs/],
  ],
  "units that are none": [
    `period: 1\ncore_rate: 60q\n${one}`,
    ["1:9", /1 seconds are 1s$/],
    ["2:12", /60kfps/],
  ],
  "thresholds out of order": [vr("grow_at: 1.02\nshrink_at: 1.05"), ["5:5", /out of order/]],
  "a threshold out of order with a default": [vr("grow_at: 1.0"), ["4:5", /out of order/]],
  "thresholds out of order, one of them at the top": [
    `shrink_at: 2\n${one}`,
    ["1:1", /out of order/],
  ],
  "fewest above most": [vr("max_cores: 2\nmin_cores: 3"), ["5:5", /3, are more than its most, 2/]],
  "more VRIs than most cores": [vr("vris: 4\nmax_cores: 2"), ["4:5", /4 VRIs are more/]],
  "fewer VRIs than fewest cores": [vr("vris: 1\nmin_cores: 2"), ["4:5", /1 VRI is less/]],
  "VRIs that have other cores": [vr("vris: 1\ncores: 2-3"), ["5:5", /2 cores are named for 1/]],
  "a core twice": [vr("cores: [1, 1]"), ["4:12", /core 1 is named twice/]],
  "parameters of another allocator": [
    vr("utilisation: 0.5\nallocator: fixed\ncore_rate: 5k"),
    ["4:5", /utilisation is for the allocator service_rate.*here is fixed/],
    ["6:5", /core_rate is for the allocator dynamic/],
  ],
  "VRIs with another allocator": [
    vr("allocator: dynamic\nvris: 2"),
    ["5:5", /vris is for the allocator fixed.*min_cores and max_cores/],
  ],
  "VRs that lack something": [
    "vrs:\n  - name: a\n  - subnets: []\n    router: ''\n  - 7\n",
    ["2:5", /missing: the sources/],
    ["2:5", /without router/],
    ["3:14", /at least one entry/],
    ["4:13", /names no router/],
    ["5:5", /must be a VR/],
  ],
  "names that are none, or taken": [
    "vrs:\n- {name: vr2, subnets: [10.0.1.0/24], router: cppvr}\n" +
    "- {subnets: [10.0.2.0/24], router: cppvr}\n" +
    "- {name: a b, subnets: [10.0.3.0/24], router: cppvr}\n",
    ["3:3", /two VRs are called vr2/],
    ["4:10", /a letter, then letters/],
  ],
  "subnets that are none, or taken": [
    "vrs:\n- subnets: [10.0.1.0/24, 10.0.1.0/24, 10.0.2.1/24]\n  router: cppvr\n" +
    "- subnets: [fd00::/64, 10.0.1.0/24]\n  router: cppvr\n",
    ["2:26", /there twice/],
    ["2:39", /did you mean 10\.0\.2\.0\/24/],
    ["4:24", /both vr1 and vr2 claim 10\.0\.1\.0\/24/],
  ],
  "ports": [
    `interfaces: [eth0, "eth0:9999", eth0]\n${one}`,
    ["1:20", /no VLAN tag/],
    ["1:33", /there twice/],
  ],
  "routes and tables": [
    vr("table: nowhere\nroutes:\n- 10.0.0.0/8 dev eth1\n- 10.0.0.0/8 via 10.0.2.7 dev eth2\n- x\n"),
    ["4:12", /no routing table nowhere here/],
    ["7:7", /has a route already/],
    ["8:7", /PREFIX \[via GATEWAY\] dev IF/],
  ],
  "a table and routes at once": [
    vr("table: 100\nroutes: [10.0.0.0/8 dev eth1]"),
    ["5:13", /choose one/],
  ],
  "no routes": [vr("routes: []"), ["4:13", /reaches nothing/]],
  "the local table": [vr("table: 255"), ["4:12", /not 255/]],
  "routes twice": [
    `vrs:\n- subnets: [10.0.1.0/24]\n  router: cppvr --route 10.0.0.0/8=eth1\n  table: 100\n`,
    ["4:10", /own --route/],
  ],
  "a bracket that is never closed": [`vrs: [\n  {subnets: [x]}\n`, ["1:6", /this \[ is never/]],
  "two brackets that are never closed": ["cores: 1\nvrs: [ {name: 'a'\n", ["2:8", /this \{ is/]],
  "a quote that is never closed": [
    `socket: "a"\nvrs:\n- subnets: [x]\n  router: "cppvr\n  name: b\n`,
    ["4:11", /this " is never closed/],
  ],
  "a single quote that is never closed": [`socket: 'a\n\n`, ["1:9", /this ' is never closed/]],
  "a bracket too few in the middle": [
    "vrs:\n- subnets: [10.0.1.0/24\n  router: cppvr\n",
    ["3:3", /brackets and quotes are closed/],
  ],
  "what must be quoted": ["socket: @x\n", ["1:9", /put it into quotes/]],
  "a tag": [`queue: !x locked\n${one}`, ["1:8", /no such tag .* take it out/]],
  "a merge key": [
    "vrs:\n- &b {subnets: [10.0.1.0/24], router: cppvr}\n" +
    "- {<<: *b, subnets: [10.0.2.0/24], router: cppvr}\n",
    ["3:4", /no merge keys .*: write the keys out/],
  ],
  "an alias of nothing": [
    "vrs: &a\n- subnets: *b\n  router: cppvr\n",
    ["2:12", /nothing above is marked &b/],
  ],
  "lines that are indented wrongly": [
    "vrs:\n- subnets: [10.0.1.0/24]\n  router: cppvr\n   weight: 2\n",
    ["3:11", /check how far .* indented/],
  ],
  "a tab": ["vrs:\n\t- x\n", ["2:1", /use spaces/]],
  "letters swapped": [vr("balancer: jqs"), ["4:15", /did you mean jsq\?/]],
  "two documents": [`${one}\n---\n${one}\n`, ["2:1", /second document begins/]],
  "a list at the top": ["- 1\n", ["1:1", /must be keys with values/]],
  "tabs, and lines too long to show": [
    `${one}\n"${"x".repeat(300)}":\t1\n`,
    ["2:1", /no key "x+" here/],
  ],
};

for (const [name, [text, ...wanted]] of Object.entries(cases)) {
  Deno.test(`a file with ${name} is refused`, () => {
    const [head, ...rest] = refusal(text);
    const count = wanted.length === 1 ? "an error" : `${wanted.length} errors`;
    const found = rest.filter((_, i) => i % 3 === 0);
    equal(head, `conf/lvrm.yaml has ${count}`, rest.join("\n"));
    deepEqual(
      found.map((line) => line.split(":").slice(0, 3).join(":")),
      wanted.map(([position]) => `conf/lvrm.yaml:${position}`),
      rest.join("\n"),
    );
    for (const [i, [, words]] of wanted.entries()) match(found[i]!, words);
    ok(rest.every((line) => line.length < 600));
  });
}

Deno.test("an error shows its line with a caret below the place", () => {
  deepEqual(refusal(`# café\nqueue:  x\n${one}\n`).slice(1), [
    "conf/lvrm.yaml:2:9: there is no such queue; known: mc_ring_buffer, lamport, fast_forward, " +
    "locked",
    "    queue:  x",
    "            ^",
  ]);
});

Deno.test("values of the file, at the top and of a VR, with units", () => {
  const { vrs, ...run } = decideSettings(
    {},
    none,
    read(`
interfaces: [eth0, "eth1:100"]
cores: 0-2
period: 0.5s
idle_spins: 7
core_rate: 70 kfps
queue_control: 1MiB
max_cores: 3
vrs:
  - name: office
    subnets: [10.0.1.0/24, "fd00:1::/64"]
    router: cppvr --relay eth0=eth1:100
    table: office
    min_cores: 2
    max_cores: all
    weight: 2.5
    cool_down: 5s
  - subnets: [10.0.2.0/24]
    router: ./my-vr "a b"
    options: [--x, y z]
    cores: [2, 1]
  - subnets: [10.0.3.0/24]
    router: ../my-vr
    routes: [10.0.0.0/8 via 10.0.2.7 dev eth0, "0.0.0.0/0=eth1:100"]
`),
  );
  deepEqual([run.cores, run.period_ms, run.idle, run.overcommit], [
    [0, 1, 2],
    500,
    { spins: 7 },
    false,
  ]);
  deepEqual(run.interfaces, [{ name: "eth0", vlan: null }, { name: "eth1", vlan: 100 }]);
  const [office, second, third] = vrs;
  deepEqual([office!.name, office!.table, office!.coreRate_fps], ["office", 100, 70_000]);
  deepEqual([office!.minCores, office!.maxCores, office!.weight], [2, null, 2.5]);
  deepEqual([office!.vris, office!.coolDown_ms, office!.control_bytes], [2, 5000, 1 << 20]);
  deepEqual(second!.words, ["conf/my-vr", "a b", "--x", "y z"]);
  deepEqual([second!.name, second!.allocator, second!.vris], ["vr2", "fixed", 2]);
  deepEqual([second!.cores, second!.maxCores], [[2, 1], 3]);
  deepEqual(third!.words, ["./my-vr"]);
  deepEqual(third!.routes.map((route) => [route.port.name, route.gateway]), [
    ["eth0", Uint8Array.of(10, 0, 2, 7)],
    ["eth1", null],
  ]);
});

Deno.test("variables override the file, flags override both, and --vr replaces its VRs", () => {
  const file = read(`
interfaces: [eth0]
queue: lamport
balancer: random
socket: /run/a
vris: 2
vrs:
  - {subnets: [10.0.1.0/24], router: cppvr, balancer: round_robin, weight: 3}
`);
  const env: Environment = (name) =>
    ({ LVRM_QUEUE: "locked", LVRM_SOCKET: "/run/b", LVRM_LOG_LEVEL: "" })[name];
  const own = decideSettings({}, env, file);
  deepEqual([own.vrs[0]!.queue, own.vrs[0]!.balancer, own.socket], [3, 1, "/run/b"]);
  deepEqual([own.vrs[0]!.weight, own.vrs[0]!.vris, own.interfaces[0]!.name], [3, 2, "eth0"]);
  const flags = { balancer: "jsq", socket: "/run/c", allocator: "dynamic", interface: ["eth9"] };
  const given = decideSettings(flags, env, file);
  deepEqual([given.vrs[0]!.balancer, given.vrs[0]!.queue, given.socket], [0, 3, "/run/c"]);
  deepEqual([given.vrs[0]!.allocator, given.vrs[0]!.vris], ["dynamic", 1]);
  deepEqual(given.interfaces, [{ name: "eth9", vlan: null }]);
  const replaced = decideSettings({ vr: ["10.0.7.0/24=cppvr", "10.0.8.0/24=cppvr"] }, none, file);
  deepEqual(replaced.vrs.map((it) => [it.name, it.balancer, it.weight, it.vris]), [
    ["vr1", 2, 1, 2],
    ["vr2", 2, 1, 2],
  ]);
});

Deno.test("where a flag makes the contradiction, the flag is told, in one line", () => {
  deepEqual(refusal(vr("max_cores: 2"), { minCores: "3" }), [
    "vr1: its fewest cores, 3, are more than its most, 2: lower the one or raise the other",
  ]);
  match(refusal("queue: lamport\n")[0]!, /no virtual router: .*entry of vrs/);
});
