/** `clickvr:FILE`: Click configurations as virtual routers. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { hostInterface, lvrmCommand, Testbed } from "../testbed/mod.ts";

const minimal = new URL("../../vrs/click/examples/minimal.click", import.meta.url).pathname;

/** Runs with a configuration in a file of its own. */
async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "lvrm-click-" });
  try {
    const path = join(folder, "router.click");
    await Deno.writeTextFile(path, text);
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("clickvr: the minimal forwarder joins two interfaces as one wire", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  await bed.r1.ipBatch([
    `address flush dev ${hostInterface}`,
    `address add 10.0.1.77/24 dev ${hostInterface}`,
    `address add fd00:1::77/64 dev ${hostInterface} nodad`,
  ]);
  const router = `clickvr:${minimal} A=s1 B=r1`;
  await bed.startLvrm([
    "--vr",
    `0.0.0.0/0,::/0=${router}`,
    "--interface",
    "s1",
    "--interface",
    "r1",
  ]);
  for (const address of ["10.0.1.77", "fd00:1::77"]) {
    const ping = await bed.s1.ping(address, { count: 20, timeout_ms: 10_000, linger_ms: 200 });
    deepEqual([ping.received, ping.duplicates, ping.errors], [20, 0, []], address);
    const path = await bed.s1.trace(address);
    deepEqual(path.map((hop) => hop.from), [address], "no hop between them");
  }
  await bed.r1.agent.call("tcp_listen", { address: "10.0.1.77", port: 5000 });
  const amount = { up_bytes: 4_000_000, down_bytes: 4_000_000 };
  const { up_bytes, down_bytes } = await bed.s1.transfer("10.0.1.77", amount);
  deepEqual({ up_bytes, down_bytes }, amount);
});

/** A router of two interfaces; names of interfaces stand for their addresses. */
const router = `
elementclass Side { $name |
  input -> q :: ARPQuerier($name) -> out :: Queue(200) -> ToDevice($name);
  FromDevice($name) -> c :: Classifier(12/0806 20/0002, 12/0800, -);
  c[0] -> [1]q;
  c[1] -> Strip(14) -> CheckIPHeader -> output;
  c[2] -> Discard;
}
rt :: StaticIPLookup(10.0.1.0/24 0, 10.0.11.0/24 1);
s1 :: Side(s1); r1 :: Side(r1);
s1, r1 -> rt;
rt => DecIPTTL, DecIPTTL => s1, r1;
`;

Deno.test("clickvr: a router with ARPQuerier learns its neighbours and forwards", async () => {
  await withFile(router, async (path) => {
    await using bed = await Testbed.create();
    const lvrm = await bed.startLvrm(["--vr", `0.0.0.0/0=clickvr:${path}`]);
    const to = bed.r1.link.host4;
    const ping = await bed.s1.ping(to, { count: 20, timeout_ms: 10_000, linger_ms: 200 });
    deepEqual([ping.received, ping.duplicates, ping.errors], [20, 0, []]);
    const { totals } = await lvrm.status();
    ok(totals.originated_frames > 0, "ARP queries are the VR's own");
  });
});

/** What a start with this configuration says; it needs neither interfaces nor privileges. */
async function refusal(text: string | null, words = ""): Promise<{ code: number; lines: string }> {
  const start = async (path: string) => {
    const [program, first] = lvrmCommand();
    const args = ["--adapter", "memory:count=1", "--vr", `0.0.0.0/0=clickvr:${path}${words}`];
    const { code, stderr } = await new Deno.Command(program, {
      args: [...first, ...args, "--socket", `${path}.sock`],
      env: { NO_COLOR: "1" },
    }).output();
    return { code, lines: new TextDecoder().decode(stderr) };
  };
  return text === null ? await start("/tmp/none.click") : await withFile(text, start);
}

const onMem = "FromDevice(mem0) -> ToDevice(mem0);";

/** Configuration, words after the file, and what is said of it. */
const bad: [what: string, text: string | null, words: string, said: RegExp[]][] = [
  ["unknown elements", "FromDevice(mem0) -> Countre -> ToDevice(mem0);\nx :: Nope;\n", "", [
    /router\.click:1: undeclared element 'Countre'/,
    /did you mean 'Counter'/,
    /router\.click:2: unknown element class 'Nope'/,
  ]],
  ["no such file", null, "", [/there is no file \/tmp\/none\.click/]],
  ["wrong arguments", `${onMem}\nIdle -> Queue(many) -> Discard;\nIdle -> Strip -> Discard;`, "", [
    /router\.click:2: While configuring 'Queue@\d+ :: Queue':\n.*CAPACITY/,
    /router\.click:3: While configuring 'Strip@\d+ :: Strip':\n.*LENGTH/,
    /Router could not be initialized!/,
  ]],
  ["push into pull", `${onMem}\nFromDevice(mem0) -> u :: Unqueue -> Discard;`, "", [
    /router\.click:2:.*(push|pull)/,
  ]],
  ["ports that are used twice, or not at all", `${onMem}\nc :: Counter; Idle -> c;`, "", [
    /'c :: Counter'.*(unused|connected|outputs?)/,
  ]],
  ["a syntax error", "FromDevice(mem0) -> -> ToDevice(mem0);", "", [
    /router\.click:1: syntax error/,
  ]],
  ["an undefined parameter", `${onMem} Idle -> Queue($SIZE) -> Discard;`, " SIZES=7", [
    /CAPACITY: syntax error/,
  ]],
  ["a word that is none", onMem, " --fast", [/"--fast" after clickvr:.*only VAR=value may follow/]],
  ["a port that is not there", "FromDevice(mem3) -> ToDevice(mem0);", "", [
    /'mem3' is no port of lvrm: name it with --interface/,
  ]],
  ["a port to send to that is not there", "FromDevice(mem0) -> ToDevice(eth9);", "", [
    /'eth9' is no port of lvrm/,
  ]],
  [
    "an interface's address that is not there",
    `${onMem} Idle -> StoreIPAddress(eth9:ip, 12) -> Discard;`,
    "",
    [
      /While configuring 'StoreIPAddress@\d+ :: StoreIPAddress'/,
    ],
  ],
];

Deno.test("clickvr: what can't run is refused with status 3 before any VRI takes traffic", async (t) => {
  for (const [what, text, words, said] of bad) {
    await t.step(what, async () => {
      const { code, lines } = await refusal(text, words);
      equal(code, 3, lines);
      for (const it of said) match(lines, it);
      match(lines, /^lvrm: vr1/m, "and lvrm says whose it is");
      ok(!lines.includes("serves"), "nothing served");
    });
  }
});
