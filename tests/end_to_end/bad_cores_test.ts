/** Wrong wishes about cores end before anything starts: one line (or the file's), exit code 3. */
import { equal, match, ok } from "node:assert/strict";
import { lvrmCommand, run } from "../testbed/mod.ts";

const vr = ["--vr", "10.0.1.0/24=cppvr"];
const socket = `/tmp/lvrm-cores-${Deno.pid}.sock`;

/** So that the machine's own number does not matter. */
const lone = ["--cores", "0"];

/** Options, or the lines of a VR in a file on one core, and what is said. */
const cases: [string, string[] | string, RegExp][] = [
  ["thresholds out of order", "grow_at: 1.02\nshrink_at: 1.05", /:5:5: its thresholds are out of/],
  ["thresholds that are equal", "shrink_at: 1.05", /:4:5: its thresholds are out of order/],
  ["a weight of nothing", "weight: 0", /:4:13: it must be a number above 0/],
  ["a weight below nothing", "weight: -1", /:4:13: it must be a number above 0/],
  [
    "fewest above most",
    [...vr, "--min-cores", "2", "--max-cores", "1"],
    /fewest cores, 2.*most, 1/,
  ],
  ["fewest above most, in a file", "min_cores: 2\nmax_cores: 1", /:4:5: its fewest cores, 2/],
  ["more VRIs than most cores", [...vr, "--vris", "2", "--max-cores", "1"], /2 VRIs are more than/],
  ["fewer VRIs than fewest cores", [...vr, "--vris", "1", "--min-cores", "2"], /1 VRI is less/],
  [
    "more cores than the machine has",
    [...vr, "--min-cores", "2", ...lone],
    /at least 2 cores, but/,
  ],
  ["a most that the machine hasn't", [...vr, "--max-cores", "2", ...lone], /may have 2 cores, but/],
  [
    "more VRIs than cores, in a file",
    "vris: 2",
    /:4:11: vr1 shall have at least 2 cores.*with overcommit: true\n +vris: 2\n +\^\n$/,
  ],
  ["a fewest that the machine hasn't, in a file", "min_cores: 2", /:4:16: .*at least 2 cores, but/],
  ["a most that the machine hasn't, in a file", "max_cores: 9", /:4:16: .*lower max_cores,/],
  ["cores that the machine hasn't", [...vr, "--cores", "0-4000"], /machine has no cores? .*4000/],
  ["a VR's core that the machine hasn't", "cores: 4000", /:4:12: vr1: core 4000 can't be its/],
  ["a core not permitted", ["taskset", "0", ...vr, "--cores", "1"], /core 1 not in the affinity/],
];

async function refused(words: string[] | string): Promise<{ code: number; stderr: string }> {
  const [program, first] = lvrmCommand();
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  if (typeof words === "string") {
    const lines = words.replaceAll(/^/gm, "    ");
    const head = "vrs:\n  - subnets: [10.0.1.0/24]\n    router: cppvr\n";
    await Deno.writeTextFile(file, `${head}${lines}\n`);
  }
  const isBound = words[0] === "taskset";
  const wrap = isBound ? ["taskset", "-c", words[1]!] : [];
  const options = typeof words === "string"
    ? ["--config", file, ...lone]
    : words.slice(isBound ? 2 : 0);
  const [head, ...rest] = [...wrap, program, ...first, ...options, "--socket", socket];
  try {
    return await run(head!, rest, { timeout_ms: 30_000 });
  } finally {
    await Deno.remove(file);
  }
}

for (const [name, words, text] of cases) {
  Deno.test(`${name}: refused before anything starts`, async () => {
    const { code, stderr } = await refused(words);
    equal(code, 3, stderr);
    match(stderr, text);
    const shown = stderr.trimEnd().split("\n");
    equal(/has an error$/.test(shown[0]!), typeof words === "string");
    // An error of the file's has its line and a caret; any other has one line.
    equal(shown.length, /has an error$/.test(shown[0]!) ? 4 : 1, stderr);
    ok(stderr.startsWith("lvrm: "));
    equal(await Deno.lstat(socket).catch(() => null), null);
  });
}

Deno.test("routers and cores of a file: all that is wrong at once, each with its line", async () => {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(
    path,
    `cores: 0,4000
vrs:
  - {subnets: [10.0.1.0/24], router: cpvr}
  - {subnets: [10.0.2.0/24], router: /nonexistent/vr, cores: 4001}
`,
  );
  const lvrm = (words: string[]) => {
    const [program, first] = lvrmCommand();
    const options = [...words, "--config", path, "--socket", socket];
    return run(program, [...first, ...options], { timeout_ms: 30_000 });
  };
  try {
    const { code, stderr } = await lvrm([]);
    equal(code, 3, stderr);
    equal(stderr.trimEnd().split("\n").length, 10, stderr);
    match(stderr, /^lvrm: [^\n]*\.yaml has 3 errors\n/);
    match(stderr, /:1:8: this machine has no core 4000: .*\n {4}cores: 0,4000\n {11}\^\n/);
    match(stderr, /:3:38: vr1: there is no router "cpvr"; did you mean cppvr\?/);
    match(stderr, /:4:38: vr2: cannot run \/nonexistent\/vr/);
    const checked = await lvrm(["check"]);
    equal(checked.code, 3, checked.stderr);
    match(checked.stdout, /^error +cores +\S+\.yaml:1:8: this machine has no core 4000/m);
    match(checked.stdout, /^error +vr2 +\S+\.yaml:4:38: vr2: cannot run/m);
    // What the command line says is told in its words.
    const over = await lvrm(["--cores", "0", "--vr", "10.0.0.0/8=cppvr", "--min-cores", "2"]);
    match(over.stderr, /^lvrm: vr1 shall have at least 2 cores.*--overcommit\n$/);
    const ports = ["--interface", "nowhere0", "--interface", "lo", "--vr", "10.0.0.0/8=cppvr"];
    const { stderr: more } = await lvrm(ports);
    match(more, /^lvrm: 3 errors\n--interface nowhere0: there is no .*\n--interface lo: lo is not/);
    match(more, /:1:8: this machine has no core 4000/);
  } finally {
    await Deno.remove(path);
  }
});
