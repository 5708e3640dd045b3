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

Deno.test("clickvr: a configuration with errors is refused before anything runs", async () => {
  const text = "FromDevice(s1) -> Countre -> ToDevice(r1);\nx :: Nope;\n";
  await withFile(text, async (path) => {
    const [program, first] = lvrmCommand();
    const { code, stderr } = await new Deno.Command(program, {
      args: [...first, "--vr", `0.0.0.0/0=clickvr:${path}`],
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stderr);
    equal(code, 3, lines);
    match(lines, /router\.click:1: undeclared element 'Countre'/);
    match(lines, /did you mean 'Counter'/);
    match(lines, /router\.click:2: unknown element class 'Nope'/);
    match(lines, /lvrm: vr1: clickvr:.*router\.click cannot run/);
  });
});
